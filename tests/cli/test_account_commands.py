"""What an operator does with accounts, tokens and recovery emails."""

from datetime import UTC, datetime
from typing import Any

from tortoise.transactions import in_transaction

from models.accounts import Account, AccountStatus
from models.audit import AuditEntry, Origin
from models.companies import Company
from models.outbox import OutboxMessage
from models.profiles import Profile
from models.second_factors import SecondFactor, SecondFactorMethod
from models.sessions import Session
from models.tokens import AccessToken
from services.accounts.accounts import add_account
from services.auth import access_tokens, passwords, sessions
from services.auth.principals import Client
from services.core import clock
from services.core.email_addresses import address_of
from services.sign_in import password_reset
from tests.cli.conftest import Cli

ADA = "ada@harbor.example"


def new_admin(cli: Cli) -> Any:
    return cli("create-admin", ADA, "--name", "Ada Okafor", "--company", "Harbor Works", "--domain", "harbor.example")


def test_the_first_admin_of_a_company_sets_a_password_by_the_link(cli: Cli, inside: Any) -> None:
    # when
    made = new_admin(cli)
    # then
    assert made.exit_code == 0
    assert made.stdout.startswith("http://graph.example/reset-password?token=") and made.stdout.count("\n") == 1
    secret = made.stdout.strip().partition("token=")[2]
    assert secret not in made.stderr

    async def use() -> tuple[bool, bool, Any]:
        await password_reset.reset(secret, "Copper kettles 7!", Client("192.0.2.7", ""))
        account = await Account.get(email=ADA)
        trail = str(await AuditEntry.all().values())
        assert secret not in trail and "Copper" not in trail
        return account.company_admin, await passwords.is_correct(account.id, "Copper kettles 7!"), account.verified_at

    admin, verified, verified_at = inside(use)
    assert admin and verified and verified_at


def test_a_company_that_cannot_be_leaves_no_account_behind(cli: Cli, inside: Any) -> None:
    # given
    assert new_admin(cli).exit_code == 0
    # when
    taken = cli(
        "create-admin", "eve@harbor.example", "--name", "Eve", "--company", "Twin", "--domain", "harbor.example"
    )
    public = cli("create-admin", "eve@gmail.com", "--name", "Eve", "--company", "Twin", "--domain", "gmail.com")
    again = new_admin(cli)
    # then
    assert [each.exit_code for each in (taken, public, again)] == [1, 1, 1]
    assert [each.stdout for each in (taken, public, again)] == ["", "", ""]

    async def count() -> tuple[int, int, int]:
        return await Account.all().count(), await Company.all().count(), await Profile.all().count()

    assert inside(count) == (1, 1, 1)


def test_an_account_is_shown_deactivated_and_let_in_again(cli: Cli, inside: Any) -> None:
    # given
    new_admin(cli)

    async def sign_in() -> str:
        account = await Account.get(email=ADA)
        await sessions.begin(account.id, Client("192.0.2.7", "A browser"))
        made = await access_tokens.create(account.id, name="Pull", scopes=["mx:leaderboard:read"])
        # a name that cannot be given any more, as it may have been stored before
        await AccessToken.filter(account_id=account.id).update(name="Pull\n\x1b[31m")
        return made.secret

    secret = inside(sign_in)
    # when
    before = cli("account", "show", ADA.upper())
    off, off_again = cli("account", "deactivate", ADA), cli("account", "deactivate", ADA)
    after = cli("account", "show", ADA)
    listed = cli("token", "list", "--account", ADA)
    # then
    assert [each.exit_code for each in (before, off, off_again, after, listed)] == [0] * 5
    lines = dict(line.split(":", 1) for line in before.stdout.splitlines())
    facts = {name: value.strip() for name, value in lines.items()}
    assert (facts["address"], facts["status"], facts["company"]) == (ADA, "active", "Harbor Works, admin")
    assert (facts["sessions"], facts["tokens"], facts["second factor"]) == ("1", "1", "off")
    assert "deactivated" in after.stdout and secret not in before.stdout + listed.stdout
    [row] = listed.stdout.splitlines()
    assert row.endswith("account deactivated") and "\x1b" not in row

    async def look() -> tuple[Any, ...]:
        account = await Account.get(email=ADA)
        assert await access_tokens.authenticate(secret) is None
        entries = await AuditEntry.filter(action="member.deactivated")
        return account.status, await Session.all().count(), [(each.origin, each.actor_id) for each in entries]

    assert inside(look) == (AccountStatus.DEACTIVATED, 0, [(Origin.OPERATOR, None)])
    # when
    assert cli("account", "reactivate", ADA).exit_code == 0
    # then

    async def bearer() -> bool:
        return await access_tokens.authenticate(secret) is not None

    assert inside(bearer)


