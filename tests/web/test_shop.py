"""Credits and the shop over HTTP: docs/rules/challenges.md#shop."""

from asyncio import gather
from typing import Any

import pytest

from models.accounts import Account, AccountStatus
from models.idempotency import IdempotentCall
from models.shop import ShopOrder
from services.credits import shop
from services.credits.credit_ledger import balance_of, correct
from tests.conftest import CountStatements
from tests.helpers.factories import make_person, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.graphql_client import Body, GraphQLClient
from tests.helpers.people import Headers, in_session, with_key

ORDER = """
mutation Order($input: OrderItemInput!) { orderItem(input: $input) {
  order { id price state orderedAt changedAt item { code stockLeft canAfford } } isRepeated creditBalance
  errors { __typename code message path ... on InsufficientCreditsError { needed available } } } }
"""
CANCEL = """
mutation Cancel($input: CancelOrderInput!) { cancelOrder(input: $input) {
  order { id state changedAt } creditBalance errors { code path } } }
"""
OWN = """
{ viewer { creditBalance creditTotal
  creditHistory { edges { node { id kind amount balanceAfter occurredAt reason challenge { code } order { id state } } } pageInfo { hasNextPage } }
  orders { edges { cursor node { id item { code } state } } pageInfo { endCursor hasNextPage } } } }
"""


async def rich(email: str = "ada@people.example", credits_: int = 200) -> tuple[Account, Headers]:
    account = await make_person(email)
    await correct(email, credits_, reason="A prize")
    return account, await in_session(account)


async def order(client: GraphQLClient, headers: Headers, item: str = "MUG", key: str = "k") -> Body:
    body = await client.ask(ORDER, headers=headers, input={"itemCode": item, "idempotencyKey": key})
    return body["data"]["orderItem"]


async def test_an_order_from_the_shop_to_the_history(checked_client: GraphQLClient) -> None:
    # given
    _, ada = await rich()
    # when
    placed = await order(checked_client, ada)
    # then
    assert placed["errors"] == [] and (placed["isRepeated"], placed["creditBalance"]) == (False, 120)
    made = placed["order"]
    assert (made["price"], made["state"], made["changedAt"]) == (80, "PLACED", None)
    assert made["item"] == {"code": "MUG", "stockLeft": 199, "canAfford": True}
    viewer = (await checked_client.ask(OWN, headers=ada))["data"]["viewer"]
    assert (viewer["creditBalance"], viewer["creditTotal"]) == (120, 120)
    bought, given = [edge["node"] for edge in viewer["creditHistory"]["edges"]]
    assert (bought["kind"], bought["amount"], bought["balanceAfter"]) == ("ORDER", -80, 120)
    assert bought["order"] == {"id": made["id"], "state": "PLACED"} and bought["reason"] is None
    assert (given["kind"], given["amount"], given["reason"], given["order"]) == ("CORRECTION", 200, "A prize", None)
    assert [edge["node"]["id"] for edge in viewer["orders"]["edges"]] == [made["id"]]


async def test_the_shop_shows_what_there_is_and_what_one_can_afford(checked_client: GraphQLClient) -> None:
    # given
    _, ada = await rich(credits_=80)
    await shop.set_stock("SOCKS", 0)
    asked = "{ shop { code price stockLeft isAvailable canAfford } }"
    # when
    own, nobodys = [
        {each["code"]: each for each in (await checked_client.ask(asked, headers=who))["data"]["shop"]}
        for who in (ada, {})
    ]
    # then
    assert "MOUSE_PAD" not in own  # no longer sold
    assert own["STICKERS"]["stockLeft"] is None and own["STICKERS"]["isAvailable"]
    assert (own["SOCKS"]["stockLeft"], own["SOCKS"]["isAvailable"], own["SOCKS"]["canAfford"]) == (0, False, True)
    assert (own["MUG"]["canAfford"], own["HOODIE"]["canAfford"]) == (True, False)
    assert {each["canAfford"] for each in nobodys.values()} == {None} and nobodys.keys() == own.keys()


async def test_what_is_refused_says_why(checked_client: GraphQLClient) -> None:
    _, ada = await rich(credits_=79)
    await shop.set_stock("SOCKS", 0)
    [error] = (await order(checked_client, ada))["errors"]
    assert (error["__typename"], error["code"]) == ("InsufficientCreditsError", "INSUFFICIENT_CREDITS")
    assert (error["needed"], error["available"]) == (80, 79)
    for item, code in (("SOCKS", "OUT_OF_STOCK"), ("MOUSE_PAD", "NOT_FOR_SALE"), ("NOTHING", "NOT_FOUND")):
        answer = await order(checked_client, ada, item)
        assert [(each["code"], each["path"]) for each in answer["errors"]] == [(code, ["itemCode"])]
        assert answer["order"] is answer["creditBalance"] is answer["isRepeated"] is None
    assert await ShopOrder.all().count() == await IdempotentCall.all().count() == 0


