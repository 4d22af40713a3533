"""All tables. Tortoise reads its models from here."""

from models.accounts import Account
from models.companies import Company, CompanyDomain
from models.imports import ImportedPerson, ImportProgress
from models.points import OnceAward, PointEntry, Score
from models.profiles import Profile, ProfileIndustry, ProfileSkill
from models.tokens import AccessToken

__all__ = [
    "AccessToken",
    "Account",
    "Company",
    "CompanyDomain",
    "ImportProgress",
    "ImportedPerson",
    "OnceAward",
    "PointEntry",
    "Profile",
    "ProfileIndustry",
    "ProfileSkill",
    "Score",
]
