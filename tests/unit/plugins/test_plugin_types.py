"""What a resource takes is read from the installed SDK, and nothing else passes."""

from __future__ import annotations

import enum
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest

from nhi_components.provider.known import UNKNOWN
from tools.plugins.checking import input_problems
from tools.plugins.gcp.provider import RESOURCES
from tools.plugins.sdk_types import (
    Choice,
    ListOf,
    MapOf,
    OneOf,
    Record,
    Scalar,
    UnknownType,
    resource_type,
    shape_of,
)

ROOT = Path(__file__).parents[3]
MEMBER = "gcp:projects/iAMMember:IAMMember"
ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"
PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
SECRET = "gcp:secretmanager/secret:Secret"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
SERVICE = "gcp:cloudrunv2/service:Service"

BOUND = {"project": "p", "role": "roles/viewer", "member": "user:a@example.com"}
UNTIL = {"title": "until", "expression": "request.time < timestamp('2030-01-01T00:00:00Z')"}
LET_IN = {"workloadIdentityPoolId": "pool-1", "workloadIdentityPoolProviderId": "github"}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def told(token: str, inputs: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(each.path, each.got, each.expected) for each in input_problems(resource_type(token), inputs)]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (MEMBER, BOUND),
        (MEMBER, {**BOUND, "condition": UNTIL}),
        (MEMBER, {**BOUND, "condition": {**UNTIL, "description": None}}),
        (MEMBER, {**BOUND, "member": UNKNOWN, "condition": {**UNTIL, "expression": UNKNOWN}}),
        (MEMBER, {**BOUND, "condition": UNKNOWN}),
        (ROLE, {"title": "t", "permissions": ["pubsub.topics.publish", UNKNOWN]}),
        (PROVIDER, {**LET_IN, "attributeMapping": {"google.subject": "assertion.sub"}, "disabled": True}),
        (SECRET, {"replication": {"userManaged": {"replicas": [{"location": "europe-west1"}]}}, "labels": {}}),
        (SUBSCRIPTION, {"topic": "t", "ackDeadlineSeconds": 10}),
    ],
)
def test_what_the_sdk_takes_passes(token: str, inputs: Mapping[str, Any]) -> None:
    assert told(token, inputs) == []


@pytest.mark.parametrize(
    ("token", "inputs", "path", "got", "expected"),
    [
        (MEMBER, {**BOUND, "colour": "red"}, "colour", "a property that the installed SDK does not have", "one of "),
        (MEMBER, {**BOUND, "project_id": "p"}, "project_id", "a property that the installed", "one of member, project"),
        (MEMBER, {"project": "p", "role": "r"}, "member", "nothing", "a text; it is required"),
        (MEMBER, {**BOUND, "role": None}, "role", "nothing", "a text; it is required"),
        (MEMBER, {**BOUND, "role": 7}, "role", "a whole number", "a text"),
        (MEMBER, {**BOUND, "role": True}, "role", "true or false", "a text"),
        (MEMBER, {**BOUND, "role": ["roles/viewer"]}, "role", "a list", "a text"),
        (MEMBER, {**BOUND, "condition": "until 2030"}, "condition", "a text", "an object with expression, title"),
        (MEMBER, {**BOUND, "condition": [UNTIL]}, "condition", "a list", "an object with expression, title"),
        (MEMBER, {**BOUND, "condition": {"title": "t"}}, "condition.expression", "nothing", "a text; it is required"),
        (MEMBER, {**BOUND, "condition": {**UNTIL, "cel": "x"}}, "condition.cel", "a property that the", "one of "),
        (MEMBER, {**BOUND, "condition": {**UNTIL, "title": 1.5}}, "condition.title", "a number", "a text"),
        (ROLE, {"title": "t", "permissions": "a"}, "permissions", "a text", "a list, each item a text"),
        (ROLE, {"title": "t", "permissions": ["a", 1]}, "permissions[1]", "a whole number", "a text"),
        (PROVIDER, {**LET_IN, "disabled": "true"}, "disabled", "a text", "true or false"),
        (PROVIDER, {**LET_IN, "attributeMapping": {"a": 1}}, "attributeMapping.a", "a whole number", "a text"),
        (PROVIDER, {**LET_IN, "attributeMapping": ["a"]}, "attributeMapping", "a list", "a map, each value a text"),
        (SUBSCRIPTION, {"topic": "t", "ackDeadlineSeconds": "10"}, "ackDeadlineSeconds", "a text", "a whole number"),
        (SUBSCRIPTION, {"topic": "t", "ackDeadlineSeconds": 1.5}, "ackDeadlineSeconds", "a number", "a whole number"),
        (SUBSCRIPTION, {"topic": "t", "ackDeadlineSeconds": True}, "ackDeadlineSeconds", "true or", "a whole number"),
        (
            SECRET,
            {"replication": {"userManaged": {"replicas": [{}]}}},
            "replication.userManaged.replicas[0].location",
            "nothing",
            "a text; it is required",
        ),
        (
            SERVICE,
            {"location": "l", "template": {"containers": [{"image": "i", "envs": [{"name": "a", "valeu": "b"}]}]}},
            "template.containers[0].envs[0].valeu",
            "a property that the installed SDK does not have",
            "one of name, value",
        ),
    ],
)
def test_anything_else_is_a_problem_with_its_path(
    token: str, inputs: Mapping[str, Any], path: str, got: str, expected: str
) -> None:
    ((told_path, told_got, told_expected),) = told(token, inputs)
    assert told_path == path
    assert told_got.startswith(got)
    assert told_expected.startswith(expected)