async def test_the_key_is_required_and_the_same_key_is_the_same_order(checked_client: GraphQLClient) -> None:
    # given
    account, ada = await rich()
    body = await checked_client.ask(ORDER, headers=ada, input={"itemCode": "MUG"})
    assert "idempotencyKey" in body["errors"][0]["message"]
    # when
    answers = await gather(*(order(checked_client, ada) for _ in range(4)))
    # then
    assert len({each["order"]["id"] for each in answers}) == 1
    assert sorted(each["isRepeated"] for each in answers) == [False, True, True, True]
    [error] = (await order(checked_client, ada, "STICKERS"))["errors"]
    assert (error["code"], error["path"]) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    assert [each["code"] for each in (await order(checked_client, ada, key=""))["errors"]] == ["BAD_INPUT"]
    assert await balance_of(account.id) == 120


async def test_cancelling_gives_the_credits_back_once(checked_client: GraphQLClient) -> None:
    # given
    _, ada = await rich()
    placed = (await order(checked_client, ada))["order"]["id"]
    # when
    first, again = [
        (await checked_client.ask(CANCEL, headers=ada, input={"orderId": placed}))["data"]["cancelOrder"] for _ in "12"
    ]
    # then
    assert (first["order"]["state"], first["creditBalance"]) == ("REFUNDED", 200) and first["order"]["changedAt"]
    assert [each["code"] for each in again["errors"]] == ["ORDER_NOT_OPEN"] and again["order"] is None
    retried = await order(checked_client, ada)
    assert (retried["order"]["id"], retried["order"]["state"], retried["isRepeated"]) == (placed, "REFUNDED", True)
    assert retried["creditBalance"] == 200


async def test_nobody_reaches_somebody_elses_orders_or_credits(checked_client: GraphQLClient) -> None:
    # given
    _, ada = await rich()
    placed = (await order(checked_client, ada))["order"]["id"]
    _, eve = await rich("eve@people.example", 1)
    # when, then
    for wrong in (placed, graph_id("ord", 999_999)):
        body = await checked_client.ask(CANCEL, headers=eve, input={"orderId": wrong})
        assert body["data"]["cancelOrder"]["errors"] == [{"code": "NOT_FOUND", "path": ["orderId"]}]
    asked = "query P($order: ID!) { viewer { creditTotal } node(id: $order) { id } }"
    for who, credits_ in ((eve, {"creditTotal": 1}), ({}, None)):
        data = (await checked_client.ask(asked, headers=who, order=placed))["data"]
        assert data == {"viewer": credits_, "node": None}
    viewer = (await checked_client.ask(OWN, headers=eve))["data"]["viewer"]
    assert viewer["creditBalance"] == 1 and viewer["orders"]["edges"] == []
    assert len(viewer["creditHistory"]["edges"]) == 1
    assert (await checked_client.ask(asked, headers=ada, order=placed))["data"]["viewer"] == {"creditTotal": 120}


async def test_credits_are_each_accounts_own_and_the_header_sums_them(checked_client: GraphQLClient) -> None:
    # given two accounts of one person
    account, ada = await rich()
    second, other = await rich("ada@home.example", 50)
    await Account.filter(id=second.id).update(profile_id=account.profile_id)
    placed = (await order(checked_client, ada))["order"]["id"]
    # when
    viewer = (await checked_client.ask(OWN, headers=other))["data"]["viewer"]
    # then
    assert (viewer["creditBalance"], viewer["creditTotal"]) == (50, 170)
    assert viewer["orders"]["edges"] == []
    assert [each["code"] for each in (await order(checked_client, other))["errors"]] == ["INSUFFICIENT_CREDITS"]
    body = await checked_client.ask(CANCEL, headers=other, input={"orderId": placed})
    assert body["data"]["cancelOrder"]["errors"][0]["code"] == "NOT_FOUND"


async def test_an_api_key_may_order_and_no_token_may(checked_client: GraphQLClient) -> None:
    account, _ = await rich()
    assert (await order(checked_client, await with_key(account)))["errors"] == []
    token = await make_token(account, "mx:user:profile:v1:read", "mx:profile:write")
    asked: list[Any] = [
        (ORDER, {"input": {"itemCode": "MUG", "idempotencyKey": "t"}}),
        ("{ shop { code } }", {}),
        (OWN, {}),
    ]
    for document, variables in asked:
        assert await checked_client.code(document, token=token, **variables) == "INSUFFICIENT_SCOPE"
    assert await ShopOrder.all().count() == 1


