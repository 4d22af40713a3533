"""What merging, deletion and export do to each table with data of people: see rules.py."""

from typing import Final

from models import tables
from models.ownership.accounts import ACCOUNT_TABLES
from models.ownership.profiles import PROFILE_TABLES
from models.ownership.rules import Ownership

OWNERSHIP: Final[tuple[Ownership, ...]] = (*ACCOUNT_TABLES, *PROFILE_TABLES)
"""One declaration for each table with data of people, in order of the table's class."""

NOT_PERSONAL: Final = {
    tables.BadgeRarity: "figures about badges",
    tables.BoardMoment: "moments of pinned boards",
    tables.Company: "organisations",
    tables.CompanyDomain: "domains of organisations",
    tables.IdKey: "the key of the graph's ids",
    tables.ImportProgress: "how far an import has come",
    tables.ImportedBadge: "definitions of badges",
    tables.InviteOptOut: "keyed digests of addresses that must get no invites, also after a deletion",
    tables.RevokedCredential: "random ids, without a person",
    tables.SecretCanary: "whether SECRET_KEY is right",
    tables.ShopStock: "stock of items",
}
"""Tables without data of people, and what they have."""
