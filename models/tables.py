"""All tables. Tortoise reads its models from here."""

from models.accounts import Account
from models.audit import AuditEntry
from models.badges import BadgeAward, FeaturedBadge, ImportedBadge
from models.challenges import ChallengeClaim, ChallengeCompletion
from models.companies import Company, CompanyDomain
from models.credits import CreditBalance, CreditEntry
from models.idempotency import IdempotentCall
from models.imports import ImportedPerson, ImportProgress
from models.notices import Notice
from models.outbox import OutboxMessage
from models.passwords import OldPassword, Password
from models.points import OnceAward, PointEntry, ProfileCounter, Score
from models.profiles import Profile, ProfileIndustry, ProfileSkill, ProfileWord
from models.proofs import MailedCode, MailedLink, SignUp
from models.second_factors import BackupCode, SecondFactor
from models.sessions import Session
from models.shop import ShopOrder, ShopStock
from models.tokens import AccessToken, ApiKey

__all__ = [
    "AccessToken",
    "Account",
    "ApiKey",
    "AuditEntry",
    "BackupCode",
    "BadgeAward",
    "ChallengeClaim",
    "ChallengeCompletion",
    "Company",
    "CompanyDomain",
    "CreditBalance",
    "CreditEntry",
    "FeaturedBadge",
    "IdempotentCall",
    "ImportProgress",
    "ImportedBadge",
    "ImportedPerson",
    "MailedCode",
    "MailedLink",
    "Notice",
    "OldPassword",
    "OnceAward",
    "OutboxMessage",
    "Password",
    "PointEntry",
    "Profile",
    "ProfileCounter",
    "ProfileIndustry",
    "ProfileSkill",
    "ProfileWord",
    "Score",
    "SecondFactor",
    "Session",
    "ShopOrder",
    "ShopStock",
    "SignUp",
]