async def test_a_deactivated_account_orders_nothing(checked_client: GraphQLClient) -> None:
    account, ada = await rich()
    await Account.filter(id=account.id).update(status=AccountStatus.DEACTIVATED)
    body = await checked_client.ask(ORDER, headers=ada, input={"itemCode": "MUG", "idempotencyKey": "k"})
    assert body["data"] == {"orderItem": None} and await ShopOrder.all().count() == 0


async def test_the_history_and_the_orders_have_pages(checked_client: GraphQLClient) -> None:
    # given
    _, ada = await rich()
    placed = [(await order(checked_client, ada, "STICKERS", f"k{n}"))["order"]["id"] for n in range(5)]
    asked = """query P($first: Int, $after: String, $last: Int, $before: String) { viewer {
      orders(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } }
      creditHistory(first: $first, last: $last) { edges { cursor node { amount } } pageInfo { hasNextPage } } } }"""

    async def page(**asked_: Any) -> Body:
        return (await checked_client.ask(asked, headers=ada, **asked_))["data"]["viewer"]["orders"]

    # when
    newest = await page(first=2)
    older = await page(first=2, after=newest["pageInfo"]["endCursor"])
    back = await page(last=1, before=older["pageInfo"]["startCursor"])
    # then
    assert [edge["node"]["id"] for edge in newest["edges"] + older["edges"]] == placed[::-1][:4]
    assert [edge["node"]["id"] for edge in back["edges"]] == [placed[3]]
    assert newest["pageInfo"]["hasNextPage"] and not newest["pageInfo"]["hasPreviousPage"]
    entries = (await checked_client.ask(asked, headers=ada, first=3))["data"]["viewer"]["creditHistory"]
    assert entries["pageInfo"]["hasNextPage"] and len(entries["edges"]) == 3
    # when, then: a cursor of the one list is none of the other
    wrong = await checked_client.ask(asked, headers=ada, first=1, after=entries["edges"][0]["cursor"])
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


async def test_pages_count_their_whole_list_only_if_asked(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    # given two orders, and another person's
    _, ada = await rich()
    _, ben = await rich("ben@people.example")
    for who, key in ((ada, "a"), (ada, "b"), (ben, "c")):
        await order(checked_client, who, "STICKERS", key)
    text = "{ viewer { orders(first: 1) { %s nodes { id } } creditHistory(first: 1) { %s nodes { amount } } } }"
    # when
    with count_statements() as plain:
        await checked_client.data(text % ("", ""), headers=ada)
    with count_statements() as counted:
        found = (await checked_client.data(text % ("totalCount", "totalCount"), headers=ada))["viewer"]
    # then
    assert [len(found[name]["nodes"]) for name in ("orders", "creditHistory")] == [1, 1]
    assert found["orders"]["totalCount"] == 2
    assert found["creditHistory"]["totalCount"] == 2 + 1  # what made her rich
    assert counted.total == plain.total + 2, counted.texts


async def test_a_page_of_history_takes_as_many_statements_as_a_line(
    checked_client: GraphQLClient, count_statements: CountStatements
) -> None:
    _, ada = await rich()
    counts = []
    for number in range(2):
        await order(checked_client, ada, "STICKERS", f"a{number}")
        await order(checked_client, ada, "MUG" if number else "STICKERS", f"b{number}")
        with count_statements() as seen:
            await checked_client.ask(OWN, headers=ada)
        counts.append(seen.total)
    assert counts[0] == counts[1], seen.texts


async def test_too_many_orders_have_to_wait(checked_client: GraphQLClient) -> None:
    _, ada = await rich()
    answers = [await order(checked_client, ada, key=f"k{n}") for n in range(31)]
    [error] = answers[-1]["errors"]
    assert error["__typename"] == "RateLimitError"


@pytest.mark.sqlite_only
async def test_two_orders_in_one_document_are_done_in_order_and_the_first_is_kept(
    checked_client: GraphQLClient,
) -> None:
    # given credits for one
    _, ada = await rich(credits_=100)
    document = """mutation { a: orderItem(input: {itemCode: "MUG", idempotencyKey: "1"}) { creditBalance errors { code } }
      b: orderItem(input: {itemCode: "MUG", idempotencyKey: "2"}) { creditBalance errors { code } } }"""
    # when
    data = (await checked_client.ask(document, headers=ada))["data"]
    # then
    assert data["a"] == {"creditBalance": 20, "errors": []}
    assert data["b"] == {"creditBalance": None, "errors": [{"code": "INSUFFICIENT_CREDITS"}]}
