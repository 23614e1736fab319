"""Identities that log in to Vault with a token that somebody else issues: made, used, changed, destroyed.

The JWTs are signed by the test; the tokens of service accounts are reviewed by a double of a cluster's API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import hvac
import pytest

from tests.engine.access import reads
from tests.engine.programs import assert_gone, evidence, program, vault_bundle, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.cluster import ClusterDouble
from tools.lab.sandbox.issuer import Issuer

NAME = "orders-vault"
SECRET = "nhi.SecretSpec()"
GRANTED = "secret/deploy/orders"
SUBJECT = "repo:example/orders:ref:refs/heads/main"
AUDIENCE = "https://github.com/example"
BY_JWT = f"vault.JwtLogin(bound_audiences=[{AUDIENCE!r}], bound_subject={SUBJECT!r})"
BY_KUBERNETES = "vault.KubernetesLogin(namespace='shop', service_account='orders', audience='vault')"
ON_MAIN = "vault.GitHub(repository='example/orders', ref='refs/heads/main')"
REFUSED = (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)


@dataclass(frozen=True)
class Issuers:
    """Who can make logins: an issuer of JWTs for `jwt/`, a cluster for `kubernetes/`."""

    vault: Callable[..., Any]
    jwt: Issuer
    cluster: ClusterDouble

    def job(self, **claims: str) -> str:
        """The token of a GitHub job on the main branch, but for the claims given."""
        known = {"sub": SUBJECT, "aud": AUDIENCE, "repository": "example/orders", "ref": "refs/heads/main"}
        return self.jwt.token(**known | claims)

    def log_in(self, mount: str, role: str, issued: str) -> Any:
        """A client that has logged in; raises one of `REFUSED` when Vault refuses."""
        client = self.vault("")
        client.token = client.write(f"auth/{mount}/login", role=role, jwt=issued)["auth"]["client_token"]
        return client


@pytest.fixture
def issuers(sandbox: Sandbox, vault_client: Callable[..., Any]) -> Iterator[Issuers]:
    root, issuer = vault_client(), Issuer()
    root.secrets.kv.v2.create_or_update_secret(GRANTED.removeprefix("secret/"), {"v": "1"}, mount_point="secret")
    root.sys.enable_auth_method("jwt")
    root.write("auth/jwt/config", jwt_validation_pubkeys=[issuer.public_key])
    root.sys.enable_auth_method("kubernetes")
    with ClusterDouble() as cluster:
        cluster.configure(root, "kubernetes")
        yield Issuers(vault_client, issuer, cluster)


def pipeline(component: str = NAME, granted: str = GRANTED, **identity: Any) -> str:
    """A `vault.PipelineIdentity` that may read one entry, which it exports as `secret`."""
    fields = with_identity(kind="pipeline", **identity)
    variable = component.replace("-", "_")
    outputs = {"lease": "lease_id", "role": "role_name", "entity": "entity_id"}
    exported = ", ".join(f"{key!r}: {variable}.{attribute}" for key, attribute in outputs.items())
    grants = f"vault.intents.kv.read({granted.removeprefix('secret/')!r})"
    return (
        f"{variable} = vault.PipelineIdentity({component!r}, identity={fields!r}, source={ON_MAIN}, grants={grants})\n"
        f"pulumi.export({component!r}, {{{exported}, 'secret': {granted!r}}})"
    )


CASES = {
    "jwt": (vault_bundle(login=BY_JWT, secret=SECRET), lambda issuers: issuers.job(), "vault-jwt-role"),
    "kubernetes": (
        vault_bundle(login=BY_KUBERNETES, secret=SECRET),
        lambda issuers: issuers.cluster.token("shop", "orders", "vault"),
        "vault-kubernetes-role",
    ),
    "pipeline": (pipeline(), lambda issuers: issuers.job(), "vault-jwt-role"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_logs_in_is_destroyed_and_leaves_nothing(
    case: str, project: Callable[..., Project], issuers: Issuers
) -> None:
    bundle, issue, kind = CASES[case]
    mount = "kubernetes" if case == "kubernetes" else "jwt"
    stack = project(program(bundle))
    stack.up()
    made = stack.outputs()[NAME]
    session = issuers.log_in(mount, made["role"], issue(issuers))
    assert session.auth.token.lookup_self()["data"]["entity_id"] == made["entity"]
    assert reads(session, made["secret"])
    assert not reads(session, "secret/nhi/test/somebody-else")
    stack.up("--expect-no-changes", "--refresh")
    assert reads(session, made["secret"])

    stack.destroy()
    assert not reads(session, made["secret"])
    with pytest.raises(REFUSED):
        issuers.log_in(mount, made["role"], issue(issuers))
    assert_gone(stack, made["lease"])
    (row,) = [row for row in evidence(stack, made["lease"])["removals"] if row["link"]["kind"] == kind]
    assert all(row[fact]["state"] == "at" for fact in ("disabled_at", "absent_at", "refused_at"))
    assert row["link"]["unique_id"]


@pytest.mark.parametrize(
    "changed",
    [
        {"sub": "repo:example/orders:ref:refs/heads/other"},
        {"aud": "https://github.com/somebody-else"},
        {"repository": "example/other"},
        {"ref": "refs/heads/other"},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_pipeline_s_token_with_another_claim_is_refused(
    changed: dict[str, str], project: Callable[..., Project], issuers: Issuers
) -> None:
    stack = project(program(pipeline()))
    stack.up()
    role = stack.outputs()[NAME]["role"]
    assert issuers.log_in("jwt", role, issuers.job())
    with pytest.raises(REFUSED):
        issuers.log_in("jwt", role, issuers.job(**changed))


def test_a_service_account_of_another_name_namespace_or_audience_is_refused(
    project: Callable[..., Project], issuers: Issuers
) -> None:
    stack = project(program(vault_bundle(login=BY_KUBERNETES)))
    stack.up()
    role = stack.outputs()[NAME]["role"]
    assert issuers.log_in("kubernetes", role, issuers.cluster.token("shop", "orders", "vault"))
    for account in (("shop", "other", "vault"), ("test", "orders", "vault"), ("shop", "orders", "other")):
        with pytest.raises(REFUSED):
            issuers.log_in("kubernetes", role, issuers.cluster.token(*account))
    with pytest.raises(REFUSED):
        issuers.log_in("kubernetes", role, ClusterDouble().token("shop", "orders", "vault"))


def test_two_identities_cannot_share_a_subject(project: Callable[..., Project], issuers: Issuers) -> None:
    """Vault itself would silently take the second alias for the move of the first."""
    stack = project(program(pipeline()))
    stack.up()
    made = stack.outputs()[NAME]
    stack.write({"__main__.py": program(pipeline(), pipeline("other", "secret/other", name="other"))})
    refused = stack.up(check=False)
    assert refused.code != 0
    assert "already exists for mount accessor" in refused.text
    session = issuers.log_in("jwt", made["role"], issuers.job())
    assert session.auth.token.lookup_self()["data"]["entity_id"] == made["entity"]
    stack.destroy()
    assert stack.resources() == []


def test_the_way_to_log_in_can_be_changed(project: Callable[..., Project], issuers: Issuers) -> None:
    stack = project(program(vault_bundle(secret=SECRET)))
    stack.up()
    before = stack.outputs()[NAME]
    stack.write({"__main__.py": program(vault_bundle(login=BY_JWT, secret=SECRET))})
    stack.up()
    made = stack.outputs()[NAME]
    assert (made["entity"], made["secret"], made["role_id"]) == (before["entity"], before["secret"], None)
    assert issuers.vault().read(f"auth/approle/role/{before['role']}") is None
    session = issuers.log_in("jwt", made["role"], issuers.job())
    assert session.auth.token.lookup_self()["data"]["entity_id"] == made["entity"]
    stack.up()  # confirms that the AppRole, which has left the program, is gone
    stack.up("--expect-no-changes")
    stack.destroy()
    assert_gone(stack, made["lease"])


def test_a_suspended_identity_cannot_log_in_until_it_is_active_again(
    project: Callable[..., Project], issuers: Issuers
) -> None:
    stack = project(program(pipeline()))
    stack.up()
    made = stack.outputs()[NAME]
    session = issuers.log_in("jwt", made["role"], issuers.job())
    stack.write({"__main__.py": program(pipeline(state="suspended"))})
    stack.up()
    assert stack.outputs()[NAME] == made
    assert not reads(session, made["secret"])
    with pytest.raises(REFUSED):
        issuers.log_in("jwt", made["role"], issuers.job())
    stack.write({"__main__.py": program(pipeline())})
    stack.up()
    assert reads(issuers.log_in("jwt", made["role"], issuers.job()), made["secret"])
