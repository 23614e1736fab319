"""Recognises what a file or another text holds, and reads it into facts: plans, stacks, manifests, documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nhi_components.facts.chain.model import Part
from nhi_components.facts.chain.reading import part_of
from nhi_components.facts.chain.stack_links import NOTHING_TOLD, Told, told_by
from nhi_components.facts.collection import Surroundings
from nhi_components.facts.documents import DocumentKind, Platform, read_document
from nhi_components.facts.model import Fact, Resource, Unjudged
from nhi_components.facts.pulumi_reader import PulumiResource, read_pulumi_resource
from nhi_components.facts.recognition import documents_in, is_manifest
from nhi_components.facts.signs import text_looks_like_grant
from nhi_components.facts.values import MalformedJson, parse_json

_JSON_BEGINS: Final = ("{", "[")
_EXPECTED: Final = "a plan, state, stack export, manifest or document that grants"
_NOTHING_TOLD: Final[Mapping[str, Told]] = {}
_NAME_IT: Final = "name what it is with --kind and --cloud, or leave it out"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one resource.

    Attributes:
        resource: how its findings call it.
        facts: what was learned; empty when it grants nothing.
        lines: the lines of the text, from 1, on which it begins; several for a list of documents, none when unknown.
        place: where it stands in the data of the text; empty for the whole.
    """

    resource: Resource
    facts: tuple[Fact, ...]
    lines: tuple[int, ...] = ()
    place: str = ""


@dataclass(slots=True)
class Content:
    """What one text holds.

    Attributes:
        form: what it is, in words, such as `Terraform plan`; empty when it was not recognised.
        readings: one for each resource or document.
        surroundings: what encloses these resources.
        addressed: its resources have addresses of their own, whatever the file is called.
        problem: why it cannot be read at all; empty when it can.
        parts: those of its resources that have to do with identities, which are judged together.
    """

    form: str = ""
    readings: list[Reading] = field(default_factory=list)
    surroundings: Surroundings = field(default_factory=Surroundings)
    addressed: bool = False
    problem: str = ""
    parts: list[Part] = field(default_factory=list)


def read_text(name: str, text: str, *, kind: DocumentKind | None = None, platform: Platform | None = None) -> Content:
    """Read one text; nothing that it holds makes this raise.

    Args:
        name: how findings call it: the path of a file.
        text: JSON, YAML or HCL.
        kind: what it is, when somebody says so.
        platform: whose it is, when somebody says so.
    """
    try:
        if kind is not None:
            facts = read_document(kind, name, text, platform=platform or Platform.AWS)
            return Content(kind.value, [Reading(Resource(name, "document"), facts, (1,))])
        return _recognised(name, text)
    except RecursionError:
        return Content(problem="it is nested too deeply to be read")


def unjudged(name: str, got: str, fix: str = _NAME_IT) -> Reading:
    """Make the reading of something that could not be read."""
    resource = Resource(name, "document")
    return Reading(resource, (Unjudged(resource, "", got, _EXPECTED, fix),), (1,))


def _recognised(name: str, text: str) -> Content:
    stripped = text.lstrip("\ufeff \t\r\n")
    if not stripped:
        return Content(problem="an empty file")
    if stripped.startswith("PK\x03\x04"):
        return Content(problem="a binary plan; write it as JSON with `terraform show -json`")
    if name.endswith((".hcl", ".tf", ".tofu")) or (not stripped.startswith(_JSON_BEGINS) and _is_vault_policy(text)):
        return _hcl(name, text)
    values = _parsed(name, stripped)
    if isinstance(values, Content):
        return values
    if len(values) == 1 and isinstance(values[0][0], dict):
        whole = _of_many_resources(values[0][0])
        if whole is not None:
            return whole
    return _of_documents(name, values)


def _is_vault_policy(text: str) -> bool:
    return "capabilities" in text and text_looks_like_grant(text)


