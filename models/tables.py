"""All tables. Tortoise reads its models from here."""

from models.accounts import Account
from models.audit import AuditEntry
from models.companies import Company, CompanyDomain
from models.imports import ImportedPerson, ImportProgress
from models.outbox import OutboxMessage
from models.passwords import OldPassword, Password
from models.points import OnceAward, PointEntry, Score
from models.profiles import Profile, ProfileIndustry, ProfileSkill
from models.proofs import MailedCode, MailedLink, SignUp
from models.second_factors import BackupCode, SecondFactor
from models.sessions import Session
from models.tokens import AccessToken, ApiKey

__all__ = [
    "AccessToken",
    "Account",
    "ApiKey",
    "AuditEntry",
    "BackupCode",
    "Company",
    "CompanyDomain",
    "ImportProgress",
    "ImportedPerson",
    "MailedCode",
    "MailedLink",
    "OldPassword",
    "OnceAward",
    "OutboxMessage",
    "Password",
    "PointEntry",
    "Profile",
    "ProfileIndustry",
    "ProfileSkill",
    "Score",
    "SecondFactor",
    "Session",
    "SignUp",
]
