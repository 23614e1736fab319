"""Pulumi resources as facts."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.tags import MANAGED_BY, MANAGER, OWNER, LeaseTags
from nhi_components.facts import (
    UNKNOWN,
    Fact,
    Facts,
    NotYetKnown,
    Ownership,
    PulumiResource,
    Resource,
    Surroundings,
    Unjudged,
    read_pulumi_resource,
)
from nhi_components.facts.aws.model import GrantDocument, ManagedPolicyAttachment, PolicyKind
from nhi_components.facts.aws.pulumi_types import DOCUMENTS, MANAGED_POLICIES
from nhi_components.facts.vault.model import VaultPolicyAttachment

POLICY = {"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:::orders"}}
TRUST = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}}


def read(type_token: str, inputs: dict[str, Any], parent: str | None = None) -> list[Fact]:
    facts = read_pulumi_resource(PulumiResource("urn", type_token, inputs, parent))
    return [fact for fact in facts if not isinstance(fact, Ownership)]


def ownership(type_token: str, inputs: dict[str, Any]) -> Ownership:
    (fact,) = [f for f in read_pulumi_resource(PulumiResource("urn", type_token, inputs)) if isinstance(f, Ownership)]
    return fact


@pytest.mark.parametrize("type_token", DOCUMENTS)
def test_every_place_of_a_document_is_read(type_token: str) -> None:
    for slot in DOCUMENTS[type_token]:
        head, listed, tail = slot.property.partition("[].")
        document = POLICY if slot.kind is PolicyKind.IDENTITY else TRUST
        (fact,) = read(type_token, {head: [{tail: document}] if listed else document})
        assert isinstance(fact, GrantDocument)
        assert (fact.kind, fact.service) == (slot.kind, slot.service)
        (unknown,) = read(type_token, {head: UNKNOWN})
        assert isinstance(unknown, NotYetKnown)
        assert read(type_token, {}) == []


@pytest.mark.parametrize(("type_token", "name"), MANAGED_POLICIES.items())
def test_every_attachment_is_read(type_token: str, name: str) -> None:
    arn = "arn:aws:iam::111122223333:policy/orders"
    (single,) = read(type_token, {name: arn})
    (listed,) = read(type_token, {name: [arn]})
    assert single == ManagedPolicyAttachment(Resource("urn", type_token), name, arn)
    assert listed == ManagedPolicyAttachment(Resource("urn", type_token), f"{name}[0]", arn)
    assert [type(fact) for fact in read(type_token, {name: [UNKNOWN, 1]})] == [NotYetKnown, Unjudged]
    by_aws = read(type_token, {name: "arn:aws-cn:iam::aws:policy/job-function/Billing"})
    assert [type(fact) for fact in by_aws] == [ManagedPolicyAttachment, GrantDocument]
    not_by_aws = read(type_token, {name: "arn:aws:iam::aws:policy/NoSuchPolicy"})
    assert [type(fact) for fact in not_by_aws] == [ManagedPolicyAttachment, Unjudged]


@pytest.mark.parametrize("value", [POLICY, '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'])
def test_what_looks_like_a_policy_on_a_type_that_is_not_known_is_read(value: Any) -> None:
    (fact,) = read("aws:new/thing:Thing", {"name": "x", "doc": value})
    assert isinstance(fact, GrantDocument)
    assert fact.kind is PolicyKind.IDENTITY


def test_a_policy_with_a_principal_is_one_of_a_resource() -> None:
    (fact,) = read("aws:new/thing:Thing", {"doc": TRUST})
    assert isinstance(fact, GrantDocument)
    assert fact.kind is PolicyKind.RESOURCE


def test_policies_by_name_on_vault() -> None:
    facts = read("vault:identity/entity:Entity", {"policies": ["orders", UNKNOWN, 3]})
    assert [type(fact) for fact in facts] == [VaultPolicyAttachment, NotYetKnown, Unjudged]
    assert read("vault:consul/secretBackendRole:SecretBackendRole", {"policies": ["root"]}) == []


def test_tags_and_vault_metadata_say_the_same() -> None:
    from datetime import date

    given = LeaseTags("lease-1", "orders", "prod", "orders@example.com", "orders", date(2026, 12, 31), "shop/prod")
    tagged = ownership("aws:iam/role:Role", {"tags": given.to_tags()})
    described = ownership("vault:identity/entity:Entity", {"metadata": given.to_metadata()})
    kept = ownership("vault:kv/secretV2:SecretV2", {"customMetadata": {"data": given.to_metadata()}})
    assert tagged.labels == described.labels == kept.labels == given.to_tags()
    assert tagged.managed
    assert described.managed
    assert kept.managed


def test_unknown_labels_are_kept_apart_from_missing_ones() -> None:
    assert ownership("aws:iam/role:Role", {"tags": UNKNOWN}).labels is UNKNOWN
    labels = ownership("aws:iam/role:Role", {"tags": {MANAGED_BY: MANAGER, OWNER: UNKNOWN}}).labels
    assert labels == {MANAGED_BY: MANAGER, OWNER: UNKNOWN}
    assert ownership("aws:iam/role:Role", {}).labels == {}


def test_a_component_whose_identity_is_not_known_yet() -> None:
    assert ownership("nhi:aws:WorkloadIdentity", {"identity": UNKNOWN}).labels is UNKNOWN


def test_enclosing_facts_are_found_even_in_a_state_whose_parents_go_round() -> None:
    surroundings = Surroundings()
    for name, parent in (("a", "b"), ("b", "a")):
        resource = PulumiResource(name, "nhi:aws:WorkloadIdentity", {"identity": {}}, parent)
        surroundings.add(resource.identity, read_pulumi_resource(resource))
    facts = Facts((), surroundings)
    found = [fact.resource.name for fact in facts.enclosing(Resource("c", "x", "a"), Ownership)]
    assert found == ["a", "b"]
