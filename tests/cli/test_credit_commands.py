"""What an operator does with credits, the shop and challenges."""

import pytest

from models.audit import AuditEntry, Origin
from models.challenges import ChallengeCompletion
from models.credits import CreditBalance, CreditEntry
from models.shop import OrderState, ShopOrder
from services.credits import shop
from services.progress import profile_batches
from tests.cli.conftest import Cli, Inside
from tests.helpers.factories import give, make_person
from tests.helpers.graph_ids import graph_id

ADA = "ada@people.example"


def test_credits_are_corrected_and_written_down(cli: Cli, inside: Inside) -> None:
    # given
    inside(lambda: make_person(ADA))
    # when
    given = cli("credits", "correct", ADA, "120", "--reason", "Won the quiz")
    taken = cli("credits", "correct", ADA, "-20", "--reason", "Counted twice")
    # then
    assert (given.exit_code, given.stdout) == (0, f"{ADA} now has 120 credits.\n")
    assert (taken.exit_code, taken.stdout) == (0, f"{ADA} now has 100 credits.\n")
    lines = inside(lambda: AuditEntry.filter(action="credits.corrected").order_by("id"))
    assert [(each.origin, each.facts["amount"]) for each in lines] == [(Origin.OPERATOR, 120), (Origin.OPERATOR, -20)]


def test_nobody_is_left_with_less_than_nothing(cli: Cli, inside: Inside) -> None:
    inside(lambda: make_person(ADA))
    refused = cli("credits", "correct", ADA, "-1", "--reason", "Mistaken")
    assert refused.exit_code == 1 and "has 0" in refused.stderr
    assert inside(lambda: CreditEntry.all().count()) == 0
    assert cli("credits", "correct", ADA, "1").exit_code == 2  # without a reason


def test_balances_are_compared_with_their_entries_and_repaired(cli: Cli, inside: Inside) -> None:
    # given
    inside(lambda: make_person(ADA))
    cli("credits", "correct", ADA, "50", "--reason", "A prize")
    assert cli("verify-credits").stdout == "All balances equal their entries.\n"
    inside(lambda: CreditBalance.all().update(balance=70))
    # when
    found, repaired, again = cli("verify-credits"), cli("verify-credits", "--repair"), cli("verify-credits")
    # then
    assert found.exit_code == 1 and "the balance is 70, the entries sum to 50" in found.stderr
    assert (repaired.exit_code, repaired.stdout) == (0, "Repaired 1 balances.\n")
    assert again.exit_code == 0


def test_an_entry_that_is_wrong_is_named_and_never_repaired(cli: Cli, inside: Inside) -> None:
    inside(lambda: make_person(ADA))
    cli("credits", "correct", ADA, "50", "--reason", "A prize")
    inside(lambda: CreditEntry.all().update(balance_after=51))
    answer = cli("verify-credits", "--repair")
    assert answer.exit_code == 1 and "is 51, the entries sum to 50" in answer.stderr
    assert inside(lambda: CreditEntry.all().first()).balance_after == 51


def test_an_order_from_the_list_to_the_post_and_back(cli: Cli, inside: Inside) -> None:
    # given
    account = inside(lambda: make_person(ADA))
    cli("credits", "correct", ADA, "300", "--reason", "A prize")

    async def ordered(key: str) -> str:
        return graph_id("ord", (await shop.order(account.id, "MUG", key)).order.id)

    first, second = inside(lambda: ordered("1")), inside(lambda: ordered("2"))
    # when
    shipped = cli("shop", "ship", first)
    waiting = cli("shop", "orders", "--state", "PLACED")
    refunded = [cli("shop", "refund", each) for each in (first, second, second)]
    # then
    assert shipped.exit_code == 0 and cli("shop", "ship", first).exit_code == 1
    [line] = waiting.stdout.splitlines()
    assert line.split("\t")[0] == second and line.split("\t")[2:] == ["PLACED", "MUG", "80", ADA]
    assert [each.exit_code for each in refunded] == [0, 0, 1] and "already" in refunded[2].stderr
    assert len(cli("shop", "orders").stdout.splitlines()) == 2
    assert inside(lambda: ShopOrder.filter(state=OrderState.REFUNDED).count()) == 2
    assert inside(lambda: CreditBalance.get(account_id=account.id)).balance == 300
    for wrong in ("999", "ord_5k2v9x0qcm", second.replace("ord_", "prf_")):
        refused = cli("shop", "refund", wrong)
        assert refused.exit_code == 1 and ("ord_" in refused.stderr) == (wrong != "ord_5k2v9x0qcm")


def test_stock_is_set(cli: Cli, inside: Inside) -> None:
    assert cli("shop", "stock", "MUG", "7").stdout == "MUG: 200 were left, now 7 are left.\n"
    assert inside(lambda: shop.stock_of(["MUG"])) == {"MUG": 7}
    assert [cli("shop", "stock", *words).exit_code for words in (("NOTHING", "1"), ("STICKERS", "1"))] == [1, 1]
    assert cli("shop", "stock", "MUG", "-1").exit_code == 2


def test_challenges_are_completed_for_those_who_did_them_before(
    cli: Cli, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(profile_batches, "PROFILES_PER_BATCH", 2)

    async def people() -> None:
        for _ in range(3):
            account = await make_person()
            await give(account.own_profile_id, "LEARNING_PATH_COMPLETED", 2)
            await give(account.own_profile_id, "WEBINAR_ATTENDED")
            await give(account.own_profile_id, "RAPID_CERTIFIED")
        await ChallengeCompletion.all().delete()

    async def first_profile() -> str:
        return graph_id("prf", 1)

    inside(people)
    # when
    one = inside(first_profile)
    first, again = cli("challenges", "reevaluate"), cli("challenges", "reevaluate", "--after", one)
    # then
    assert (first.exit_code, first.stdout) == (0, "Completed 3 challenges.\n")
    assert again.stdout == "Completed 0 challenges.\n"