def _hcl(name: str, text: str) -> Content:
    if not name.endswith(".hcl") and not _is_vault_policy(text):
        return Content(problem="Terraform source; lint its plan, that `terraform show -json` writes")
    if "path" not in text:
        return Content()
    return Content(
        "Vault policy",
        [Reading(Resource(name, "document"), read_document(DocumentKind.VAULT_POLICY, name, text), (1,))],
    )


def _parsed(name: str, text: str) -> list[tuple[Any, int]] | Content:
    malformed = ""
    if text.startswith(_JSON_BEGINS):
        try:
            return [(parse_json(text), 1)]
        except MalformedJson as error:
            malformed = f"what is not JSON: {error}"
            if name.endswith((".json", ".tfstate")) or not name.endswith((".yaml", ".yml")):
                return Content(problem=malformed)
    from nhi_components.core.yaml_text import MalformedYaml, parse_yaml

    try:
        return [(document.value, document.line) for document in parse_yaml(text)]
    except MalformedYaml as error:
        return Content(problem=malformed or f"what is not YAML: {error}")


def _of_many_resources(value: Mapping[str, Any]) -> Content | None:
    from nhi_components.facts import stack_export, terraform

    if terraform.is_terraform(value):
        is_plan = "planned_values" in value or "resource_changes" in value
        return _terraform("Terraform plan" if is_plan else "Terraform state", value)
    if stack_export.is_stack_export(value):
        return of_pulumi("Pulumi stack", stack_export.resources_of_export(value), told_by(value))
    if stack_export.is_preview(value):
        return of_pulumi("Pulumi preview", stack_export.resources_of_preview(value), told_by(value))
    return None


def _terraform(form: str, value: Mapping[str, Any]) -> Content:
    from nhi_components.facts.chain.terraform import parts_of_terraform
    from nhi_components.facts.terraform import read_terraform_resource, resources_of

    content = Content(form, addressed=True)
    read = []
    for found in resources_of(value):
        if isinstance(found, Unjudged):
            content.readings.append(Reading(found.resource, (found,)))
        else:
            resource, facts = read_terraform_resource(found)
            content.readings.append(Reading(resource, facts))
            read.append((found, resource, facts))
    content.parts = parts_of_terraform(value, read)
    return content


def of_pulumi(
    form: str, resources: Iterable[PulumiResource | Unjudged], told: Mapping[str, Told] = _NOTHING_TOLD
) -> Content:
    """Read the resources of a program or stack, and remember which encloses which.

    Args:
        form: what they are, in words.
        resources: them.
        told: what is told of them besides, by URN.
    """
    content = Content(form, addressed=True)
    for found in resources:
        if isinstance(found, Unjudged):
            content.readings.append(Reading(found.resource, (found,)))
            continue
        facts = read_pulumi_resource(found)
        content.surroundings.add(found.identity, facts)
        content.readings.append(Reading(found.identity, facts))
        part = part_of(found, facts, *told.get(found.urn, NOTHING_TOLD))
        if part is not None:
            content.parts.append(part)
    return content


def _of_documents(name: str, values: list[tuple[Any, int]]) -> Content:
    content = Content()
    forms: dict[str, None] = {}
    manifests = [(value, line) for value, line in values if is_manifest(value)]
    if manifests:
        forms["Kubernetes manifest"] = None
        objects = [value for value, _ in manifests]
        given = objects[0] if len(objects) == 1 else objects
        facts = read_document(DocumentKind.KUBERNETES_ROLE, name, given, platform=Platform.KUBERNETES)
        content.readings.append(Reading(Resource(name, "document"), facts, tuple(line for _, line in manifests)))
    for value, line in values:
        for found in () if is_manifest(value) else documents_in(value):
            forms[found.form] = None
            place = f"{name}#{found.path}" if found.path else name
            facts = read_document(found.kind, place, found.value, platform=found.platform)
            content.readings.append(Reading(Resource(place, "document"), facts, (line,), found.path))
    content.form = ", ".join(forms)
    return content