def test_the_accounts_of_a_profile_are_listed(cli: Cli, inside: Any) -> None:
    # given
    new_admin(cli)

    async def second() -> str:
        first = await Account.get(email=ADA).select_related("profile")
        assert first.profile is not None
        async with in_transaction():
            account = await add_account(address_of("ada@people.example"), first.own_profile_id)
        last = {"last_sign_in_at": datetime(2026, 3, 10, tzinfo=UTC), "status": AccountStatus.DEACTIVATED}
        await Account.filter(id=account.id).update(**last)
        return first.profile.handle

    handle = inside(second)
    # when
    listed, missing = cli("account", "list", handle), cli("account", "list", "nobody")
    # then
    rows = [row.split("\t") for row in listed.stdout.splitlines()]
    assert [[*row[:3], row[4]] for row in rows] == [
        [ADA, "active", "Harbor Works, admin", "never"],
        ["ada@people.example", "deactivated", "none", "2026-03-10"],
    ]
    assert (missing.exit_code, missing.stdout) == (1, "") and "'nobody'" in missing.stderr


def test_a_token_is_revoked_by_its_id(cli: Cli, inside: Any) -> None:
    # given
    new_admin(cli)
    made = cli("token", "create", "--account", ADA, "--name", "Pull", "--scope", "mx:leaderboard:read")
    assert made.exit_code == 0
    [row] = cli("token", "list", "--account", ADA).stdout.splitlines()
    number = row.split("\t")[0]
    # when
    revoked, again = cli("token", "revoke", number), cli("token", "revoke", number)
    # then
    assert (revoked.exit_code, again.exit_code) == (0, 1)

    async def look() -> tuple[int, list[Any]]:
        entries = await AuditEntry.filter(action__startswith="token.").order_by("id")
        return await AccessToken.all().count(), [(each.action, each.origin) for each in entries]

    assert inside(look) == (0, [("token.created", Origin.OPERATOR), ("token.deleted", Origin.OPERATOR)])


def test_a_lost_second_factor_is_reset(cli: Cli, inside: Any) -> None:
    # given
    new_admin(cli)

    async def switch_on() -> None:
        account, now = await Account.get(email=ADA), clock.now()
        await SecondFactor.create(
            account_id=account.id, method=SecondFactorMethod.TOTP, sealed="00", confirmed_at=now, created_at=now
        )

    inside(switch_on)
    assert "second factor: on" in " ".join(cli("account", "show", ADA).stdout.split())
    # when
    reset, again = cli("account", "reset-2fa", ADA), cli("account", "reset-2fa", ADA)
    # then
    assert (reset.exit_code, again.exit_code) == (0, 1)
    assert "second factor: off" in " ".join(cli("account", "show", ADA).stdout.split())


def test_a_recovery_email_is_set_and_the_owner_told(cli: Cli, inside: Any) -> None:
    # given
    new_admin(cli)
    cli("account", "create", "bot@services.example", "--name", "Bot", "--service")
    # when
    done = cli("recovery-email", "set", ADA, "ada@home.example")
    refused = [
        cli("recovery-email", "set", ADA, "nonsense"),
        cli("recovery-email", "set", ADA, ADA),
        cli("recovery-email", "set", "nobody@harbor.example", "x@home.example"),
        cli("recovery-email", "set", "bot@services.example", "x@home.example"),
    ]
    # then
    assert done.exit_code == 0 and [each.exit_code for each in refused] == [1, 1, 1, 1]

    async def look() -> tuple[Any, ...]:
        profile = await Profile.all().first()
        assert profile is not None and profile.recovery_email_verified_at
        entry = await AuditEntry.get(action="recovery-email.set")
        mails = await OutboxMessage.filter(kind="recovery-email-set").count()
        return profile.recovery_email, entry.origin, mails, "home.example" in str(entry.facts)

    assert inside(look) == ("ada@home.example", Origin.OPERATOR, 1, False)
