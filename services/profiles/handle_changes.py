"""Changes of a profile's handle. Former handles stay reserved for the profile. Rule: docs/rules/profiles.md#handle."""

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from catalogue.handles import RESERVED
from models.profile_changes import ChangedField
from models.profiles import ProfileHandle
from services.core import audit, clock, rate_limits
from services.core.audit import Actor, Change
from services.errors import ErrorCode, Refused, refused
from services.media.text_rules import NotFit
from services.profiles import handles, profile_changes, profile_editing, publishing
from services.progress import search_words


async def change(profile_id: int, typed: str, *, actor: Actor) -> None:
    """
    Change the handle of a profile. The current handle, in any letter case, changes nothing. A profile can return to one
    of its former handles.

    Raises Refused: BAD_INPUT (not a valid handle), ALREADY_EXISTS (another profile has or had it, or it is reserved),
    RATE_LIMITED.
    """
    try:
        handle = handles.checked(typed)
    except NotFit as error:
        raise refused(ErrorCode.BAD_INPUT, error.message, path=("handle",)) from None
    if handle in RESERVED:
        raise _taken()
    await rate_limits.spend("change-handle", by=[f"account:{actor.account_id}"])
    try:
        async with in_transaction():
            await _change(profile_id, handle, actor)
    except IntegrityError:
        raise _taken() from None


async def _change(profile_id: int, handle: str, actor: Actor) -> None:
    profile = await publishing.lock_profile(profile_id)
    before = profile.handle
    if before == handle:
        return
    # Both get a row, the new one too, so that a concurrent change to one of them violates the unique constraint.
    owners = await handles.owners_of_former([before, handle])
    if any(owner != profile_id for owner in owners.values()):
        raise _taken()
    for each in (before, handle):
        if each not in owners:
            await ProfileHandle.create(handle=each, profile_id=profile_id, noted_at=clock.now())
    profile.handle = handle
    await profile_editing.touch(profile, ["handle"])
    await search_words.index([profile_id])
    both = Change(before, handle)
    await profile_changes.record(profile_id, {ChangedField.HANDLE: both}, actor=actor)
    await audit.record("profile.handle-changed", actor=actor, account_id=actor.account_id, handle=both)


def _taken() -> Refused:
    return refused(ErrorCode.ALREADY_EXISTS, "That handle is taken.", path=("handle",))
