"""A person with one of each object that only its owner sees."""

from typing import Any

from models.accounts import Account
from models.credits import CreditEntry
from models.sessions import Session
from models.shop import ShopOrder
from models.tokens import AccessToken, ApiKey
from services.credits import shop
from services.credits.credit_ledger import correct
from tests.helpers.factories import make_person, make_token
from tests.helpers.graph_ids import graph_id
from tests.helpers.people import Headers, in_session, with_key

PRIVATE: dict[str, Any] = {"pat": AccessToken, "key": ApiKey, "ses": Session, "ord": ShopOrder, "crd": CreditEntry}


async def everything(email: str = "ada@people.example") -> tuple[Account, Headers, dict[str, str]]:
    """A person with one of each private object; the session's headers and the ids by prefix."""
    ada = await make_person(email)
    await make_token(ada, "mx:user:profile:v1:read")
    await with_key(ada)
    await correct(email, 200, reason="A prize")
    await shop.order(ada.id, "MUG", "k")
    headers = await in_session(ada)
    found = {prefix: await model.filter(account_id=ada.id).order_by("id").first() for prefix, model in PRIVATE.items()}
    return ada, headers, {prefix: graph_id(prefix, row.id) for prefix, row in found.items()}