def test_all_problems_are_told_at_once_and_values_never() -> None:
    problems = input_problems(
        resource_type(MEMBER), {"member": {"hidden": "s3cr3t"}, "role": ["s3cr3t"], "nope": "s3cr3t"}
    )
    assert sorted(each.path for each in problems) == ["member", "nope", "project", "role"]
    assert "s3cr3t" not in "".join(map(str, problems))


def test_a_near_miss_is_named() -> None:
    (problem,) = input_problems(resource_type(MEMBER), {**BOUND, "conditon": UNTIL})
    assert problem.fix == "write condition"


def test_outputs_are_the_getters_of_the_resource_and_no_more() -> None:
    kind = resource_type("gcp:serviceaccount/account:Account")
    assert kind.outputs.keys() - kind.inputs.keys() == {"email", "member", "name", "uniqueId"}
    assert "id" not in kind.outputs
    assert kind.outputs["uniqueId"].shape == Scalar(str)


@pytest.mark.parametrize("token", ["gcp:pubsub/topic:Nothing", "gcp:nowhere/topic:Topic", "gcp:storage/topic:Bucket"])
def test_a_type_that_the_sdk_does_not_have_is_none(token: str) -> None:
    with pytest.raises(UnknownType):
        resource_type(token)


@pytest.mark.parametrize("token", RESOURCES)
def test_what_the_plugin_serves_exists_in_the_sdk(token: str) -> None:
    resource, kind = RESOURCES[token], resource_type(token)
    assert resource.served <= kind.inputs.keys() | {"deletionPolicy"}
    assert resource.replaces <= resource.served
    assert resource.defaults.keys() <= resource.served
    assert {path.split(".")[0] for path in resource.filled_in} - {"deletionPolicy"} <= kind.inputs.keys()


@pytest.mark.parametrize(
    ("hint", "shape"),
    [
        (str, Scalar(str)),
        (int | None, Scalar(int)),
        (pulumi.Input[bool], Scalar(bool)),
        (pulumi.Output[float | None], Scalar(float)),
        (pulumi.Input[Sequence[pulumi.Input[str]] | None], ListOf(Scalar(str))),
        (pulumi.Input[Mapping[str, pulumi.Input[int]]], MapOf(Scalar(int))),
        (pulumi.Input[Colour], Choice(("red", "blue"))),
        (pulumi.Input[str | Colour], OneOf((Scalar(str), Choice(("red", "blue"))))),
    ],
)
def test_annotations_in_every_form_of_the_generators_are_read(hint: Any, shape: Any) -> None:
    namespace = {"hint": hint, "Output": pulumi.Output, "T": Any}
    assert shape_of(_resolved(hint, namespace)) == shape


def test_an_object_may_hold_its_own_kind() -> None:
    fields = shape_of(_Tree)
    assert isinstance(fields, Record)
    assert fields.fields["children"].shape == ListOf(Record(_Tree))
    assert fields.fields["name"].required
    assert not fields.fields["children"].required


def test_only_the_module_of_the_token_is_imported() -> None:
    asked = "import sys; from tools.plugins.sdk_types import resource_type; resource_type('gcp:pubsub/topic:Topic')"
    loaded = "print(*(each for each in sys.modules if each.startswith('pulumi_gcp.')))"
    told = subprocess.run(
        [sys.executable, "-c", f"{asked}; {loaded}"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "pulumi_gcp.pubsub.topic" in told
    assert "pulumi_gcp.storage.bucket" not in told
    assert "pulumi_gcp.compute.instance" not in told


@pulumi.input_type
class _Tree:
    def __init__(self, *, name: pulumi.Input[str], children: Any = None) -> None:
        """Hold them."""

    @property
    @pulumi.getter
    def name(self) -> pulumi.Input[str]:
        return ""

    @property
    @pulumi.getter
    def children(self) -> pulumi.Input[Sequence[pulumi.Input[_Tree]]]:
        return []


def _resolved(hint: Any, names: Mapping[str, Any]) -> Any:
    """Resolve what `pulumi.Input` names as text, as reading a getter does."""
    import typing

    def getter() -> Any: ...

    getter.__annotations__ = {"return": hint}
    return typing.get_type_hints(getter, localns=dict(names))["return"]
