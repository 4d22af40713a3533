"""What is true of every database, whatever happened to it: rows agree with each other, and derived rows with their sources."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from tortoise.transactions import in_transaction

from catalogue.points import ACTIVITIES
from models import tables as t
from models.accounts import AccountStatus
from models.badges import BadgeAward
from models.database import Database
from models.ownership import OWNERSHIP
from models.ownership.rules import Combined, Moved, Rebuilt
from models.points import EntryKind, Outcome
from models.portfolio import ProjectState
from models.profiles import Visibility
from models.statements import Statement, execute
from models.transactions import current_connection
from services.core import clock
from services.credits import credit_ledger
from services.leaderboards.keys import Board, BoardKey, CompanyPeople, Period, window_of
from services.media.search_tokenizer import words_of_profile, words_of_project
from services.points import ledger_consistency
from tests.helpers.full_profiles import columns_of
from tests.helpers.plain_boards import Truth, live

Rows = dict[str, list[tuple[Any, ...]]]


async def all_rows() -> Rows:
    """Every row of every table, in order: two equal results mean that nothing was changed."""
    on_sqlite = current_connection().capabilities.dialect == "sqlite"
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    if not on_sqlite:
        names = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    tables = [row["name"] for row in await execute(Statement.of(names))]
    found = {}
    for each in sorted(tables):
        rows = [tuple(row.values()) for row in await execute(Statement.of(f'SELECT * FROM "{each}"'))]
        found[each] = sorted(rows, key=repr)
    return found


def changed_tables(before: Rows, after: Rows) -> list[str]:
    """Names of the tables whose rows differ."""
    return [each for each in before if before[each] != after.get(each)]


def profile_columns() -> Iterator[tuple[str, str]]:
    """Columns that hold ids of profiles, with their tables: by the models, and by what models/ownership declares."""
    for each in OWNERSHIP:
        columns = set(columns_of(each.model, t.Profile))
        for rule in each.merge:
            if isinstance(rule, Moved | Rebuilt):
                columns.add(rule.column)
            elif isinstance(rule, Combined):
                columns.update(rule.columns)
        columns -= set(columns_of(each.model, t.Account)) | set(columns_of(each.model, t.Project)) - {"profile_id"}
        yield from ((each.table, column) for column in sorted(columns))


async def named_in(profile_id: int) -> list[str]:
    """The columns in which a profile is named, as `table.column`."""
    places = [f"{table}.{column}" for table, column in profile_columns()]
    some = "SELECT '{0}' AS place WHERE EXISTS (SELECT 1 FROM {1} WHERE {2} = $1)"
    searches = [some.format(place, *place.split(".")) for place in places]
    found = []
    for start in range(0, len(searches), 20):
        found += await execute(Statement.of(" UNION ALL ".join(searches[start : start + 20])), profile_id)
    return [row["place"] for row in found]


async def check_gone(profile_id: int) -> None:
    """Fail if anything but its redirect names a merged profile."""
    assert not await t.Profile.exists(id=profile_id)
    assert await named_in(profile_id) == []
    assert await t.MergedProfile.filter(former_id=profile_id).count() == 1


async def check_consistent(database: Database, *, boards: bool = True) -> None:
    """Fail unless all rows agree with each other. With `boards`, also the live boards of every period and company."""
    assert [each async for each in ledger_consistency.differences()] == []
    assert [each async for each in credit_ledger.differences()] == []
    async with in_transaction():  # one moment
        await _check_ledger()
        await _check_people()
        await _check_profiles()
        await _check_badges()
        await _check_projects()
        await _check_once_only()
    if boards:
        await check_boards(database)


async def _check_ledger() -> None:
    entries = {each.id: each for each in await t.PointEntry.all()}
    reversed_ids = {each.reverses_id for each in entries.values() if each.reverses_id is not None}
    for each in entries.values():
        if each.kind is EntryKind.REVERSAL:
            original = entries[each.reverses_id or 0]
            assert (each.profile_id, each.awarded) == (original.profile_id, -original.awarded), each.id
            assert (each.source, each.external_id) == ("system:reversals", str(original.id)), each.id
        if each.counterpart_id == each.profile_id and each.awarded and each.kind is EntryKind.ACTIVITY:
            assert each.id in reversed_ids, f"{each.id} has points of the person's own"
    # An activity that counts once stands at most once, and is marked exactly then.
    once = {code for code, each in ACTIVITIES.items() if each.once}
    standing = Counter(
        (each.profile_id, each.activity or "")
        for each in entries.values()
        if each.activity in once
        and each.kind is EntryKind.ACTIVITY
        and each.outcome is Outcome.AWARDED
        and each.id not in reversed_ids
    )
    marks = Counter([(each.profile_id, each.activity) for each in await t.OnceAward.all()])
    assert standing == marks, (standing - marks, marks - standing)


async def _check_people() -> None:
    connections = {(each.profile_id, each.other_id): each.connected_at for each in await t.Connection.all()}
    for (one, other), at in connections.items():
        assert one != other and connections.get((other, one)) == at, (one, other)
    blocks = {(each.blocker_id, each.blocked_id) for each in await t.Block.all()}
    requests = {(each.sender_id, each.receiver_id): each for each in await t.ConnectionRequest.all()}
    dismissed = {(each.profile_id, each.other_id) for each in await t.DismissedSuggestion.all()}
    assert all(one != other for one, other in {*blocks, *requests, *dismissed})
    assert connections.keys().isdisjoint({*blocks, *((b, a) for a, b in blocks)}), "a connection in spite of a block"
    assert connections.keys().isdisjoint(requests), "a request between connected people"
    for (sender, receiver), each in requests.items():
        pending = each.withdrawn_at is None and each.ignored_at is None
        blocked_back = (receiver, sender) in blocks
        assert not (pending and blocked_back), "a request reaches a person who blocked its sender"
        back = requests.get((receiver, sender))
        both = each.withdrawn_at is None and back is not None and back.withdrawn_at is None
        assert not both or blocked_back or (sender, receiver) in blocks, "two who ask each other are not connected"


async def _check_profiles() -> None:
    profiles = {each.id: each for each in await t.Profile.all()}
    own: defaultdict[int, list[t.Account]] = defaultdict(list)
    for account in await t.Account.all().order_by("created_at", "id"):
        if account.profile_id is not None:
            own[account.profile_id].append(account)
    words: defaultdict[int, dict[bytes, int]] = defaultdict(dict)
    for word in await t.ProfileWord.all():
        words[word.profile_id][bytes(word.word)] = word.place
    for each in profiles.values():
        active = [one for one in own[each.id] if one.status is AccountStatus.ACTIVE]
        assert each.active == (bool(active) or not own[each.id]), each.id
        assert each.listed == (each.active and each.visibility is Visibility.PUBLIC), each.id
        if own[each.id]:
            assert each.company_id == (active or own[each.id])[0].company_id, each.id
        expected = words_of_profile(each.name, each.handle, each.job_title) if each.listed else {}
        assert words[each.id] == expected, each.id
    handles = {each.handle: each.id for each in profiles.values()}
    for former in await t.ProfileHandle.all():
        assert handles.get(former.handle, former.profile_id) == former.profile_id, former.handle
    redirected = [each.former_id for each in await t.MergedProfile.all()]
    assert profiles.keys().isdisjoint(redirected)


async def _check_badges() -> None:
    awards = await BadgeAward.all().order_by("id")
    valid = {(each.profile_id, each.badge, each.level) for each in awards if each.revoked_at is None}
    highest: dict[tuple[int, str], int] = {}
    for profile_id, badge, level in valid:
        highest[profile_id, badge] = max(level, highest.get((profile_id, badge), 0))
    revoked = {each.credential: each.place for each in await t.RevokedCredential.all()}
    for each in awards:
        key = each.profile_id, each.badge
        superseded = each.revoked_at is not None or highest.get(key, 0) > each.level
        assert each.superseded == superseded, (key, each.level)
        assert (each.credential in revoked) == (each.revoked_at is not None), (key, each.level)
        assert revoked.get(each.credential, each.id) == each.id
    featured = Counter([(each.profile_id, each.badge) for each in await t.FeaturedBadge.all()])
    assert featured.keys() <= highest.keys(), featured.keys() - highest.keys()
    assert all(times == 1 for times in featured.values())


async def _check_projects() -> None:
    listed: Any = t.Profile.filter(listed=True).values_list("id", flat=True)
    seen = set(await listed)
    words: defaultdict[int, dict[bytes, int]] = defaultdict(dict)
    for word in await t.ProjectWord.all():
        words[word.project_id][bytes(word.word)] = word.place
    owners = {}
    for each in await t.Project.all():
        published = each.state is ProjectState.PUBLISHED
        assert each.listed == (published and each.owner_id in seen), each.id
        assert words[each.id] == (words_of_project(each.title, each.description) if published else {}), each.id
        owners[each.id] = each.owner_id
    blocks: Any = t.Block.all().values_list("blocker_id", "blocked_id")
    apart = {frozenset(each) for each in await blocks}
    for tag in await t.ProjectCollaborator.all():
        owner = owners[tag.project_id]
        assert owner != tag.profile_id, f"the owner of {tag.project_id} is named on it"
        assert tag.untagged_at is not None or frozenset((owner, tag.profile_id)) not in apart, (
            "a tag in spite of a block"
        )


async def _check_once_only() -> None:
    for model, keys in (
        (t.ShirtClaim, ("profile_id",)),
        (t.Invite, ("sender_id", "email_key")),
        (t.Invite, ("digest",)),
        (t.Referral, ("account_id",)),
        (t.ChallengeCompletion, ("profile_id", "challenge")),
        (t.ChallengeClaim, ("profile_id", "challenge")),
        (BadgeAward, ("profile_id", "badge", "level")),
    ):
        table: Any = model
        rows = Counter(await table.all().values_list(*keys))
        twice = [key for key, times in rows.items() if times > 1 and None not in key]
        assert not twice, (model.__name__, twice)
    completed: Any = t.ChallengeCompletion.all().values_list("profile_id", "challenge")
    claimed: Any = t.ChallengeClaim.all().values_list("profile_id", "challenge")
    assert set(await claimed) <= set(await completed), "a claim without a completion"
    own_accounts: Any = t.Account.all().values_list("id", "profile_id")
    profile_of = dict(await own_accounts)
    for each in await t.Referral.exclude(account_id=None):
        assert profile_of.get(each.account_id or 0) != each.referrer_id, "a person referred an account of their own"


async def check_boards(database: Database, periods: Collection[Period] = tuple(Period)) -> None:
    """Fail unless the live boards equal what the tables say: of every board and period, and of every company."""
    truth = await Truth.read()
    companies: Any = t.Company.all().values_list("id", flat=True)
    among = [None, *(CompanyPeople(each, shown=shown) for each in await companies for shown in (False, True))]
    for board in Board:
        for period in periods:
            for people in among if period is Period.ALL_TIME and board is Board.OVERALL else [None]:
                key = BoardKey(board, window_of(period, clock.today()), people)
                assert await live(database, key) == truth.board(key), key
