"""Tables with data of accounts: sign-in, credentials, credits, messages."""

from typing import Final

from models import tables
from models.ownership.rules import (
    PASSING,
    SECRET,
    STAYS_WITH_ACCOUNT,
    WITH_ACCOUNT,
    WITH_PROFILE,
    Anonymised,
    Cleared,
    Combined,
    Deleted,
    Exported,
    Moved,
    NotExported,
    Ownership,
    Unaffected,
)

ACCOUNT_TABLES: Final = (
    Ownership(
        tables.AccessToken,
        merge=[STAYS_WITH_ACCOUNT],
        deletion=[WITH_ACCOUNT],
        export=Exported(
            "Personal access tokens",
            ("name", "scopes", "hint", "created_at", "expires_at", "last_used_at"),
            owner="account_id",
        ),
    ),
    Ownership(
        tables.Account,
        merge=[Moved()],
        deletion=[Deleted(("id", "profile_id"))],
        export=Exported(
            "Accounts",
            ("email", "name", "status", "company_id", "company_admin", "marketing", "created_at", "last_sign_in_at"),
        ),
    ),
    Ownership(
        tables.ApiKey,
        merge=[STAYS_WITH_ACCOUNT],
        deletion=[WITH_ACCOUNT],
        export=Exported("API keys", ("name", "hint", "created_at", "last_used_at"), owner="account_id"),
    ),
    Ownership(
        tables.AuditEntry,
        merge=[Unaffected("Entries say what was done to an account; accounts stay.")],
        deletion=[
            Anonymised(
                "audit",
                "Entries about the account, and those of what it did, lose their details and IP addresses.",
                ("account_id", "actor_id"),
            )
        ],
        export=Exported("Audit trail", ("at", "action", "outcome", "origin", "address", "facts"), owner="account_id"),
    ),
    Ownership(tables.BackupCode, merge=[STAYS_WITH_ACCOUNT], deletion=[WITH_ACCOUNT], export=SECRET),
    Ownership(
        tables.CreditBalance,
        merge=[Unaffected("Credits stay on the account that earned them.")],
        deletion=[WITH_ACCOUNT],
        export=Exported("Credits", ("balance",), owner="account_id"),
    ),
    Ownership(
        tables.CreditEntry,
        merge=[Unaffected("Credits stay on the account that earned them.")],
        deletion=[WITH_ACCOUNT],
        export=Exported(
            "Credit history", ("kind", "amount", "balance_after", "reference", "reason", "at"), owner="account_id"
        ),
    ),
    Ownership(tables.IdempotentCall, merge=[STAYS_WITH_ACCOUNT], deletion=[WITH_ACCOUNT], export=PASSING),
    Ownership(
        tables.MailedCode,
        merge=[STAYS_WITH_ACCOUNT],
        deletion=[Deleted((), by="addresses", rule="Codes of the account are deleted.")],
        export=SECRET,
    ),
    Ownership(tables.MailedLink, merge=[STAYS_WITH_ACCOUNT], deletion=[WITH_ACCOUNT], export=SECRET),
    Ownership(tables.Notice, merge=[Moved()], deletion=[WITH_PROFILE], export=PASSING),
    Ownership(tables.OldPassword, merge=[STAYS_WITH_ACCOUNT], deletion=[WITH_ACCOUNT], export=SECRET),
    Ownership(
        tables.OutboxMessage,
        merge=[
            Moved("about_profile_id"),
            Unaffected("Messages that wait are sent to the addresses that they are for."),
        ],
        deletion=[
            Deleted(
                ("account_id", "about_profile_id"),
                by="messages",
                rule="Messages to the person's addresses, and those with the person's name, are deleted.",
            )
        ],
        export=NotExported("It is encrypted, and deleted once it was sent."),
    ),
    Ownership(tables.Password, merge=[STAYS_WITH_ACCOUNT], deletion=[WITH_ACCOUNT], export=SECRET),
    Ownership(
        tables.PersonalDataExport,
        merge=[STAYS_WITH_ACCOUNT],
        deletion=[WITH_ACCOUNT],
        export=Exported(
            "Downloads of your data", ("requested_at", "state", "ready_at", "expires_at", "bytes"), owner="account_id"
        ),
    ),
    Ownership(
        tables.ProfileMerge,
        merge=[Unaffected("It belongs to the account that started it. What is open with either profile is cancelled.")],
        # A merge into another profile stays as it looks to its account: that it went would tell that the profile existed.
        deletion=[Deleted(("account_id", "survivor_id")), Cleared(("source_id",))],
        export=PASSING,
    ),
    Ownership(
        tables.SecondFactor,
        merge=[STAYS_WITH_ACCOUNT],
        deletion=[WITH_ACCOUNT],
        export=Exported("Second factor", ("method", "sealed", "confirmed_at"), owner="account_id"),
    ),
    Ownership(
        tables.Session,
        merge=[
            Combined("accounts", "Sessions of the source's accounts stay, and lose their elevation.", ("account_id",))
        ],
        deletion=[WITH_ACCOUNT],
        export=Exported("Sessions", ("created_at", "seen_at", "ends_at", "device", "address"), owner="account_id"),
    ),
    Ownership(
        tables.ShopOrder,
        merge=[STAYS_WITH_ACCOUNT],
        deletion=[Deleted(("account_id",), by="shop", rule="Open orders are given back, so that the stock is right.")],
        export=Exported("Orders", ("item", "price", "state", "ordered_at", "changed_at"), owner="account_id"),
    ),
    Ownership(
        tables.SignUp,
        merge=[Unaffected("It is no account yet.")],
        deletion=[
            Deleted(
                (),
                by="addresses",
                rule="Sign-ups with an address of the account are deleted, and those by which it adds another one.",
            )
        ],
        export=PASSING,
    ),
)
