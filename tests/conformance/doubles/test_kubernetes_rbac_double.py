"""The double of a Kubernetes API server: accounts, tokens, RBAC, server-side apply, asked by Kubernetes' own client."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

from tools.doubles.gcp.oidc import verify
from tools.doubles.kubernetes import KubernetesDouble

SHOP = "shop"
READS = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["rates"]}


class Scene:
    """A cluster with an operator, and whoever else has a token."""

    def __init__(self, double: KubernetesDouble, folder: Path) -> None:
        self.double, self._folder = double, folder
        double.cluster.add_namespace(SHOP)
        double.cluster.put("configmaps", SHOP, "rates", {"data": {"eur": "1"}})
        double.grant("operator", "dana")
        self.api = self.speaking("operator")
        self.core, self.rbac = client.CoreV1Api(self.api), client.RbacAuthorizationV1Api(self.api)
        self.authentication = client.AuthenticationV1Api(self.api)

    def speaking(self, token: str) -> Any:
        file = self._folder / "config"
        file.write_text(self.double.kubeconfig(token))
        return config.new_client_from_config(str(file))

    def account(self, name: str = "orders") -> Any:
        return self.core.create_namespaced_service_account(SHOP, {"metadata": {"name": name}})

    def token(self, name: str = "orders", **spec: Any) -> str:
        made = self.core.create_namespaced_service_account_token(name, SHOP, {"spec": spec})
        return str(made.status.token)

    def bind(self, rules: list[dict[str, Any]], subjects: list[dict[str, str]], name: str = "orders") -> None:
        self.rbac.create_namespaced_role(SHOP, {"metadata": {"name": name}, "rules": rules})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        body = {"metadata": {"name": name}, "roleRef": reference, "subjects": subjects}
        self.rbac.create_namespaced_role_binding(SHOP, body)


OURS = [{"kind": "ServiceAccount", "name": "orders", "namespace": SHOP}]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with KubernetesDouble() as double:
        yield Scene(double, tmp_path)


def refused(call: Any, *arguments: Any, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(ApiException) as caught:
        call(*arguments, **named)
    told = json.loads(caught.value.body or "{}")
    return told["code"], told["reason"], told["message"]


def test_a_token_speaks_for_its_account_until_that_is_deleted(scene: Scene) -> None:
    uid = scene.account().metadata.uid
    token = scene.token()
    whoami = client.AuthenticationV1Api(scene.speaking(token)).create_self_subject_review
    user = whoami({}).status.user_info
    assert (user.username, user.uid) == (f"system:serviceaccount:{SHOP}:orders", uid)
    assert user.groups == ["system:serviceaccounts", f"system:serviceaccounts:{SHOP}", "system:authenticated"]
    scene.core.delete_namespaced_service_account("orders", SHOP)
    assert refused(whoami, {})[:2] == (401, "Unauthorized")
    scene.account()
    assert refused(whoami, {})[0] == 401


def test_a_deleted_account_s_token_may_be_cached(scene: Scene) -> None:
    scene.account()
    whoami = client.AuthenticationV1Api(scene.speaking(scene.token())).create_self_subject_review
    scene.double.cluster.tokens.cache = timedelta(seconds=10)
    scene.core.delete_namespaced_service_account("orders", SHOP)
    assert whoami({})
    scene.double.ahead = timedelta(seconds=11)
    assert refused(whoami, {})[0] == 401


def test_a_token_ends_and_is_for_its_audiences_alone(scene: Scene) -> None:
    scene.account()
    review = scene.authentication.create_token_review
    for_vault = scene.token(audiences=["vault"], expirationSeconds=600)
    assert review({"spec": {"token": for_vault, "audiences": ["vault"]}}).status.audiences == ["vault"]
    assert not review({"spec": {"token": for_vault}}).status.authenticated
    whoami = client.AuthenticationV1Api(scene.speaking(for_vault)).create_self_subject_review
    assert refused(whoami, {})[0] == 401
    scene.double.ahead = timedelta(seconds=601)
    assert not review({"spec": {"token": for_vault, "audiences": ["vault"]}}).status.authenticated
    code, reason, message = refused(scene.token, expirationSeconds=599)
    assert (code, reason) == (422, "Invalid")
    assert "10 minutes" in message


def test_whoever_has_the_cluster_s_keys_can_check_a_token(scene: Scene) -> None:
    scene.account()
    found = requests.get(f"{scene.double.url}/.well-known/openid-configuration", timeout=5).json()
    keys = requests.get(found["jwks_uri"], timeout=5).json()
    token = scene.token(audiences=["sts.amazonaws.com"])
    verify(token, keys)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["iss"], claims["aud"]) == (found["issuer"], ["sts.amazonaws.com"])
    assert claims["sub"] == f"system:serviceaccount:{SHOP}:orders"


def test_a_secret_keeps_a_token_that_goes_with_it_and_with_the_account(scene: Scene) -> None:
    uid = scene.account().metadata.uid
    metadata = {"name": "kept", "annotations": {"kubernetes.io/service-account.name": "orders"}}
    body = {"metadata": metadata, "type": "kubernetes.io/service-account-token"}
    made = scene.core.create_namespaced_secret(SHOP, body)
    assert made.metadata.annotations["kubernetes.io/service-account.uid"] == uid
    whoami = client.AuthenticationV1Api(
        scene.speaking(base64.b64decode(made.data["token"]).decode())
    ).create_self_subject_review
    scene.double.ahead = timedelta(days=400)
    assert whoami({})
    only = scene.core.list_secret_for_all_namespaces(field_selector="type=kubernetes.io/service-account-token").items
    assert [each.metadata.name for each in only] == ["kept"]
    scene.core.delete_namespaced_service_account("orders", SHOP)
    assert refused(whoami, {})[0] == 401
    assert refused(scene.core.read_namespaced_secret, "kept", SHOP)[0] == 404


def test_rbac_decides_by_verb_group_resource_name_and_namespace(scene: Scene) -> None:
    scene.account()
    core = client.CoreV1Api(scene.speaking(scene.token()))
    code, reason, message = refused(core.read_namespaced_config_map, "rates", SHOP)
    assert (code, reason) == (403, "Forbidden")
    assert (
        f'User "system:serviceaccount:{SHOP}:orders" cannot get resource "configmaps" in API group "" in the '
        f'namespace "{SHOP}"'
    ) in message
    scene.bind([READS], OURS)
    assert core.read_namespaced_config_map("rates", SHOP).data == {"eur": "1"}
    for call, arguments in (
        (core.read_namespaced_config_map, ("other", SHOP)),
        (core.read_namespaced_config_map, ("rates", "default")),
        (core.list_namespaced_config_map, (SHOP,)),
        (core.delete_namespaced_config_map, ("rates", SHOP)),
        (core.read_namespaced_secret, ("rates", SHOP)),
    ):
        assert refused(call, *arguments)[0] == 403


def test_a_rule_that_names_objects_permits_lists_of_that_one_and_no_creation(scene: Scene) -> None:
    scene.account()
    scene.bind([{**READS, "verbs": ["list", "watch", "create"]}], OURS)
    core = client.CoreV1Api(scene.speaking(scene.token()))
    only = core.list_namespaced_config_map(SHOP, field_selector="metadata.name=rates").items
    assert [each.metadata.name for each in only] == ["rates"]
    assert refused(core.list_namespaced_config_map, SHOP)[0] == 403
    assert refused(core.create_namespaced_config_map, SHOP, {"metadata": {"name": "rates"}})[0] == 403
    seen = watch.Watch().stream(core.list_namespaced_config_map, SHOP, field_selector="metadata.name=rates")
    assert next(seen)["object"].metadata.name == "rates"


@pytest.mark.parametrize(
    "subject",
    [
        {"kind": "User", "name": f"system:serviceaccount:{SHOP}:orders"},
        {"kind": "Group", "name": f"system:serviceaccounts:{SHOP}"},
        {"kind": "Group", "name": "system:authenticated"},
    ],
    ids=lambda subject: subject["name"],
)
def test_a_binding_of_the_cluster_gives_everywhere_by_user_and_group(scene: Scene, subject: dict[str, str]) -> None:
    scene.account()
    scene.rbac.create_cluster_role({"metadata": {"name": "all"}, "rules": [{**READS, "resourceNames": []}]})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all"}
    body = {"metadata": {"name": "all"}, "roleRef": reference, "subjects": [subject]}
    scene.rbac.create_cluster_role_binding(body)
    core = client.CoreV1Api(scene.speaking(scene.token()))
    assert core.read_namespaced_config_map("rates", SHOP)
    scene.rbac.delete_cluster_role_binding("all")
    assert refused(core.read_namespaced_config_map, "rates", SHOP)[0] == 403


def test_reviews_tell_what_somebody_may(scene: Scene) -> None:
    scene.account()
    scene.bind([READS], OURS)
    asked = {"namespace": SHOP, "verb": "get", "resource": "configmaps", "name": "rates"}
    own = client.AuthorizationV1Api(scene.speaking(scene.token()))
    assert own.create_self_subject_access_review({"spec": {"resourceAttributes": asked}}).status.allowed
    other = {"spec": {"resourceAttributes": {**asked, "verb": "delete"}}}
    assert not own.create_self_subject_access_review(other).status.allowed
    rules = own.create_self_subject_rules_review({"spec": {"namespace": SHOP}}).status.resource_rules
    assert [rule.resources for rule in rules] == [["configmaps"]]
    of_it = {"user": f"system:serviceaccount:{SHOP}:orders", "resourceAttributes": asked}
    authorization = client.AuthorizationV1Api(scene.api)
    assert authorization.create_subject_access_review({"spec": of_it}).status.allowed
    assert refused(own.create_subject_access_review, {"spec": of_it})[0] == 403


def test_nobody_gives_more_than_it_has(scene: Scene) -> None:
    scene.account()
    manage = {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["*"]}
    scene.bind([{**manage, "verbs": ["get", "create", "update", "patch", "delete"]}, READS], OURS)
    rbac = client.RbacAuthorizationV1Api(scene.speaking(scene.token()))
    more = {"metadata": {"name": "more"}, "rules": [{**READS, "verbs": ["delete"]}]}
    code, _, message = refused(rbac.create_namespaced_role, SHOP, more)
    assert (code, "permissions not currently held" in message) == (403, True)
    assert rbac.create_namespaced_role(SHOP, {"metadata": {"name": "same"}, "rules": [READS]})
    scene.rbac.create_namespaced_role(SHOP, more)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "more"}
    erin = [{"kind": "User", "name": "erin"}]
    binding = {"metadata": {"name": "more"}, "roleRef": reference, "subjects": erin}
    assert refused(rbac.create_namespaced_role_binding, SHOP, binding)[0] == 403
    scene.rbac.create_namespaced_role_binding(SHOP, binding)
    # Who may not bind a role may not empty its binding either, but delete it.
    assert refused(rbac.patch_namespaced_role_binding, "more", SHOP, {"subjects": []})[0] == 403
    assert rbac.delete_namespaced_role_binding("more", SHOP)


def test_a_binding_keeps_its_role(scene: Scene) -> None:
    scene.bind([READS], OURS)
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    code, reason, message = refused(scene.rbac.patch_namespaced_role_binding, "orders", SHOP, {"roleRef": reference})
    assert (code, reason) == (422, "Invalid")
    assert "cannot change roleRef" in message
    assert (
        refused(scene.rbac.create_namespaced_role, SHOP, {"metadata": {"name": "r"}, "rules": [{"verbs": []}]})[0]
        == 422
    )


def test_an_apply_tells_who_manages_a_field_and_takes_it_by_force_alone(scene: Scene) -> None:
    scene.bind([READS], OURS)
    bindings = dynamic.DynamicClient(scene.api).resources.get(
        api_version="rbac.authorization.k8s.io/v1", kind="RoleBinding"
    )
    body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "orders"}}
    wanted = {**body, "subjects": []}
    scene.rbac.patch_namespaced_role_binding("orders", SHOP, {"subjects": [{"kind": "User", "name": "erin"}]})
    given = {"name": "orders", "namespace": SHOP, "field_manager": "pulumi"}
    code, reason, message = refused(bindings.server_side_apply, body=wanted, **given)
    assert (code, reason) == (409, "Conflict")
    assert "conflict with" in message
    assert ".subjects" in message
    dry = bindings.server_side_apply(body=wanted, force_conflicts=True, dry_run="All", **given)
    assert dry.subjects == []
    assert len(scene.rbac.read_namespaced_role_binding("orders", SHOP).subjects) == 1
    assert bindings.server_side_apply(body=wanted, force_conflicts=True, **given).subjects == []


def test_an_apply_makes_what_is_not_there_and_leaves_what_others_manage(scene: Scene) -> None:
    maps = dynamic.DynamicClient(scene.api).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "labels": {"team": "shop"}}}
    given = {"name": "new", "namespace": SHOP, "field_manager": "pulumi"}
    maps.server_side_apply(body={**body, "data": {"a": "1", "b": "2"}}, **given)
    scene.core.patch_namespaced_config_map("new", SHOP, {"metadata": {"annotations": {"seen": "yes"}}})
    after = maps.server_side_apply(body={**body, "data": {"a": "1"}}, **given)
    assert (after.data.to_dict(), after.metadata.annotations.to_dict()) == ({"a": "1"}, {"seen": "yes"})


def test_it_tells_what_it_serves(scene: Scene) -> None:
    found = {each.kind for each in dynamic.DynamicClient(scene.api).resources.search() if each.group_version != "v1"}
    assert found >= {"Role", "RoleBinding", "ClusterRole", "Lease", "Deployment"}
    assert client.VersionApi(scene.api).get_code().major == "1"


def test_a_namespace_goes_with_all_that_is_in_it(scene: Scene) -> None:
    scene.core.create_namespace({"metadata": {"name": "new", "labels": {"team": "shop"}}})
    scene.core.create_namespaced_service_account("new", {"metadata": {"name": "orders"}})
    assert [n.metadata.name for n in scene.core.list_namespace(label_selector="team=shop").items] == ["new"]
    scene.core.delete_namespace("new")
    assert refused(scene.core.read_namespaced_service_account, "orders", "new")[0] == 404
    assert "new" not in scene.double.cluster.namespaces
