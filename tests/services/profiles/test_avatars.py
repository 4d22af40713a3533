"""Avatars: kept under a random key, seen by whom the profile is seen by, and gone when nobody has them any more."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from models.audit import AuditEntry
from models.database import Database
from models.profiles import Profile
from services.core import clock, rate_limits
from services.errors import ErrorCode, Refused
from services.media import image_cleanup, image_store
from services.media.images import PICTURE_SIZES
from services.profiles import avatars, publishing
from settings import BadSetting, Settings
from tests.helpers.factories import NOON, make_person
from tests.helpers.profile_editing import actor, id_of, newcomer, picture, profile_of, ready


async def put(account: Any, colour: str = "teal") -> str:
    await avatars.put(id_of(account), picture(colour=colour), actor=actor(account))
    return (await profile_of(account)).avatar or ""


async def stored() -> set[str]:
    return {key async for key, _ in image_store.files()}


async def test_a_picture_is_kept_in_three_sizes_under_a_key_of_its_own(database: Database) -> None:
    # given
    ada, ben = await newcomer(), await newcomer()
    # when two have the same picture
    first, second = await put(ada), await put(ben)
    # then
    assert first != second and image_store.KEY.fullmatch(first)
    assert [await image_store.get(first, size) for size in PICTURE_SIZES] == [
        await image_store.get(second, size) for size in PICTURE_SIZES
    ]
    profile = await profile_of(ada)
    assert (profile.version, profile.edited_at is not None) == (2, True)
    assert (await AuditEntry.filter(account_id=ada.id).get()).facts == {"fields": ["avatar"]}


async def test_the_picture_before_is_deleted(database: Database) -> None:
    ada = await newcomer()
    first, second = await put(ada), await put(ada, "red")
    assert first != second and await stored() == {second}
    # when
    await avatars.remove(id_of(ada), actor=actor(ada))
    await avatars.remove(id_of(ada), actor=actor(ada))
    # then
    profile = await profile_of(ada)
    assert (profile.avatar, profile.version, await stored()) == (None, 4, set())


async def test_what_is_refused_leaves_nothing_behind(database: Database) -> None:
    ada = await newcomer()
    with pytest.raises(Refused) as refused:
        await avatars.put(id_of(ada), b"<svg/>", actor=actor(ada))
    assert refused.value.problems[0].code is ErrorCode.BAD_PICTURE
    with pytest.raises(Refused) as refused:
        await avatars.put(999_999, picture(), actor=actor(ada))
    assert refused.value.problems[0].code is ErrorCode.NOT_FOUND
    assert await stored() == set()


async def test_a_public_profile_keeps_a_picture(database: Database) -> None:
    # given
    ada = await ready()
    await publishing.publish(id_of(ada), actor=actor(ada))
    # when
    with pytest.raises(Refused) as refused:
        await avatars.remove(id_of(ada), actor=actor(ada))
    # then
    [problem] = refused.value.problems
    assert (problem.code, problem.facts) == (
        ErrorCode.CHECKLIST_ITEM_REQUIRED,
        {"item": publishing.ChecklistItem.AVATAR},
    )
    key = await put(ada, "red")
    assert await stored() == {key}


async def test_of_uploads_at_once_one_stays(database: Database) -> None:
    ada = await newcomer()
    await asyncio.gather(*(put(ada, colour) for colour in ("red", "green", "blue", "teal")))
    assert await stored() == {(await profile_of(ada)).avatar}


async def test_a_picture_is_seen_by_whom_the_profile_is_seen_by(database: Database) -> None:
    # given
    ada, ben = await newcomer(), await make_person(public=True)
    own, public = await put(ada), await put(ben)

    async def seen(key: str, viewer: int = 0, size: int = 64) -> bool | None:
        found = await avatars.content_of(key, size, viewer_profile=viewer)
        return None if found is None else found[1]

    # then
    assert [await seen(own), await seen(own, id_of(ben)), await seen(own, id_of(ada))] == [None, None, False]
    assert [await seen(public), await seen(public, id_of(ada)), await seen(public, id_of(ben))] == [True] * 3
    # what has no such size, no such key, no file any more
    assert [await seen(public, size=65), await seen("a" * 32), await seen(f"../{public[3:]}")] == [None] * 3
    await image_store.delete(public, PICTURE_SIZES)
    assert await seen(public) is None


async def test_the_sweep_deletes_what_nobody_has_and_nothing_young(database: Database) -> None:
    # given
    ada = await newcomer()
    kept, orphan = await put(ada), image_store.new_key()
    await image_store.put(orphan, {64: b"x", 256: b"y"})
    now = clock.now()
    # when, then
    assert await image_cleanup.sweep(now) == 0
    assert await image_cleanup.sweep(now + timedelta(hours=2)) == 1
    assert await stored() == {kept}
    assert await image_cleanup.sweep(now + timedelta(hours=2)) == 0


async def test_a_store_that_fails_at_deleting_does_not_undo_what_was_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    ada = await newcomer()
    key = await put(ada)

    async def broken(*_: Any) -> None:
        raise OSError("no such disk")

    # when
    with monkeypatch.context() as patched:
        patched.setattr(image_store, "delete", broken)
        await avatars.remove(id_of(ada), actor=actor(ada))
    # then
    assert (await profile_of(ada)).avatar is None
    assert await stored() == {key}
    assert await image_cleanup.sweep(clock.now() + timedelta(hours=2)) == 1


async def test_uploads_are_limited(database: Database) -> None:
    ada = await newcomer()
    with clock.frozen(NOON):
        await rate_limits.spend("upload-avatar", by=[f"account:{ada.id}"], cost=20)
        with pytest.raises(Refused) as refused:
            await put(ada)
    assert refused.value.problems[0].code is ErrorCode.RATE_LIMITED
    assert await Profile.filter(avatar__not_isnull=True).count() == 0


@pytest.mark.parametrize(
    "address", ["", "file:", "file:/", "ftp://x", "s3://", "s3://bucket?colour=red", "var/avatars"]
)
def test_a_store_that_cannot_be_used_is_named(address: str) -> None:
    with pytest.raises(BadSetting, match="AVATAR_STORE"):
        image_store.check(Settings(avatar_store=address))


def test_a_bucket_is_taken(tmp_path) -> None:
    image_store.check(Settings(avatar_store="s3://pictures/of/people?region=eu-west-1&endpoint=https://store.example"))
    image_store.check(Settings(avatar_store=f"file:{tmp_path}/here"))
    assert (tmp_path / "here").is_dir()


@pytest.mark.parametrize("key", ["../../etc/passwd", "a" * 31, "a" * 33, "A" * 32, "a/" * 16, "", "a" * 31 + "\n"])
async def test_only_keys_of_our_own_lead_to_a_file(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        await image_store.get(key, 64)
