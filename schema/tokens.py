"""Personal access tokens and API keys."""

import strawberry

from resolvers import tokens
from resolvers.base.permissions import Elevated, InSession, ServiceAccount
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_by, column, mutation_by
from schema.nodes import id_of
from schema.scalars import DateTime
from services.auth.stored_credentials import Unusable

enum_of(
    Unusable,
    "Why a token or API key that was not deleted is refused all the same.",
    {
        "EXPIRED": "Its own expiry has come.",
        "PASSWORD_EXPIRED": "Its owner has to change the password first.",
        "ACCOUNT_DEACTIVATED": "Its owner's account is deactivated.",
    },
    name="CredentialProblem",
)


@strawberry.type(description="Something that a token may be allowed.")
class TokenScope:
    name: str = column("What a token is given.")
    group: str = column("The service or area it is about.")
    description: str = column("What it allows.", read=lambda row: row["about"])
    opens: list[str] = column("Fields of this graph as `Type.field`; none for scopes that other services ask about.")
    service_only: bool = column("True when only service accounts can hold it.")


@strawberry.type(description="A personal access token. Its secret is shown once, when it is made.")
class PersonalAccessToken:
    id: strawberry.ID = column("Opaque id of the token.", read=id_of("PersonalAccessToken"))
    name: str = column("What its owner calls it.")
    scopes: list[str] = column("What it may do.")
    hint: str = column("The last four characters of its secret.")
    created_at: DateTime = column("When it was made.")
    expires_at: DateTime | None = column("When it expires; null: never.")
    last_used_at: DateTime | None = column("When it was last used, at most a minute old; null: never.")
    usable: bool = column("Whether it works now.", read=lambda row: row["unusable"] is None)
    problem: Unusable | None = column("Why it does not work; null when it does.", read=lambda row: row["unusable"])


@strawberry.type(
    description="An API key: beside its owner's address it has all their rights. Its secret is shown once."
)
class ApiKey:
    id: strawberry.ID = column("Opaque id of the key.", read=id_of("ApiKey"))
    name: str = column("What its owner calls it.")
    hint: str = column("The last four characters of its secret.")
    created_at: DateTime = column("When it was made.")
    last_used_at: DateTime | None = column("When it was last used, at most a minute old; null: never.")
    usable: bool = column("Whether it works now.", read=lambda row: row["unusable"] is None)
    problem: Unusable | None = column("Why it does not work; null when it does.", read=lambda row: row["unusable"])


@strawberry.type
class TokensOfViewer:
    personal_access_tokens: list[PersonalAccessToken] = answered_by(
        tokens.personal_access_tokens, "The tokens of the viewer's account, oldest first."
    )
    api_keys: list[ApiKey] = answered_by(tokens.keys, "The API keys of the viewer's account, oldest first.")


@strawberry.type
class TokensQuery:
    token_scopes: list[TokenScope] = answered_by(tokens.scopes, "What a token can be allowed, by group.")


@strawberry.input(description="A new personal access token.")
class CreatePersonalAccessTokenInput:
    name: str = strawberry.field(description="What to call it, 1 to 120 characters.")
    scopes: list[str] = strawberry.field(description="What it may do: names of `tokenScopes`, at least one.")
    expires_at: DateTime | None = strawberry.field(
        default=strawberry.UNSET, description="When it expires; never unless given."
    )


@strawberry.type(description="Answer to `createPersonalAccessToken`.")
class CreatePersonalAccessTokenPayload:
    token: PersonalAccessToken | None = column("The new token; null when refused.")
    secret: str | None = column("Its secret, shown in this answer and never again; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which token to delete.")
class DeletePersonalAccessTokenInput:
    id: strawberry.ID = strawberry.field(description="A token of your own.")


@strawberry.type(description="Answer to `deletePersonalAccessToken`.")
class DeletePersonalAccessTokenPayload:
    deleted: strawberry.ID | None = column("Id of the deleted token; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="A new API key.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="What to call it, 1 to 120 characters.")


@strawberry.type(description="Answer to `createApiKey`.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = column("The new key; null when refused.")
    secret: str | None = column("Its secret, shown in this answer and never again; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="Which API key to delete.")
class DeleteApiKeyInput:
    id: strawberry.ID = strawberry.field(description="A key of your own.")


@strawberry.type(description="Answer to `deleteApiKey`.")
class DeleteApiKeyPayload:
    deleted: strawberry.ID | None = column("Id of the deleted key; null when refused.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.input(description="A token that somebody has shown to your service. Send it as a variable.")
class IntrospectTokenInput:
    token: str = strawberry.field(description="The token's secret.")


@strawberry.type(description="Answer to `introspectToken`. Of a token that is not valid nothing else is said.")
class IntrospectTokenPayload:
    active: bool | None = column("Whether the token is valid now; null when refused.")
    scopes: list[str] | None = column("What it may do; null when it is not valid.")
    account: strawberry.ID | None = column("Whom it acts for; null when it is not valid.")
    email: str | None = column("The address of whom it acts for; null when it is not valid.")
    errors: list[UserError] = column("Why it was refused; empty when it was not.")


@strawberry.type
class TokensMutation:
    create_personal_access_token: CreatePersonalAccessTokenPayload = mutation_by(
        tokens.create,
        "Make a personal access token for the account that is signed in; its owner is told by mail.",
        allowed=[Elevated()],
        input=CreatePersonalAccessTokenInput,
    )
    delete_personal_access_token: DeletePersonalAccessTokenPayload = mutation_by(
        tokens.delete,
        "Delete one of your tokens. It is dead on the next request.",
        allowed=[InSession()],
        input=DeletePersonalAccessTokenInput,
    )
    create_api_key: CreateApiKeyPayload = mutation_by(
        tokens.create_key,
        "Make an API key for the account that is signed in; its owner is told by mail.",
        allowed=[Elevated()],
        input=CreateApiKeyInput,
    )
    delete_api_key: DeleteApiKeyPayload = mutation_by(
        tokens.delete_key,
        "Delete one of your API keys. It is dead on the next request.",
        allowed=[InSession()],
        input=DeleteApiKeyInput,
    )
    introspect_token: IntrospectTokenPayload = mutation_by(
        tokens.introspect,
        "Ask what a token is worth that somebody has shown to your service. For service accounts, under "
        "`mx:token:introspect`.",
        allowed=[ServiceAccount()],
        input=IntrospectTokenInput,
    )
