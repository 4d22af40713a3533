"""Personal access tokens and API keys."""

import strawberry

from catalogue.scopes import SCOPES, TokenScopeName, names_of
from resolvers import tokens
from resolvers.base.permissions import Elevated, InSession, ServiceAccount
from schema.enums import enum_of
from schema.errors import UserError
from schema.fields import answered_by, column, mutation_by
from schema.nodes import Node, id_of
from schema.scalars import DateTime
from services.auth.stored_credentials import Unusable
from services.errors import ErrorCode

enum_of(
    Unusable,
    "Reason why an existing token or API key is refused.",
    {
        "EXPIRED": "It has expired.",
        "PASSWORD_EXPIRED": "Its owner's password has expired and must be changed.",
        "ACCOUNT_DEACTIVATED": "Its owner's account is deactivated.",
    },
    name="CredentialProblem",
)

enum_of(
    TokenScopeName,
    "Name of a token's scope. Names may be added; existing names stay.",
    {each.name: SCOPES[each.value].about for each in TokenScopeName},
)


@strawberry.type(description="A permission that a token can have.")
class TokenScope:
    name: TokenScopeName = column("Name of the scope.")
    text: str = column("The scope as the command line and other services write it, like `mx:points:ingest`.")
    group: str = column("Service or area of the scope.")
    description: str = column("Description of the scope.", read=lambda row: row["about"])
    opens: list[str] = column(
        "Fields of this API that the scope opens, as `Type.field`; empty for scopes that only other services use."
    )
    is_service_only: bool = column("True if only service accounts can have it.")


@strawberry.type(description="A personal access token. Its secret is returned once, when it is created.")
class PersonalAccessToken(Node):
    id: strawberry.ID = column("Opaque id of the token, like `pat_5k2v9x0qcm`.", read=id_of("PersonalAccessToken"))
    name: str = column("Name of the token, as its owner entered it.")
    scopes: list[TokenScopeName] = column(
        "Scopes of the token, in alphabetical order.", read=lambda row: names_of(row["scopes"])
    )
    hint: str = column("Last four characters of the secret.")
    created_at: DateTime = column("When it was created.")
    expires_at: DateTime | None = column("When it expires; null if never.")
    last_used_at: DateTime | None = column("When it was last used, accurate to one minute; null if never.")
    is_usable: bool = column("True if it works now.", read=lambda row: row["unusable"] is None)
    problem: Unusable | None = column("Why it does not work; null if it works.", read=lambda row: row["unusable"])


@strawberry.type(
    description=(
        "An API key. Sent together with its owner's email address, it has all rights of the account. Its secret "
        "is returned once, when it is created."
    )
)
class ApiKey(Node):
    id: strawberry.ID = column("Opaque id of the key, like `key_5k2v9x0qcm`.", read=id_of("ApiKey"))
    name: str = column("Name of the key, as its owner entered it.")
    hint: str = column("Last four characters of the secret.")
    created_at: DateTime = column("When it was created.")
    last_used_at: DateTime | None = column("When it was last used, accurate to one minute; null if never.")
    is_usable: bool = column("True if it works now.", read=lambda row: row["unusable"] is None)
    problem: Unusable | None = column("Why it does not work; null if it works.", read=lambda row: row["unusable"])


@strawberry.type
class TokensOfViewer:
    personal_access_tokens: list[PersonalAccessToken] = answered_by(
        tokens.personal_access_tokens, "Personal access tokens of your account, oldest first."
    )
    api_keys: list[ApiKey] = answered_by(tokens.keys, "API keys of your account, oldest first.")


@strawberry.type
class TokensQuery:
    token_scopes: list[TokenScope] = answered_by(tokens.scopes, "All scopes that a token can have, ordered by group.")


