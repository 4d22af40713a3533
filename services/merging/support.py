"""
Merging by operators, for people who can read none of their mailboxes, and for imported profiles that no one has claimed.

The operator has checked that both profiles are of one person: no code and no second factor is asked for. Preview, rules, locks,
mails and audit trail are those of any merge. Rule: docs/rules/accounts.md#merging.
"""

from tortoise.transactions import in_transaction

from catalogue.languages import Text
from models.profiles import Profile
from services.core import audit
from services.errors import ErrorCode, refused
from services.media import image_cleanup
from services.merging import engine, preview
from services.merging.completion import announce, try_lock
from services.merging.plan import Pair
from services.merging.preview import MergePreview
from services.profiles import handles


async def preview_of(source: str, survivor: str) -> MergePreview:
    """
    Return what merging the profile with the handle `source` into the one with the handle `survivor` would do. Changes nothing.

    Raises Refused: NOT_FOUND (no such profile), SAME_PROFILE.
    """
    async with in_transaction():
        return await _preview(await _pair(source, survivor))


async def merge(source: str, survivor: str, *, preview_hash: str, reason: str) -> MergePreview:
    """
    Merge, if the preview still has this hash; return the preview. Both people's accounts get a mail.

    Raises Refused: NOT_FOUND, SAME_PROFILE, BAD_INPUT (no reason), MERGE_IN_PROGRESS, PREVIEW_OUTDATED.
    """
    if not reason.strip():
        raise refused(ErrorCode.BAD_INPUT, "A merge needs a reason.", path=("reason",))
    async with in_transaction():
        pair = await _pair(source, survivor)
        await try_lock(pair)
        if not await engine.lock(pair):
            raise _not_found(source)
        shown = await _preview(pair)
        if shown.hash != preview_hash:
            text = "Something has changed since the preview: read it again."
            raise refused(ErrorCode.PREVIEW_OUTDATED, text, path=("previewHash",))
        merged = await engine.merge(pair)
        await announce(shown, audit.OPERATOR, mail="merge-done-by-support", reason=reason.strip())
    await image_cleanup.discard(merged.pictures)
    return shown


async def _pair(source: str, survivor: str) -> Pair:
    found: list[Profile] = []
    for handle in (source, survivor):
        profile = await handles.profile_of(handle)
        if profile is None:
            raise _not_found(handle)
        found.append(profile)
    pair = Pair(found[0].id, found[1].id)
    if pair.source == pair.survivor:
        raise refused(ErrorCode.SAME_PROFILE, "Both are one profile already.", path=("survivor",))
    return pair


async def _preview(pair: Pair) -> MergePreview:
    shown = await preview.of(pair)
    if shown is None:
        raise _not_found(str(pair.source))
    return shown


def _not_found(handle: str) -> Exception:
    return refused(ErrorCode.NOT_FOUND, Text("There is no profile {handle!r}.", handle=handle), path=("profile",))
