"""Kubernetes manifests as facts, whatever is handed in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.facts import (
    UNKNOWN,
    DocumentKind,
    Fact,
    NotYetKnown,
    Platform,
    PulumiResource,
    Resource,
    Unjudged,
    read_document,
    read_pulumi_resource,
)
from nhi_components.facts.kubernetes.model import RbacBinding, RbacRole, Subject
from nhi_components.facts.kubernetes.terraform import TYPES

RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}


def read(value: Any, **context: Any) -> tuple[Fact, ...]:
    return read_document(DocumentKind.KUBERNETES_ROLE, "d", value, context)


def test_a_role_keeps_groups_resources_verbs_names_and_urls() -> None:
    rules = [{**RULE, "resourceNames": ["orders"]}, {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
    (role,) = read({"kind": "Role", "metadata": {"name": "orders"}, "rules": rules})
    assert isinstance(role, RbacRole)
    assert (role.resource, role.name, role.cluster) == (Resource("d", "document"), "orders", False)
    first, second = role.rules
    assert (first.groups, first.resources, first.verbs, first.names) == (("",), ("pods",), {"get"}, ("orders",))
    assert (second.resources, second.urls, second.path) == ((), ("/metrics",), "document.rules[1]")


@pytest.mark.parametrize(
    "text", [json.dumps({"kind": "Role", "rules": [RULE]}), "kind: Role\nrules:\n- " + json.dumps(RULE)]
)
def test_json_and_yaml_text_mean_the_same_as_data(text: str) -> None:
    assert read(text) == read({"kind": "Role", "rules": [RULE]})


def test_a_service_account_is_known_by_both_of_its_names() -> None:
    subjects = [{"kind": "User", "name": "system:serviceaccount:orders:api"}, {"kind": "ServiceAccount", "name": "api"}]
    manifest = {
        "kind": "RoleBinding",
        "metadata": {"namespace": "orders"},
        "roleRef": {"kind": "Role", "name": "orders"},
        "subjects": subjects,
    }
    (binding,) = read(manifest)
    assert isinstance(binding, RbacBinding)
    assert binding.subjects == tuple(
        Subject(f"document.subjects[{index}]", "ServiceAccount", "api", "orders") for index in (0, 1)
    )


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"kind": "Role", "rules": "all"}, "document.rules"),
        ({"kind": "Role", "rules": [17]}, "document.rules[0]"),
        ({"kind": "Role", "rules": [{**RULE, "verbs": []}]}, "document.rules[0].verbs"),
        ({"kind": "Role", "rules": [{**RULE, "verbz": ["get"]}]}, "document.rules[0].verbz"),
        ({"kind": "Role", "rules": [{**RULE, "verbs": [{}]}]}, "document.rules[0].verbs[0]"),
        ({"kind": "Role", "rules": [{**RULE, "apiGroups": []}]}, "document.rules[0].apiGroups"),
        ({"kind": "RoleBinding", "subjects": []}, "document.roleRef"),
        ({"kind": "RoleBinding", "roleRef": {"kind": "Role"}}, "document.roleRef.name"),
        ({"kind": "RoleBinding", "roleRef": {"kind": "X", "name": "a"}}, "document.roleRef.kind"),
        ({"kind": "ClusterRole", "aggregationRule": {"clusterRoleSelectors": [{}]}}, "document.aggregationRule"),
        ("kind: Role\nkind: Role", "document"),
        ("a: &a [*a]", "document"),
        ("a: \ud800", "document"),
        ([], "document"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place(value: Any, place: str) -> None:
    gaps = [fact for fact in read(value) if isinstance(fact, Unjudged)]
    assert any(gap.path.startswith(place) for gap in gaps), gaps


def test_rules_that_are_not_known_yet_are_told() -> None:
    inputs = {"rules": [{"apiGroups": [""], "resources": UNKNOWN, "verbs": ["get"]}]}
    facts = read_pulumi_resource(PulumiResource("r", "kubernetes:rbac.authorization.k8s.io/v1:Role", inputs))
    assert [fact.path for fact in facts if isinstance(fact, NotYetKnown)] == ["inputs.rules[0].resources"]


def test_the_context_adds_manifests_and_limits_bare_rules() -> None:
    facts = read(
        {"rules": [RULE]},
        namespace="orders",
        binding={"kind": "ClusterRoleBinding", "roleRef": {"kind": "ClusterRole", "name": "view"}},
    )
    assert [(type(fact).__name__, getattr(fact, "cluster", None)) for fact in facts] == [
        ("RbacRole", False),
        ("RbacBinding", True),
    ]


def test_other_kinds_of_document_are_told() -> None:
    (fact,) = read_document(DocumentKind.TRUST_POLICY, "d", {}, platform=Platform.KUBERNETES)
    assert isinstance(fact, Unjudged)


@pytest.mark.parametrize("token", sorted(set(TYPES.values())))
def test_every_type_of_terraform_is_read(token: str) -> None:
    assert (
        list(read_pulumi_resource(PulumiResource("r", token, {"spec": 17, "rules": 17, "type": 17})))
        or "Account" in token
    )


KEYS = (
    "kind rules verbs resources apiGroups roleRef subjects name items spec metadata template type aggregationRule "
    "clusterRoleSelectors stringData"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(UNKNOWN) | st.sampled_from(["*", "Role", "default", "List"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4),
    max_leaves=15,
)
KINDS = ["Role", "ClusterRoleBinding", "ServiceAccount", "Secret", "Deployment", "List", "Pod"]


@given(JSON, st.sampled_from(KINDS))
def test_no_manifest_makes_the_reader_fail(value: Any, kind: str) -> None:
    read(value)
    read({"kind": kind, **value} if isinstance(value, dict) else {"kind": kind, "rules": value, "spec": value})