@strawberry.input(description="The token to create.")
class CreatePersonalAccessTokenInput:
    name: str = strawberry.field(description="Name of the token, 1 to 120 characters.")
    scopes: list[TokenScopeName] = strawberry.field(
        description="Scopes of the token, each once; at least one. `Query.tokenScopes` describes them."
    )
    expires_at: DateTime | None = strawberry.field(
        default=strawberry.UNSET, description="When it expires; never by default."
    )


@strawberry.type(description="Payload of `createPersonalAccessToken`.")
class CreatePersonalAccessTokenPayload:
    token: PersonalAccessToken | None = column("The new token; null if refused.")
    secret: str | None = column("Secret of the token, returned this once only; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The token to delete.")
class DeletePersonalAccessTokenInput:
    token_id: strawberry.ID = strawberry.field(description="Id of your token, like `pat_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `deletePersonalAccessToken`.")
class DeletePersonalAccessTokenPayload:
    deleted_token_id: strawberry.ID | None = column("Id of the deleted token; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The API key to create.")
class CreateApiKeyInput:
    name: str = strawberry.field(description="Name of the key, 1 to 120 characters.")


@strawberry.type(description="Payload of `createApiKey`.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = column("The new key; null if refused.")
    secret: str | None = column("Secret of the key, returned this once only; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(description="The API key to delete.")
class DeleteApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description="Id of your key, like `key_5k2v9x0qcm`.")


@strawberry.type(description="Payload of `deleteApiKey`.")
class DeleteApiKeyPayload:
    deleted_api_key_id: strawberry.ID | None = column("Id of the deleted key; null if refused.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.input(
    description="The token that your service has received. Send it as a variable, not inside the document."
)
class IntrospectTokenInput:
    token: str = strawberry.field(description="Secret of the token.")


@strawberry.type(description="Payload of `introspectToken`. Nothing is revealed about a token that is not valid.")
class IntrospectTokenPayload:
    is_active: bool | None = column("True if the token is valid now; null if refused.")
    scopes: list[TokenScopeName] | None = column("Its scopes, in alphabetical order; null if it is not valid.")
    account_id: strawberry.ID | None = column("Id of the account that it belongs to; null if it is not valid.")
    email: str | None = column("Email address of that account; null if it is not valid.")
    errors: list[UserError] = column("Why the mutation was refused; empty on success.")


@strawberry.type
class TokensMutation:
    create_personal_access_token: CreatePersonalAccessTokenPayload | None = mutation_by(
        tokens.create,
        "Create a personal access token for the account that is signed in, which can have up to 100. Its owner is notified by email.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED, ErrorCode.TOO_MANY_ITEMS],
        input=CreatePersonalAccessTokenInput,
    )
    delete_personal_access_token: DeletePersonalAccessTokenPayload | None = mutation_by(
        tokens.delete,
        "Delete one of your tokens. It stops working with the next request.",
        allowed=[InSession()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=DeletePersonalAccessTokenInput,
    )
    create_api_key: CreateApiKeyPayload | None = mutation_by(
        tokens.create_key,
        "Create an API key for the account that is signed in, which can have up to 100. Its owner is notified by email.",
        allowed=[Elevated()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND, ErrorCode.RATE_LIMITED, ErrorCode.TOO_MANY_ITEMS],
        input=CreateApiKeyInput,
    )
    delete_api_key: DeleteApiKeyPayload | None = mutation_by(
        tokens.delete_key,
        "Delete one of your API keys. It stops working with the next request.",
        allowed=[InSession()],
        codes=[ErrorCode.BAD_ID, ErrorCode.BAD_INPUT, ErrorCode.NOT_FOUND],
        input=DeleteApiKeyInput,
    )
    introspect_token: IntrospectTokenPayload | None = mutation_by(
        tokens.introspect,
        "Check a token that your service has received from a caller. Needs a service account with the scope "
        "`MX_TOKEN_INTROSPECT`.",
        allowed=[ServiceAccount()],
        codes=[ErrorCode.BAD_INPUT, ErrorCode.RATE_LIMITED],
        input=IntrospectTokenInput,
    )
