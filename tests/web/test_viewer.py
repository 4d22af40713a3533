"""Who a caller is: a person, a service, or unknown. docs/rules/accounts.md#accounts."""

from models.accounts import Account
from models.audit import AuditEntry, Origin
from resolvers.base import ids
from services.core import audit
from services.core.audit import OPERATOR, Actor
from tests.helpers.factories import make_person, make_service, make_token
from tests.helpers.graphql_client import GraphQLClient
from tests.helpers.people import in_session, make_company_with_admin, make_member, with_key
from tests.helpers.transactions import committed

WHO = """{ viewer { id account { __typename id email isCompanyAdmin } profile { id } allowsMarketing }
  serviceAccount { __typename id email name status company { name } } }"""
NODE = "query Node($id: ID!) { node(id: $id) { __typename id } }"
READ = "mx:user:profile:v1:read"


async def test_a_person_is_the_viewer_by_any_credential(checked_client: GraphQLClient) -> None:
    ada = await make_person("ada@people.example")
    own = {
        "viewer": {
            "id": ids.encode("Viewer", ada.id),
            "account": {
                "__typename": "PersonAccount",
                "id": ids.encode("Account", ada.id),
                "email": "ada@people.example",
                "isCompanyAdmin": False,
            },
            "profile": {"id": ids.encode("Profile", ada.own_profile_id)},
            "allowsMarketing": False,
        },
        "serviceAccount": None,
    }
    token = {"Authorization": f"mxtoken {await make_token(ada, READ)}"}
    for headers in (await in_session(ada), await with_key(ada), token):
        assert await checked_client.data(WHO, headers=headers) == own
    assert await checked_client.data(WHO) == {"viewer": None, "serviceAccount": None}


async def test_a_service_is_a_service_account_and_no_viewer(checked_client: GraphQLClient) -> None:
    service = await make_service("robot@services.example")
    own = {"__typename": "ServiceAccount", "id": ids.encode("Account", service.id), "email": "robot@services.example"}
    seen = await checked_client.data(WHO, token=await make_token(service, READ))
    assert seen["viewer"] is None
    assert seen["serviceAccount"] == {**own, "name": "Service", "status": "ACTIVE", "company": None}
    for scope in ("mx:points:ingest", "mx:token:introspect"):
        document = "{ serviceAccount { id name } }"
        shown = await checked_client.data(document, token=await make_token(service, scope))
        assert shown["serviceAccount"] == {"id": own["id"], "name": "Service"}
    token = await make_token(service, READ)
    assert (await checked_client.data(NODE, token=token, id=own["id"]))["node"]["__typename"] == "ServiceAccount"
    assert (await checked_client.data(NODE, token=token, id=ids.encode("Viewer", service.id)))["node"] is None


async def test_the_viewer_is_a_node_for_oneself_alone(checked_client: GraphQLClient) -> None:
    ada, ben = await make_person(), await make_person()
    own = ids.encode("Viewer", ada.id)
    assert await checked_client.data(NODE, headers=await in_session(ada), id=own) == {
        "node": {"__typename": "Viewer", "id": own}
    }
    for headers in ({}, await in_session(ben)):
        assert await checked_client.data(NODE, headers=headers, id=own) == {"node": None}


async def test_an_account_is_a_node_for_its_owner_and_the_admin(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben, eve = await make_member(company, "ben@harbor.example"), await make_member(company, "eve@harbor.example")
    _, stranger = await make_company_with_admin("Other", "other.example")
    asked = {"id": ids.encode("Account", ben.id)}
    document = "query A($id: ID!) { node(id: $id) { ... on PersonAccount { email profile { id } } } }"
    # when, then
    own = await checked_client.data(document, headers=await in_session(ben), **asked)
    assert own["node"] == {"email": ben.email, "profile": {"id": ids.encode("Profile", ben.own_profile_id)}}
    for headers in (await in_session(admin), await with_key(admin)):
        shown = await checked_client.data(document, headers=headers, **asked)
        assert shown["node"] == {"email": ben.email, "profile": None}
    token = {"Authorization": f"mxtoken {await make_token(admin, READ)}"}
    for headers in ({}, token, await in_session(eve), await in_session(stranger)):
        assert (await checked_client.data(document, headers=headers, **asked))["node"] is None


async def test_an_entry_is_a_node_as_in_the_trail(checked_client: GraphQLClient) -> None:
    # given
    company, admin = await make_company_with_admin()
    ben = await make_member(company, "ben@harbor.example")
    _, stranger = await make_company_with_admin("Other", "other.example")
    await AuditEntry.all().delete()
    bens = Actor(ben.id, Origin.SESSION, "192.0.2.9")
    await committed(audit.record("recovery-email.changed", actor=bens, account_id=ben.id, email="private@home.example"))
    await committed(audit.record("sign-in", actor=OPERATOR, account_id=stranger.id))
    fields = "id action outcome ipAddress actor { id email } facts { name new }"
    node = f"query N($id: ID!) {{ node(id: $id) {{ ... on AuditEntry {{ {fields} }} }} }}"
    own = f"{{ viewer {{ auditTrail {{ nodes {{ {fields} }} }} }} }}"
    theirs = f"{{ viewer {{ company {{ auditTrail {{ nodes {{ {fields} }} }} }} }} }}"
    as_ben, as_admin = await in_session(ben), await in_session(admin)
    # when
    [mine] = (await checked_client.data(own, headers=as_ben))["viewer"]["auditTrail"]["nodes"]
    [seen] = (await checked_client.data(theirs, headers=as_admin))["viewer"]["company"]["auditTrail"]["nodes"]
    # then
    assert mine["id"] == seen["id"] and mine["facts"] == [{"name": "email", "new": "private@home.example"}]
    assert seen == {**mine, "facts": []}
    assert (await checked_client.data(node, headers=as_ben, id=mine["id"]))["node"] == mine
    assert (await checked_client.data(node, headers=as_admin, id=mine["id"]))["node"] == seen
    member = await make_member(company, "eve@harbor.example")
    for headers in ({}, await in_session(member), await in_session(stranger)):
        assert (await checked_client.data(node, headers=headers, id=mine["id"]))["node"] is None


async def test_all_accounts_of_a_person_are_theirs(checked_client: GraphQLClient) -> None:
    ada, second = await make_person("ada@people.example"), await make_person("ada@work.example")
    await Account.filter(id=second.id).update(profile_id=ada.profile_id)
    shown = await checked_client.data(NODE, headers=await in_session(ada), id=ids.encode("Account", second.id))
    assert shown["node"]["__typename"] == "PersonAccount"
