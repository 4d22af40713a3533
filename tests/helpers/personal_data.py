"""Personal data that tests need."""

from datetime import timedelta

from models.accounts import Account
from models.personal_data_exports import ExportState, PersonalDataExport
from services.core import clock
from services.media.image_store import new_key


async def make_download(account: Account) -> PersonalDataExport:
    """A download that is ready, without its file."""
    now = clock.now()
    return await PersonalDataExport.create(
        account_id=account.id,
        key=new_key(),
        state=ExportState.READY,
        requested_at=now,
        ready_at=now,
        expires_at=now + timedelta(days=7),
        bytes=9,
    )
