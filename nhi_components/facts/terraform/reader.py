"""Reads Terraform resources with the readers of Pulumi's: each system tells which of its types is which."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

from nhi_components.facts.documents import DocumentKind, Platform, read_document
from nhi_components.facts.model import Fact, NotYetKnown, Ownership, Resource, Unjudged
from nhi_components.facts.pulumi_reader import PulumiResource, read_pulumi_resource
from nhi_components.facts.signs import place_that_looks_like_grant
from nhi_components.facts.terraform.documents import TerraformResource
from nhi_components.facts.terraform.names import camel_case, inputs_of
from nhi_components.facts.values import UNKNOWN

_FOLDERS: Final = {
    "aws": "aws",
    "awscc": "aws",
    "azapi": "azure",
    "azuread": "azure",
    "azurerm": "azure",
    "github": "github",
    "google": "gcp",
    "kubernetes": "kubernetes",
    "vault": "vault",
}
"""The folder beside this one whose `terraform.TYPES` tells which Pulumi type reads a type of this prefix."""

_MANIFESTS: Final = {"kubectl_manifest": "yaml_body", "kubernetes_manifest": "manifest"}
"""Types that hold a manifest as it is, and the attribute in which."""

_POLICY_DATA: Final = "aws_iam_policy_document"
_NO_NAMES: Final[Mapping[str, str]] = {}


def read_terraform_resource(given: TerraformResource) -> tuple[Resource, tuple[Fact, ...]]:
    """Read one resource; which system it belongs to follows from its type.

    A data source makes nothing, and what uses it is judged; only an AWS policy document that is not known as a whole
    is read from its statements. A type that is not known here is searched for what looks like a grant.
    """
    if given.is_data:
        return _data(given)
    if given.type in _MANIFESTS:
        manifest = given.attributes.get(_MANIFESTS[given.type])
        resource = Resource(given.address, given.type)
        facts = read_document(DocumentKind.KUBERNETES_ROLE, given.address, manifest, platform=Platform.KUBERNETES)
        return resource, facts
    folder = _FOLDERS.get(given.type.partition("_")[0])
    token = _types_of(folder).get(given.type) if folder else None
    if folder is None or token is None:
        return _of_unknown_type(given, folder)
    names = _names_of(folder).get(given.type, _NO_NAMES)
    read = PulumiResource(given.address, token, inputs_of(given.attributes, names))
    return read.identity, read_pulumi_resource(read)


def _data(given: TerraformResource) -> tuple[Resource, tuple[Fact, ...]]:
    resource = Resource(given.address, given.type)
    if given.type != _POLICY_DATA or isinstance(given.attributes.get("json"), str):
        return resource, ()
    from nhi_components.facts.aws.terraform_data import documents_of_data

    facts: list[Fact] = []
    for kind, document in documents_of_data(given.attributes):
        facts += read_document(kind, given.address, document)
    return resource, tuple(facts)


def _of_unknown_type(given: TerraformResource, folder: str | None) -> tuple[Resource, tuple[Fact, ...]]:
    name = camel_case(given.type)
    resource = Resource(given.address, f"{folder or 'terraform'}:terraform/{name}:{name[:1].upper()}{name[1:]}")
    place = place_that_looks_like_grant(given.attributes)
    if place is None:
        unknown = given.attributes.get("policy") is UNKNOWN
        return resource, (NotYetKnown(resource, "policy", "policy document"),) if unknown else ()
    read = PulumiResource(resource.name, resource.type, inputs_of(given.attributes, _NO_NAMES))
    facts = read_pulumi_resource(read)
    if all(isinstance(fact, Ownership) for fact in facts):
        got = f"what looks like a grant, in a resource of type {given.type}"
        fix = "review it by hand, and have the type added"
        facts = (*facts, Unjudged(resource, place, got, "a type whose grants can be read", fix))
    return resource, facts


@cache
def _types_of(folder: str) -> Mapping[str, str]:
    return _table(folder, "TYPES")


@cache
def _names_of(folder: str) -> Mapping[str, Mapping[str, str]]:
    return _table(folder, "NAMES")


def _table(folder: str, name: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = getattr(import_module(f"nhi_components.facts.{folder}.terraform"), name, {})
    return table
