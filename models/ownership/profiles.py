"""Tables with data of profiles: what the community sees of a person, and what a person did."""

from typing import Final

from models import tables
from models.ownership.rules import (
    DERIVED,
    STAYS_WITH_PROJECT,
    WITH_PROFILE,
    WITH_PROJECT,
    Anonymised,
    Cleared,
    Combined,
    Deleted,
    Exported,
    Moved,
    Ownership,
    Rebuilt,
    Unaffected,
)

PROFILE_TABLES: Final = (
    Ownership(
        tables.BadgeAward,
        merge=[
            Combined(
                "badges",
                "Of two awards of one badge and level the valid one stays, else the earlier one; the other's credential is revoked.",
            )
        ],
        deletion=[Deleted(by="badges", rule="Credentials are revoked; their ids stay known.")],
        export=Exported("Badges", ("badge", "level", "origin", "awarded_at", "reason", "revoked_at", "credential")),
    ),
    Ownership(
        tables.Block,
        merge=[
            Combined(
                "connections", "A block of or by either stays, and none is of oneself.", ("blocker_id", "blocked_id")
            )
        ],
        deletion=[Deleted(("blocker_id", "blocked_id"))],
        export=Exported("Blocked people", ("blocked_id", "blocked_at"), owner="blocker_id"),
    ),
    Ownership(
        tables.ChallengeClaim,
        merge=[
            Combined("challenges", "Of two claims of one challenge the earlier one stays; no credits are taken back.")
        ],
        deletion=[WITH_PROFILE, Cleared(("account_id",))],
        export=Exported("Claimed challenges", ("challenge", "credits", "claimed_at")),
    ),
    Ownership(
        tables.ChallengeCompletion,
        merge=[Combined("challenges", "Of two completions of one challenge the earlier one stays.")],
        deletion=[WITH_PROFILE],
        export=Exported("Completed challenges", ("challenge", "completed_at")),
    ),
    Ownership(
        tables.Connection,
        merge=[
            Combined(
                "connections",
                "Of two connections to one person the earlier one stays; one between the two disappears, and one to a person "
                "with a block on either side too.",
                ("profile_id", "other_id"),
            )
        ],
        deletion=[Deleted(("profile_id", "other_id"), by="connections", rule="The other's counter is updated.")],
        export=Exported("Connections", ("other_id", "connected_at")),
    ),
    Ownership(
        tables.ConnectionRequest,
        merge=[
            Combined(
                "connections",
                "Of two requests in one direction one stays; requests in both directions become a connection; one between the two "
                "disappears.",
                ("sender_id", "receiver_id"),
            )
        ],
        deletion=[Deleted(("sender_id", "receiver_id"))],
        export=Exported("Connection requests sent", ("receiver_id", "sent_at"), owner="sender_id"),
    ),
    Ownership(
        tables.DismissedSuggestion,
        merge=[Combined("connections", "Each person stays dismissed, once.", ("profile_id", "other_id"))],
        deletion=[Deleted(("profile_id", "other_id"))],
        export=Exported("Dismissed suggestions", ("other_id", "dismissed_at")),
    ),
    Ownership(
        tables.FeaturedBadge,
        merge=[Combined("badges", "The survivor's badges come first, then the source's, up to four.")],
        deletion=[WITH_PROFILE],
        export=Exported("Featured badges", ("badge", "place")),
    ),
    Ownership(
        tables.ImportedPerson,
        merge=[Moved()],
        deletion=[WITH_PROFILE],
        export=Exported("Imported from", ("source", "key")),
    ),
    Ownership(
        tables.Invite,
        merge=[
            Combined(
                "invites",
                "Of two invites to one address the accepted one stays, else the later one. An invite to an address of the two is "
                "removed unless it was accepted.",
                ("sender_id",),
            ),
            Unaffected("The accounts that sent and accepted it stay."),
        ],
        deletion=[
            Deleted(("sender_id",)),
            Cleared(("account_id", "accepted_by_id")),
            Anonymised(
                "invites",
                "Invites to the person's addresses, by anyone, lose the address and can no longer be accepted.",
            ),
        ],
        export=Exported(
            "Invites sent",
            ("kind", "state", "note", "sent_at", "sends", "expires_at", "accepted_at"),
            owner="sender_id",
        ),
    ),
    Ownership(
        tables.MergedProfile,
        merge=[Combined("former_ids", "Earlier ids of the source lead to the survivor, and so does its own.")],
        deletion=[WITH_PROFILE],
        export=Exported("Merged profiles", ("merged_at",)),
    ),
    Ownership(
        tables.OnceAward,
        merge=[Combined("points", "An activity that counts once is marked once.")],
        deletion=[WITH_PROFILE],
        export=DERIVED,
    ),
    Ownership(
        tables.PointEntry,
        merge=[
            Combined(
                "points",
                "Entries move with their dates. Of two awards of an activity that counts once the later one is taken back "
                "(DUPLICATE), and so is what the two gave each other (SELF).",
                ("profile_id", "counterpart_id"),
            )
        ],
        deletion=[
            Deleted(by="points", rule="Reversals are deleted before what they reverse."),
            Cleared(("counterpart_id",)),
        ],
        export=Exported(
            "Points",
            ("kind", "category", "activity", "awarded", "outcome", "occurred_at", "source", "external_id", "reason"),
            where=(("shown", True),),
        ),
    ),
    Ownership(
        tables.Profile,
        merge=[
            Combined(
                "profile_fields",
                "A field that the survivor has filled in stays; an empty one takes the source's value. Recovery email, language and "
                "visibility are never taken. The source's handle leads to the survivor.",
                (),
            )
        ],
        deletion=[Deleted(("id",))],
        export=Exported(
            "Profile",
            (
                "handle",
                "name",
                "avatar",
                "job_title",
                "department",
                "country",
                "location",
                "about",
                "website",
                "looking_for_job",
                "looking_for_project",
                "github",
                "meetup",
                "twitter",
                "linkedin",
                "skype",
                "recovery_email",
                "language",
                "visibility",
                "joined_on",
                "created_at",
                "edited_at",
            ),
            owner="id",
        ),
    ),
    Ownership(
        tables.ProfileChange,
        merge=[Moved()],
        deletion=[
            Deleted(("profile_id", "account_id")),
            Anonymised("changes", "What a deleted account changed loses the IP address."),
            Cleared(("actor_id",)),
        ],
        export=Exported("Changes of your data", ("at", "field", "old", "new", "origin", "address")),
    ),
    Ownership(tables.ProfileCounter, merge=[Rebuilt("progress")], deletion=[WITH_PROFILE], export=DERIVED),
    Ownership(
        tables.ProfileHandle,
        merge=[Moved()],
        deletion=[WITH_PROFILE],
        export=Exported("Earlier handles", ("handle", "noted_at")),
    ),
    Ownership(
        tables.ProfileIndustry,
        merge=[Moved(unless_same=("industry",))],
        deletion=[WITH_PROFILE],
        export=Exported("Industries", ("industry",)),
    ),
    Ownership(
        tables.ProfileSkill,
        merge=[Moved(unless_same=("skill",))],
        deletion=[WITH_PROFILE],
        export=Exported("Skills", ("skill",)),
    ),
    Ownership(tables.ProfileWord, merge=[Rebuilt("profile_fields")], deletion=[WITH_PROFILE], export=DERIVED),
    Ownership(
        tables.Project,
        merge=[Combined("projects", "The survivor's projects come first, then the source's.", ("owner_id",))],
        deletion=[
            Deleted(("owner_id",), by="projects", rule="The files of their images are deleted after the commit.")
        ],
        export=Exported(
            "Projects",
            (
                "title",
                "description",
                "customer",
                "business_need",
                "solution",
                "results",
                "started_on",
                "ended_on",
                "state",
                "created_at",
                "published_at",
                "edited_at",
            ),
            owner="owner_id",
        ),
    ),
    Ownership(
        tables.ProjectCollaborator,
        merge=[
            Combined(
                "projects",
                "Each person is tagged once: an untag of their own stays an untag. A tag on an own project disappears.",
            )
        ],
        deletion=[Deleted(("profile_id", "project_id"))],
        export=Exported("Projects that tag you", ("project_id", "tagged_at", "untagged_at")),
    ),
    Ownership(
        tables.ProjectImage,
        merge=[STAYS_WITH_PROJECT],
        deletion=[WITH_PROJECT],
        export=Exported("Images of projects", ("project_id", "image", "caption"), owner="project_id"),
    ),
    Ownership(
        tables.ProjectSkill,
        merge=[STAYS_WITH_PROJECT],
        deletion=[WITH_PROJECT],
        export=Exported("Skills of projects", ("project_id", "skill"), owner="project_id"),
    ),
    Ownership(tables.ProjectWord, merge=[STAYS_WITH_PROJECT], deletion=[WITH_PROJECT], export=DERIVED),
    Ownership(
        tables.Referral,
        merge=[
            Combined(
                "referrals",
                "Referrals move. One of an account of the two is removed, and the points for it are taken back (SELF).",
                ("referrer_id",),
            ),
            Unaffected("The account that was referred stays."),
        ],
        deletion=[Deleted(("referrer_id",)), Cleared(("account_id",))],
        export=Exported("Referrals", ("via", "at"), owner="referrer_id"),
    ),
    Ownership(
        tables.ReferralCode,
        merge=[Combined("referrals", "The codes of both work; the survivor's is the one that is shown.")],
        deletion=[WITH_PROFILE],
        export=Exported("Referral links", ("code", "created_at", "retired_at")),
    ),
    Ownership(
        tables.Score,
        merge=[Rebuilt("progress")],
        deletion=[WITH_PROFILE],
        export=DERIVED,
    ),
    Ownership(
        tables.ShirtClaim,
        merge=[Combined("tshirts", "One claim stays: a shipped one, else the older one.")],
        deletion=[WITH_PROFILE],
        export=Exported("T-shirt", ("size", "sealed", "state", "claimed_at", "shipped_at")),
    ),
)
