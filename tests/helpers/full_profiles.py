"""
A person with a row in every table of models/ownership: for tests that everything is merged, exported or deleted.

A table of `OWNERSHIP` without a row of the person fails `make_full_person` with its name: give the person one in `_rows`.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from tortoise.models import Model
from tortoise.transactions import in_transaction

from catalogue.points import Category
from models import tables as t
from models.accounts import Account
from models.audit import Origin
from models.badges import AwardOrigin
from models.credits import CreditKind
from models.invites import InviteKind, InviteState
from models.outbox import Channel
from models.ownership import OWNERSHIP
from models.personal_data_exports import ExportState
from models.points import EntryKind, Outcome
from models.portfolio import ProjectState
from models.profile_changes import ChangedField
from models.profiles import Visibility
from models.referrals import ReferralVia, ShirtSize
from models.second_factors import SecondFactorMethod
from models.shop import OrderState
from models.verification_codes import Purpose
from services.core import clock
from services.core.crypto import OUTBOX_MESSAGE, SHIRT_ADDRESS, TOTP_SECRET, seal
from services.core.email_addresses import address_of
from services.media.image_store import new_key
from services.profiles.profiles import NewPerson, create_people
from tests.helpers.derived_rows import settle

_numbers = count(1)


@dataclass
class FullPerson:
    """A person, and the rows of theirs. `friend`, `asker`, `blocked` are other people in the same rows."""

    profile_id: int
    accounts: list[Account]
    friend: Account
    asker: Account
    blocked: Account
    projects: list[int] = field(default_factory=list)

    @property
    def account(self) -> Account:
        """The oldest account."""
        return self.accounts[0]

    @property
    def account_ids(self) -> list[int]:
        return [each.id for each in self.accounts]


async def make_people(
    *names: str, public: bool = True, accounts: int = 1, company_id: int | None = None, **more: Any
) -> list[list[Account]]:
    """People with that many accounts each, in a few statements; `more` goes to NewPerson. Returns their accounts."""
    now = clock.now() - timedelta(days=900)
    people = [
        NewPerson(
            name=name,
            key=f"full-{next(_numbers)}",
            joined_on=date(2020, 1, 1),
            visibility=Visibility.PUBLIC if public else Visibility.PRIVATE,
            **more,
        )
        for name in names
    ]
    async with in_transaction():
        ids = await create_people(people)
        emails = [(each, f"full{next(_numbers)}@people.example") for each in ids for _ in range(accounts)]
        await Account.bulk_create(
            [
                Account(
                    kind="PERSON",
                    email=email,
                    email_key=address_of(email).key,
                    name=f"{names[ids.index(profile_id)]} at work",
                    profile_id=profile_id,
                    company_id=company_id,
                    verified_at=now,
                    created_at=now + timedelta(minutes=n),
                )
                for n, (profile_id, email) in enumerate(emails)
            ]
        )
        made = await Account.filter(profile_id__in=ids).order_by("id")
    return [[each for each in made if each.profile_id == number] for number in ids]


async def make_full_person(
    name: str = "Ada Okafor", *, canary: str = "", public: bool = True, accounts: int = 2
) -> FullPerson:
    """
    Make a person with a row in every table of `OWNERSHIP`, and the three people that are in them. `canary` stands in every text
    that the person or an operator wrote, and in the addresses; it has letters and digits only. Sums and counters are right.
    """
    text = canary or "Text"
    [own] = await make_people(f"{name} {canary}".strip(), public=public, accounts=accounts)
    [[friend], [asker], [blocked]] = await make_people("Ben Friend", "Cem Asker", "Dee Blocked")
    person = FullPerson(own[0].own_profile_id, own, friend, asker, blocked)
    if canary:
        for n, each in enumerate(own):
            each.email = each.email_key = f"{canary.lower()}{n}.{each.email}"
            each.name = f"{canary} account"
            await each.save()
    async with in_transaction():
        await t.Profile.filter(id=person.profile_id).update(**_texts(person.profile_id, text))
        for row in _rows(person, text):
            await row.save(force_create=True)
        await _dependent_rows(person, text)
    await settle([person.profile_id, *(each.own_profile_id for each in (friend, asker, blocked))])
    missing = set(await tables_without_rows(person)) - (set() if public else {"profile_word"})  # words are for searches
    assert not missing, f"make_full_person gives the person no row in: {', '.join(sorted(missing))}"
    return person


def _texts(number: int, text: str) -> dict[str, Any]:
    at = clock.now()
    names = "job_title", "department", "location", "github", "meetup", "twitter", "linkedin", "skype"
    recovery = f"{text.lower()}{number}@recovery.example"
    return {
        **{each: f"{text} {each}"[:120] for each in names},
        "about": f"About {text}.",
        "website": f"https://{text.lower()}.example/",
        "avatar": new_key(),
        "country": "NL",
        "language": "nl",
        "looking_for_job": True,
        "looking_for_confirmed": True,
        "github_connected_at": at,
        "recovery_email": recovery,
        "recovery_email_key": recovery,
        "recovery_email_verified_at": at,
        "edited_at": at,
    }


def _rows(person: FullPerson, text: str) -> list[Model]:
    """Rows that need no other new row."""
    now, n = clock.now(), next(_numbers)
    own, me, account = person.account, person.profile_id, {"account_id": person.account.id}
    friend, asker, blocked = (each.own_profile_id for each in (person.friend, person.asker, person.blocked))
    until = now + timedelta(days=1)
    return [
        t.AccessToken(**account, name=text, scopes=[], secret_hash=secrets.token_hex(32), hint="abcd", created_at=now),
        t.ApiKey(**account, name=text, secret_hash=secrets.token_hex(32), hint="abcd", created_at=now),
        t.AuditEntry(
            at=now, action="profile.updated", origin=Origin.SESSION, actor_id=own.id, account_id=own.id,
            address="192.0.2.99", facts={"old": f"{text} before", "new": text, "reason": text},
        ),
        t.BackupCode(**account, digest=secrets.token_hex(32)),
        t.CreditBalance(**account, balance=70),
        t.CreditEntry(
            **account, kind=CreditKind.CORRECTION, amount=100, balance_after=100, reference=f"correction:{n}",
            reason=text, at=now - timedelta(minutes=2),
        ),
        t.CreditEntry(
            **account, kind=CreditKind.ORDER, amount=-30, balance_after=70, reference=f"order:{n}",
            at=now - timedelta(minutes=1),
        ),
        t.IdempotentCall(**account, key=f"key-{n}", operation="orderItem", fingerprint=secrets.token_hex(32), answer={}, at=now),
        t.MailedCode(
            purpose=Purpose.SECOND_FACTOR_SMS, subject=f"account:{own.id}", digest=secrets.token_hex(32), target=own.email_key,
            created_at=now, expires_at=until,
        ),
        t.MailedLink(
            purpose=Purpose.RESET_PASSWORD, **account, digest=secrets.token_hex(32), target=own.email_key, created_at=now,
            expires_at=until,
        ),
        t.Notice(
            topic="person", profile_id=me, at=now,
            facts={"kind": "CONNECTION_ACCEPTED", "profile": friend},
        ),
        t.PersonalDataExport(
            **account, key=new_key(), state=ExportState.READY, requested_at=now, ready_at=now, expires_at=until, bytes=9
        ),
        t.OldPassword(**account, hash="$no-hash", replaced_at=now),
        t.OutboxMessage(
            channel=Channel.MAIL, kind="signed_in", created_at=now, due_at=until, account_id=own.id,
            sealed=seal(OUTBOX_MESSAGE, f'{{"to": "{own.email}", "subject": "", "text": "{text}", "html": ""}}'),
        ),
        t.Password(**account, hash="$no-hash", changed_at=now),
        t.ProfileMerge(
            **account, survivor_id=me, typed=secrets.token_hex(32), choices=[], started_at=now, expires_at=now,
        ),
        t.SecondFactor(
            **account, method=SecondFactorMethod.TOTP, sealed=seal(TOTP_SECRET, text), confirmed_at=now, created_at=now
        ),
        t.Session(
            **account, digest=secrets.token_hex(32), created_at=now, seen_at=now, ends_at=until, elevated_until=until,
            device=f"A browser of {text}", address="192.0.2.98",
        ),
        t.ShopOrder(**account, item="MUG", price=30, state=OrderState.PLACED, ordered_at=now),
        t.SignUp(
            digest=secrets.token_hex(32), email=f"again.{own.email}", email_key=own.email_key, name=text, password_hash="$no-hash",
            created_at=now,
        ),
        t.Block(blocker_id=me, blocked_id=blocked, blocked_at=now),
        t.ChallengeClaim(profile_id=me, challenge="FIRST_STEPS", **account, credits=20, claimed_at=now),
        t.ChallengeCompletion(profile_id=me, challenge="FIRST_STEPS", completed_at=now),
        t.Connection(profile_id=me, other_id=friend, connected_at=now),
        t.Connection(profile_id=friend, other_id=me, connected_at=now),
        t.ConnectionRequest(sender_id=asker, receiver_id=me, sent_at=now),
        t.DismissedSuggestion(profile_id=me, other_id=asker, dismissed_at=now),
        t.FeaturedBadge(profile_id=me, badge="FIRST_LIGHT", place=1),
        t.ImportedPerson(profile_id=me, source="forum", key=f"{text}-{n}"),
        t.MergedProfile(profile_id=me, former_id=1_000_000_000 + n, merged_at=now),
        t.OnceAward(profile_id=me, activity="MVP_REACHED"),
        t.ProfileChange(
            profile_id=me, actor_id=own.id, at=now, origin=Origin.SESSION, address="192.0.2.97", field=ChangedField.ABOUT,
            old=f"{text} before", new=text,
        ),
        t.ProfileHandle(profile_id=me, handle=f"{text.lower()}-before-{n}", noted_at=now),
        t.ProfileIndustry(profile_id=me, industry="logistics"),
        t.ProfileSkill(profile_id=me, skill="python"),
        t.ProfileCounter(profile_id=me, name="PROJECTS", times=1),
        t.Referral(referrer_id=me, account_id=person.friend.id, via=ReferralVia.LINK, at=now),
        t.ReferralCode(profile_id=me, code=secrets.token_hex(6), created_at=now),
        t.ShirtClaim(
            profile_id=me, size=ShirtSize.M, claimed_at=now,
            sealed=seal(
                SHIRT_ADDRESS,
                f'{{"name":"{text}","street":"{text} 1","town":"{text}","postal_code":"3011 AA","country":"NL"}}',
            ),
        ),
        _invite(person, f"{text.lower()}.friend{n}@others.example", text, now),
        _invite(person, person.friend.email, text, now, state=InviteState.ACCEPTED, by=person.friend.id),
        _award(me, "FIRST_LIGHT", 1, now, AwardOrigin.RULE),
        _award(me, "NETWORKER", 1, now, AwardOrigin.OPERATOR, reason=text),
        _entry(me, "MVP_REACHED", 300, Category.COMMUNITY, n, now),
        _entry(me, "ANSWER_ACCEPTED", 15, Category.FORUM, n, now, counterpart_id=friend),
        _entry(friend, "UPVOTE_RECEIVED", 10, Category.FORUM, n, now, counterpart_id=me, capped=10),
        _entry(
            me, None, -7, Category.FORUM, n, now, kind=EntryKind.PENALTY, source="operator:penalties", reason=text,
            shown=False,
        ),
    ]  # fmt: skip


def _invite(person: FullPerson, email: str, note: str, now: Any, **more: Any) -> Model:
    state, by = more.get("state", InviteState.PENDING), more.get("by")
    return t.Invite(
        sender_id=person.profile_id,
        account_id=person.account.id,
        email=email,
        email_key=address_of(email).key,
        kind=InviteKind.FRIEND,
        state=state,
        note=note,
        digest=secrets.token_hex(32),
        sent_at=now,
        expires_at=now + timedelta(days=30),
        accepted_at=now if by else None,
        accepted_by_id=by,
        created_at=now,
    )


def _award(profile_id: int, badge: str, level: int, at: Any, origin: AwardOrigin, reason: str = "") -> Model:
    return t.BadgeAward(
        profile_id=profile_id,
        badge=badge,
        level=level,
        origin=origin,
        awarded_at=at,
        reason=reason,
        reason_shown=bool(reason),
        credential=secrets.token_hex(16),
    )


def _entry(
    profile_id: int, activity: str | None, points: int, category: Category, n: int, at: Any, **more: Any
) -> Model:
    values = {"kind": EntryKind.ACTIVITY, "outcome": Outcome.AWARDED, "source": "test", **more}
    return t.PointEntry(
        profile_id=profile_id,
        activity=activity,
        asked=points,
        awarded=points,
        category=category,
        occurred_at=at,
        day=at.date(),
        external_id=f"full:{n}:{profile_id}:{activity}",
        recorded_at=at,
        **values,
    )


async def _dependent_rows(person: FullPerson, text: str) -> None:
    now, me, friend = clock.now(), person.profile_id, person.friend.own_profile_id
    for owner, state in ((me, ProjectState.PUBLISHED), (me, ProjectState.DRAFT), (friend, ProjectState.PUBLISHED)):
        own = text if owner == me else "Of a friend"
        project = await t.Project.create(
            owner_id=owner,
            title=f"{own} project",
            description=own,
            customer=own,
            business_need=own,
            solution=own,
            results=own,
            state=state,
            created_at=now,
            published_at=now if state is ProjectState.PUBLISHED else None,
        )
        person.projects += [project.id] if owner == me else []
        tagged = {friend, me} - {owner}
        for each in tagged:
            await t.ProjectCollaborator.create(project_id=project.id, profile_id=each, tagged_at=now, told_at=now)
        await t.ProjectSkill.create(project_id=project.id, skill="python")
        await t.ProjectImage.create(project_id=project.id, image=new_key(), caption=own)


# What is a person's


def columns_of(model: type[Model], target: type[Model]) -> list[str]:
    """Columns of a table that refer to a row of `target`, by a foreign key or by their name."""
    meta: Any = model._meta
    names = {"profile_id"} if target is t.Profile else {"account_id", "actor_id"} if target is t.Account else set()
    found = []
    for name, of in meta.fields_map.items():
        if name not in meta.fields_db_projection:
            continue
        refers = of.reference and of.reference.related_model is target
        if refers or (not of.reference and name in names):
            found.append(name)
    return found


async def tables_without_rows(person: FullPerson) -> Sequence[str]:
    """Tables of `OWNERSHIP` in which no row is the person's."""
    return [each.table for each in OWNERSHIP if not await rows_of(each.model, person)]


async def rows_of(model: type[Model], person: FullPerson) -> int:
    """Number of rows that name the person, one of their accounts, or one of their projects."""
    table: Any = model
    found = 0
    for filters in _filters(table, person):
        found += await table.filter(**filters).count()
    return found


def _filters(table: Any, person: FullPerson) -> Iterable[dict[str, Any]]:
    if table is t.Profile:
        yield {"id": person.profile_id}
    if table is t.SignUp:
        yield {"email_key__in": [each.email_key for each in person.accounts]}
    if table is t.MailedCode:
        yield {"subject__in": [f"account:{each}" for each in person.account_ids]}
    for target, ids in (
        (t.Profile, [person.profile_id]),
        (t.Account, person.account_ids),
        (t.Project, person.projects),
    ):
        for column in columns_of(table, target):
            yield {f"{column}__in": ids}
