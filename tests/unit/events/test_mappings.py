"""What records say: which sections are stale, who was used, and that no change is ignored because it is not known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.glob import glob_matches
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.aws import events as aws
from nhi_components.lifecycle.adapters.gcp import events as gcp
from nhi_components.lifecycle.adapters.github import events as github
from nhi_components.lifecycle.adapters.kubernetes import events as kubernetes
from nhi_components.lifecycle.adapters.vault import events as vault
from nhi_components.lifecycle.events.ports import EVERYTHING, NOTHING, Told, Unreadable, Used
from nhi_components.lifecycle.events.systems import RECORDED, reading_of
from tests.unit.events.samples import ACCOUNT, AT, CLUSTER, VAULT, audited, logged, trail, vaulted

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/orders"
IAM_SECTIONS = ("iam/roles", "iam/users", "iam/groups", "iam/policies", "iam/access-keys")


def stale(told: Told) -> set[str]:
    return {section for event in told.events for section in event.sections}


@pytest.mark.parametrize(
    ("name", "service", "sections"),
    [
        ("CreateRole", "iam", {"iam/roles"}),
        ("PutRolePolicy", "iam", {"iam/roles"}),
        ("AttachRolePolicy", "iam", {"iam/roles", "iam/policies"}),
        ("DeleteUserPermissionsBoundary", "iam", {"iam/users", "iam/policies"}),
        ("UpdateAssumeRolePolicy", "iam", {"iam/roles"}),
        ("RemoveRoleFromInstanceProfile", "iam", {"iam/roles"}),
        ("CreatePolicyVersion", "iam", {"iam/policies"}),
        ("CreateAccessKey", "iam", {"iam/access-keys"}),
        ("CreateUser", "iam", {"iam/users", "iam/access-keys"}),
        ("AddUserToGroup", "iam", {"iam/users"}),
        ("PutGroupPolicy", "iam", {"iam/groups"}),
        ("EnableMFADevice", "iam", set()),
        ("CreateFunction20150331", "lambda", {"lambda/eu-central-1"}),
        ("UpdateFunctionConfiguration20150331v2", "lambda", {"lambda/eu-central-1"}),
        ("PublishVersion20150331", "lambda", set()),
        ("RunInstances", "ec2", {"ec2/instances/eu-central-1"}),
        ("EnableRegion", "account", {"ec2/regions"}),
        ("PutObject", "s3", set()),
        ("InventedNextYear", "iam", set(EVERYTHING)),
        ("InventedNextYear20300101", "lambda", set(EVERYTHING)),
    ],
)
def test_calls_of_aws_make_their_sections_stale(name: str, service: str, sections: set[str]) -> None:
    told = aws.told(trail(name, service))
    assert stale(told) == sections
    assert [(event.place, event.at) for event in told.events] == ([(ACCOUNT, AT)] if sections else [])


def test_what_failed_or_only_reads_makes_nothing_stale() -> None:
    assert aws.told(trail("CreateRole", errorCode="AccessDenied")) == NOTHING
    assert aws.told(trail("InventedNextYear", readOnly=True)).events == ()
    assert aws.told(trail("InventedNextYear", readOnly="true")).events == ()
    assert aws.told(trail("ListRoles", readOnly=None)).events == ()
    assert aws.told(trail("CreateRole", readOnly=None)).events != ()


def test_uses_of_roles_and_keys_are_told_with_their_own_ids() -> None:
    assumed = trail(
        "AssumeRole",
        "sts",
        readOnly=True,
        requestParameters={"roleArn": ROLE},
        responseElements={"assumedRoleUser": {"assumedRoleId": "AROA1:session"}},
    )
    assert aws.told(assumed).uses == (Used(System.AWS, ROLE, AT, "AROA1"),)
    user = {"type": "IAMUser", "arn": "arn:u", "principalId": "AIDA1", "accessKeyId": "AKIA1"}
    assert aws.told(trail("GetObject", "s3", userIdentity=user)).uses == (
        Used(System.AWS, "arn:u", AT, "AIDA1", "AKIA1"),
    )
    session = {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": ROLE, "principalId": "AROA1"}}}
    assert aws.told(trail("GetObject", "s3", userIdentity=session)).uses == (Used(System.AWS, ROLE, AT, "AROA1"),)
    assert (
        aws.told(trail("AssumeRole", "sts", errorCode="AccessDenied", requestParameters={"roleArn": ROLE})) == NOTHING
    )


def test_what_eventbridge_wraps_is_the_record() -> None:
    record = trail("CreateRole", requestParameters={"roleName": "orders"})
    del record["recipientAccountId"]
    (event,) = aws.of_bridge({"account": ACCOUNT, "detail": record}).events
    assert (event.place, event.sections, event.about) == (
        ACCOUNT,
        ("iam/roles",),
        (f"arn:aws:iam::{ACCOUNT}:role/orders",),
    )
    with pytest.raises(Unreadable):
        aws.of_bridge({"account": ACCOUNT})


@given(st.sampled_from(["iam", "lambda"]), st.text(min_size=1, max_size=40))
def test_every_change_of_aws_is_either_known_or_makes_everything_stale(service: str, name: str) -> None:
    sections = aws.sections_of(service, name, "eu-central-1")
    known = {*IAM_SECTIONS, "lambda/eu-central-1"}
    assert sections == EVERYTHING or set(sections) <= known


@pytest.mark.parametrize(
    ("record", "sections"),
    [
        (audited("create", "serviceaccounts"), {"serviceaccounts"}),
        (audited("deletecollection", "secrets"), {"secrets"}),
        (audited("patch", "clusterroles", "rbac.authorization.k8s.io"), {"clusterroles.rbac.authorization.k8s.io"}),
        (audited("update", "deployments", "apps"), {"deployments.apps"}),
        (audited("invented", "pods"), {"pods"}),
        (audited("create", "invented", "rbac.authorization.k8s.io"), set(EVERYTHING)),
        (audited("create", "configmaps"), set()),
        (audited("list", "secrets"), set()),
        (audited("create", "secrets", responseStatus={"code": 403}), set()),
        (audited("create", "secrets", stage="RequestReceived"), set()),
        (
            audited("create", "serviceaccounts", objectRef={"resource": "serviceaccounts", "subresource": "token"}),
            set(),
        ),
    ],
)
def test_requests_to_a_cluster_make_their_sections_stale(record: dict[str, Any], sections: set[str]) -> None:
    assert stale(kubernetes.told(record, CLUSTER)) == sections


def test_a_cluster_tells_which_accounts_have_asked() -> None:
    user = {"username": "system:serviceaccount:shop:orders", "uid": "uid-1"}
    (used,) = kubernetes.told(audited("list", "secrets", user=user), CLUSTER).uses
    assert (used.identity, used.unique_id) == (f"{CLUSTER}: kubernetes:shop/orders", "uid-1")
    assert kubernetes.told(audited("list", "secrets", user=user), "").uses == ()


@given(st.text(max_size=30), st.sampled_from(["", "apps", "batch", "rbac.authorization.k8s.io", "other.example.com"]))
def test_every_resource_that_discovery_reads_is_its_own_section(resource: str, group: str) -> None:
    sections = kubernetes.sections_of({"resource": resource, "apiGroup": group})
    name = f"{resource}.{group}" if group else resource
    assert (name in kubernetes.SECTIONS) == (sections == (name,))
    assert sections in ((), (name,), EVERYTHING)


@pytest.mark.parametrize(
    ("record", "matching", "other"),
    [
        (vaulted("update", "auth/approle/role/orders", "auth/approle/"), "auth/approle/approle", "auth/jwt/jwt"),
        (
            vaulted("update", "auth/team/approle/role/x/secret-id", "auth/team/approle/"),
            "secret-ids/approle/team/approle",
            "tokens",
        ),
        (vaulted("update", "auth/token/create"), "tokens", "policies"),
        (vaulted("update", "auth/token/roles/ci"), "auth/token/token", "tokens"),
        (vaulted("delete", "sys/policies/acl/orders"), "policies", "tokens"),
        (vaulted("update", "sys/policy/orders"), "policies", "tokens"),
        (vaulted("update", "sys/mounts/kv"), "mounts/all", "policies"),
        (vaulted("delete", "sys/mounts/team/kv"), "kv/2/team/kv", "kv/2/kv"),
        (vaulted("create", "kv/data/orders", "kv/"), "kv/2/kv", "kv/2/other"),
        (vaulted("update", "database/roles/orders", "database/"), "engine/database/database", "kv/2/kv"),
        (vaulted("update", "identity/entity/id/e1"), "identity/entities", "identity/groups"),
        (vaulted("update", "identity/invented"), "identity/groups", "policies"),
        (vaulted("update", "sys/invented"), "*", "nothing"),
        (vaulted("invented", "kv/data/orders", "kv/"), "*", "nothing"),
    ],
)
def test_changes_of_a_vault_make_their_sections_stale(record: dict[str, Any], matching: str, other: str) -> None:
    (event,) = vault.told(record, VAULT).events
    assert any(glob_matches(pattern, matching) for pattern in event.sections)
    assert not any(glob_matches(pattern, other) for pattern in event.sections if pattern != "*")
    assert event.otherwise == ("mounts/all", "mounts/seen")


@pytest.mark.parametrize(
    "record",
    [
        vaulted("read", "kv/data/orders", "kv/"),
        vaulted("update", "sys/leases/renew"),
        vaulted("update", "auth/token/lookup"),
        vaulted("update", "auth/approle/role/orders/secret-id-accessor/lookup", "auth/approle/"),
        vaulted("update", "database/creds/orders", "database/"),
        vaulted("update", "kv/data/orders", "kv/", error="permission denied"),
        vaulted("update", "kv/data/orders", "kv/", type="request"),
    ],
)
def test_what_changes_nothing_of_a_vault_makes_nothing_stale(record: dict[str, Any]) -> None:
    assert vault.told(record, VAULT).events == ()


def test_of_another_namespace_nothing_is_told() -> None:
    record = vaulted("update", "kv/data/orders", "kv/")
    record["request"]["namespace"] = {"id": "x", "path": "team/"}
    assert vault.told(record, VAULT) == NOTHING
    assert len(vault.told(record, f"{VAULT}/team").events) == 1


def test_a_login_makes_the_entities_stale_only_when_its_entity_is_new() -> None:
    told = {"auth": {"entity_id": "e1", "metadata": {"role_name": "orders"}}}
    found = vault.told(vaulted("update", "auth/approle/login", "auth/approle/", **told), VAULT)
    (event,) = found.events
    assert (event.sections, event.unless_known) == (("identity/entities",), f"{VAULT}/identity/entity/id/e1")
    assert [used.identity for used in found.uses] == [
        f"{VAULT}/identity/entity/id/e1",
        f"{VAULT}/auth/approle/role/orders",
    ]
    assert vault.told(vaulted("update", "auth/approle/login", "auth/approle/"), VAULT).events == ()


@given(st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_every_path_of_a_vault_has_sections_or_is_known_to_have_none(path: str, mount: str) -> None:
    sections = vault.sections_of(path, mount)
    nothing = [beginning for beginning, known in vault._BY_PATH if not known]
    rest = path.removeprefix("auth/").removeprefix(mount.removeprefix("auth/") or path.partition("/")[0]).strip("/")
    assert (
        sections
        or path.endswith("/lookup")
        or path.startswith(tuple(nothing))
        or rest.partition("/")[0] in vault._TRANSIENT
    )


@pytest.mark.parametrize(
    ("record", "sections"),
    [
        (logged("google.iam.admin.v1.CreateServiceAccountKey"), {"keys/shop"}),
        (logged("google.iam.admin.v1.DisableServiceAccount"), {"accounts/shop"}),
        (
            logged("google.iam.admin.v1.DeleteServiceAccount"),
            {"accounts/shop", "keys/shop", "ways-in/shop", "grants/shop"},
        ),
        (logged("google.iam.admin.v1.SetIAMPolicy"), {"ways-in/shop"}),
        (logged("google.iam.admin.v1.UpdateRole"), {"roles/shop"}),
        (logged("google.iam.admin.v1.CreateRole", resourceName="organizations/1/roles/x"), {"organization/roles/*"}),
        (logged("google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider"), {"pools/shop"}),
        (logged("SetIamPolicy", "cloudresourcemanager.googleapis.com", resourceName="projects/shop"), {"grants/shop"}),
        (logged("CreateProject", "cloudresourcemanager.googleapis.com"), {"projects"}),
        (logged("storage.setIamPermissions", "storage.googleapis.com"), {"grants/shop"}),
        (logged("google.cloud.run.v2.Services.UpdateService", "run.googleapis.com"), {"dependents/shop"}),
        (logged("v1.compute.instances.insert", "compute.googleapis.com"), {"dependents/shop"}),
        (logged("v1.compute.disks.insert", "compute.googleapis.com"), set()),
        (logged("google.iam.admin.v1.InventedNextYear"), set(EVERYTHING)),
        (logged("google.iam.admin.v1.CreateServiceAccountKey", status={"code": 7}), set()),
    ],
)
def test_calls_of_google_make_their_sections_stale(record: dict[str, Any], sections: set[str]) -> None:
    assert stale(gcp.told(record, "place")) == sections


def test_google_tells_which_accounts_have_called_and_by_which_key() -> None:
    who = {"principalEmail": "a@shop.iam.gserviceaccount.com", "serviceAccountKeyName": "//iam/…/keys/k1"}
    (used,) = gcp.told(logged("storage.objects.get", "storage.googleapis.com", authenticationInfo=who)).uses
    assert (used.identity, used.credential) == ("serviceAccount:a@shop.iam.gserviceaccount.com", "k1")
    person = {"principalEmail": "dana@example.com"}
    assert gcp.told(logged("x.get", "storage.googleapis.com", authenticationInfo=person)).uses == ()


def test_what_the_asset_inventory_tells_settles_later() -> None:
    (grants,) = gcp.told(logged("SetIamPolicy", "pubsub.googleapis.com")).events
    (keys,) = gcp.told(logged("google.iam.admin.v1.CreateServiceAccountKey")).events
    assert grants.settles == gcp.ASSETS_SETTLE > keys.settles


@given(st.text(min_size=1, max_size=40).filter(lambda name: "." not in name))
def test_every_change_of_googles_iam_is_known_or_makes_everything_stale(name: str) -> None:
    sections = gcp.sections_of("iam.googleapis.com", f"google.iam.admin.v1.{name}", "", "shop")
    known = any(pattern.fullmatch(name) for pattern, _ in gcp._OF_IAM)
    assert known or sections == EVERYTHING


def hooked(name: str, **body: Any) -> Told:
    return github.of_hook(name, "delivery-1", {"organization": {"login": "shop"}, **body}, AT)


def test_web_hooks_of_github_make_parts_of_an_organisation_stale() -> None:
    assert stale(hooked("deploy_key", action="created")) == {"deploy-keys/shop", "deploy-keys/shop/*"}
    assert stale(hooked("repository", action="created")) == {"*/shop", "*/shop/*"}
    assert stale(hooked("invented")) == {"*/shop", "*/shop/*"}
    assert hooked("issues", action="opened") == hooked("ping") == NOTHING
    assert hooked("push", commits=[{"added": ["src/a.py"]}]) == NOTHING
    assert "repositories/shop" in stale(hooked("push", commits=[{"modified": [".github/workflows/ci.yaml"]}]))
    assert "repositories/shop" in stale(hooked("push", commits=[]))
    with pytest.raises(Unreadable):
        github.of_hook("repository", "delivery-1", {}, AT)


@given(st.text(min_size=1, max_size=30))
def test_every_web_hook_of_github_is_known_or_makes_its_organisation_stale(name: str) -> None:
    assert (hooked(name) == NOTHING) == (name in github.IRRELEVANT)


def test_entries_of_githubs_audit_log() -> None:
    entry = {"action": "org.update_actions_secret", "org": "shop", "@timestamp": 1796029200000, "_document_id": "d1"}
    (event,) = github.told(entry).events
    assert (event.id, event.at, event.sections) == ("d1", AT, ("*/shop", "*/shop/*"))
    assert github.told({**entry, "action": "issues.opened"}) == NOTHING


@pytest.mark.parametrize("system", RECORDED)
def test_what_is_no_record_is_refused_without_quoting_it(system: System) -> None:
    with pytest.raises(Unreadable) as refused:
        reading_of(system)({"password": "hunter2"}, "place")
    assert "hunter2" not in str(refused.value)
