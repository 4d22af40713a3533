"""All models. Tortoise loads them from here."""

from models.accounts import Account
from models.audit import AuditEntry
from models.badges import BadgeAward, BadgeRarity, FeaturedBadge, ImportedBadge, RevokedCredential
from models.challenges import ChallengeClaim, ChallengeCompletion
from models.companies import Company, CompanyDomain
from models.connections import Block, Connection, ConnectionRequest, DismissedSuggestion
from models.credits import CreditBalance, CreditEntry
from models.id_key import IdKey
from models.idempotency import IdempotentCall
from models.imports import ImportedPerson, ImportProgress
from models.invites import Invite, InviteOptOut
from models.merged_profiles import MergedProfile
from models.moments import BoardMoment
from models.notices import Notice
from models.outbox import OutboxMessage
from models.passwords import OldPassword, Password
from models.personal_data_exports import PersonalDataExport
from models.points import OnceAward, PointEntry, ProfileCounter, Score
from models.portfolio import Project, ProjectCollaborator, ProjectImage, ProjectSkill, ProjectWord
from models.profile_changes import ProfileChange
from models.profile_merges import ProfileMerge
from models.profiles import Profile, ProfileHandle, ProfileIndustry, ProfileSkill, ProfileWord
from models.referrals import Referral, ReferralCode, ShirtClaim
from models.second_factors import BackupCode, SecondFactor
from models.secret_canary import SecretCanary
from models.sessions import Session
from models.shop import ShopOrder, ShopStock
from models.tokens import AccessToken, ApiKey
from models.verification_codes import MailedCode, MailedLink, SignUp

__all__ = [
    "AccessToken",
    "Account",
    "ApiKey",
    "AuditEntry",
    "BackupCode",
    "BadgeAward",
    "BadgeRarity",
    "Block",
    "BoardMoment",
    "ChallengeClaim",
    "ChallengeCompletion",
    "Company",
    "CompanyDomain",
    "Connection",
    "ConnectionRequest",
    "CreditBalance",
    "CreditEntry",
    "DismissedSuggestion",
    "FeaturedBadge",
    "IdKey",
    "IdempotentCall",
    "ImportProgress",
    "ImportedBadge",
    "ImportedPerson",
    "Invite",
    "InviteOptOut",
    "MailedCode",
    "MailedLink",
    "MergedProfile",
    "Notice",
    "OldPassword",
    "OnceAward",
    "OutboxMessage",
    "Password",
    "PersonalDataExport",
    "PointEntry",
    "Profile",
    "ProfileChange",
    "ProfileCounter",
    "ProfileHandle",
    "ProfileIndustry",
    "ProfileMerge",
    "ProfileSkill",
    "ProfileWord",
    "Project",
    "ProjectCollaborator",
    "ProjectImage",
    "ProjectSkill",
    "ProjectWord",
    "Referral",
    "ReferralCode",
    "RevokedCredential",
    "Score",
    "SecondFactor",
    "SecretCanary",
    "Session",
    "ShirtClaim",
    "ShopOrder",
    "ShopStock",
    "SignUp",
]
