"""Intents are sound data, and turn into grants or into problems."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.aws_action import arn_services, find_action, problem_of_action
from nhi_components.core.aws_intents import INTENTS
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import aws_grant_problems
from nhi_components.core.intents import Intent, Parameter, Shape, grants_of

EACH = pytest.mark.parametrize("intent", INTENTS.values(), ids=INTENTS)
SHAPES = {
    f"{intent.id} {name}": shape
    for intent in INTENTS.values()
    for name, shape in [
        ("target", intent.target),
        *((parameter.name, parameter.shape) for parameter in intent.parameters),
        *((f"{parameter.name} key", parameter.key_shape) for parameter in intent.parameters),
    ]
    if shape is not None
}
QUEUE = "arn:aws:sqs:eu-central-1:111122223333:orders"
BUCKET = "arn:aws:s3:::orders-in"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"


def given(parameter: Parameter) -> object:
    example = parameter.shape.example
    return {parameter.key_shape.example: example} if parameter.key_shape else example


def granted(intent_id: str, target: object = None, **parameters: object) -> list[dict[str, Any]]:
    grants = grants_of(INTENTS[intent_id], target, parameters)
    return [grant.model_dump(mode="json", exclude_none=True) for grant in grants]


def problems(intent_id: str, target: object = None, **parameters: object) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as error:
        grants_of(INTENTS[intent_id], target, parameters)
    assert all(problem.expected and problem.fix for problem in error.value.problems)
    return [(problem.path, problem.got) for problem in error.value.problems]


@EACH
def test_an_intent_is_sound_data(intent: Intent) -> None:
    assert [problem_of_action("actions", action) for action in intent.actions if problem_of_action("", action)] == []
    assert {action.partition(":")[0] for action in intent.actions} == {intent.service}
    sentences = [intent.purpose, intent.excludes, *filter(None, [intent.notes])]
    assert all(text[0].isupper() and text.endswith(".") for text in sentences)


@EACH
def test_no_intent_changes_permissions_or_tags(intent: Intent) -> None:
    levels = {action: found.level for action in intent.actions if (found := find_action(action))}
    assert set(levels.values()) <= set("RLW"), levels


@EACH
def test_an_action_is_granted_on_resources_exactly_when_it_takes_any(intent: Intent) -> None:
    for part in intent.parts:
        scopable = {found.scopable for action in part.actions if (found := find_action(action))}
        assert scopable == {part.on != ("*",)}
    assert (intent.target is None) == all(part.on == ("*",) for part in intent.parts)


@EACH
def test_the_examples_fit_and_make_sound_grants(intent: Intent) -> None:
    target = intent.target.example if intent.target else None
    grants = grants_of(intent, target, {parameter.name: given(parameter) for parameter in intent.parameters})
    assert aws_grant_problems(grants) == []
    assert {action for grant in grants for action in grant.actions} == set(intent.actions)
    if intent.target:
        assert intent.target.example.split(":")[2] in arn_services(intent.service)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("trick", ["*", "?", "${aws:username}", "{target}", "\n", " \x00"])
def test_nothing_that_widens_a_policy_can_be_handed_over(shape: Shape, trick: str) -> None:
    intent = Intent("sqs.trial", "Try.", "Nothing.", shape, ())
    for text in {trick, f"{shape.example}{trick}", f"{trick}{shape.example}"} - {"*"}:
        with pytest.raises(SpecError):
            grants_of(intent, text)


def test_a_single_star_stands_for_all_indexes_only() -> None:
    accepting = []
    for name, shape in SHAPES.items():
        try:
            grants_of(Intent("sqs.trial", "Try.", "Nothing.", shape, ()), "*")
        except SpecError:
            continue
        accepting.append(name)
    assert accepting == ["dynamodb.read_items indexes", "dynamodb.scan_items indexes"]


@pytest.mark.parametrize(
    ("intent", "target"),
    [
        ("sqs.send", "orders"),
        ("sqs.send", "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"),
        ("sqs.send", "arn:aws:sns:eu-central-1:111122223333:orders"),
        ("sqs.send", "arn:aws:sqs::111122223333:orders"),
        ("s3.read_objects", "arn:aws:s3:::orders-in/*"),
        ("s3.read_objects", "arn:aws:s3:::orders-in/in/1"),
        ("s3.read_objects", "arn:aws:s3:eu-central-1:111122223333:accesspoint/orders"),
        ("dynamodb.read_items", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders/index/by-customer"),
        ("dynamodb.read_items", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders/*"),
        ("dynamodb.read_stream", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"),
        ("secretsmanager.read_secret", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db"),
        ("kms.decrypt", "arn:aws:kms:eu-central-1:111122223333:alias/orders"),
        ("ssm.read_parameters", "arn:aws:ssm:eu-central-1:111122223333:parameter/"),
        ("ssm.read_parameters", "arn:aws:ssm:eu-central-1:111122223333:parameter/orders/"),
        ("logs.write", "arn:aws:logs:eu-central-1:111122223333:log-group:/orders/api:*"),
        ("lambda.invoke", "arn:aws:lambda:eu-central-1:111122223333:layer:orders"),
        ("sts.assume_role", "arn:aws:iam::111122223333:user/ada"),
        ("sts.assume_role", "arn:aws:iam::111122223333:role/*"),
        ("sqs.send", 7),
        ("sqs.send", None),
        ("cloudwatch.put_metrics", "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:x"),
    ],
)
def test_a_target_of_another_shape_is_refused(intent: str, target: object) -> None:
    needed = {"namespace": "orders"} if intent.startswith("cloudwatch") else {}
    assert problems(intent, target, **needed) == [("target", str(target))]


@pytest.mark.parametrize(
    ("intent", "target"),
    [
        ("sqs.send", "arn:aws-us-gov:sqs:us-gov-west-1:111122223333:orders.fifo"),
        ("s3.read_objects", "arn:aws-cn:s3:::orders-in"),
        ("secretsmanager.read_secret", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/db-??????"),
        ("kms.decrypt", "arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd"),
        ("lambda.invoke", "arn:aws:lambda:eu-central-1:111122223333:function:orders:$LATEST"),
        ("sts.assume_role", "arn:aws:iam::444455556666:role/deploy/orders@ci"),
        ("ssm.read_parameter", "arn:aws:ssm:eu-central-1:111122223333:parameter/plain"),
    ],
)
def test_every_form_of_a_target_is_taken(intent: str, target: str) -> None:
    (first, *_) = granted(intent, target)
    assert first["targets"][0].startswith(target)


def test_everything_wrong_is_told_at_once() -> None:
    assert problems("s3.read_objects", "orders-in", prefix=["in/", "*", 7], indexes="x") == [
        ("target", "orders-in"),
        ("prefix[1]", "*"),
        ("prefix[2]", "7"),
        ("indexes", "a parameter that is not known here"),
    ]
    assert problems("kms.encrypt", KEY, via="sqs", context={"a b": "x", "c": "${y}"}) == [
        ("via", "sqs"),
        ("context['a b']", "a b"),
        ("context['c']", "${y}"),
    ]


@pytest.mark.parametrize("empty", [(), [], {}])
def test_an_empty_parameter_does_not_widen_the_grant(empty: object) -> None:
    assert problems("s3.read_objects", BUCKET, prefix=empty) == [("prefix", "nothing")]
    assert problems("kms.decrypt", KEY, via=empty, context={"a": "b"}) == [("via", "nothing")]


def test_a_required_parameter_can_not_be_left_out() -> None:
    assert problems("cloudwatch.put_metrics") == [("namespace", "nothing")]
    assert problems("cloudwatch.put_metrics", namespace=None) == [("namespace", "nothing")]
    assert problems("cloudwatch.put_metrics", namespace="") == [("namespace", "")]
    assert problems("cloudwatch.put_metrics", namespace="AWS/SQS") == [("namespace", "AWS/SQS")]


def test_a_mapping_and_a_text_are_not_taken_for_each_other() -> None:
    assert problems("s3.read_objects", BUCKET, prefix={"a": "b"}) == [("prefix['a']", "a mapping")]
    assert problems("kms.decrypt", KEY, context="orders") == [("context", "orders")]
    assert problems("kms.decrypt", KEY, context=["orders"]) == [("context[0]", "orders")]


def test_a_prefix_narrows_what_is_granted_on() -> None:
    assert granted("s3.read_objects", BUCKET) == [{"actions": ["s3:GetObject"], "targets": [f"{BUCKET}/*"]}]
    assert granted("s3.read_objects", BUCKET, prefix="in/")[0]["targets"] == [f"{BUCKET}/in/*"]
    assert granted("s3.read_objects", BUCKET, prefix=("a/", "b/"))[0]["targets"] == [f"{BUCKET}/a/*", f"{BUCKET}/b/*"]


def test_a_condition_holds_for_one_of_the_texts_given_and_falls_away_without() -> None:
    (every,) = granted("s3.list_objects", BUCKET)
    (some,) = granted("s3.list_objects", BUCKET, prefix=["a/", "b/"])
    assert "conditions" not in every
    assert some["conditions"] == {"StringLike": {"s3:prefix": ["a/*", "b/*"]}}


def test_an_encryption_context_makes_a_condition_of_each_entry() -> None:
    (grant,) = granted("kms.decrypt", KEY, via="s3.eu-central-1.amazonaws.com", context={"a": "1", "b": "2"})
    assert grant["conditions"] == {
        "StringEquals": {
            "kms:ViaService": ["s3.eu-central-1.amazonaws.com"],
            "kms:EncryptionContext:a": ["1"],
            "kms:EncryptionContext:b": ["2"],
        }
    }


def test_without_indexes_nothing_is_granted_on_any() -> None:
    table = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
    assert [grant["targets"] for grant in granted("dynamodb.read_items", table)] == [[table]]
    with_index = granted("dynamodb.read_items", table, indexes="by-day")
    assert [grant["targets"] for grant in with_index] == [[table], [f"{table}/index/by-day"]]
    assert with_index[1]["actions"] == ["dynamodb:Query"]


def test_a_target_that_comes_later_is_derived_and_checked_then() -> None:
    later: list[Any] = []

    def derive(write: Any) -> str:
        later.append(write)
        return f"output {len(later)}"

    grants = grants_of(INTENTS["logs.read"], parameters={}, derive=derive)
    assert grants[0].targets == ("output 1", "output 2")
    group = "arn:aws:logs:eu-central-1:111122223333:log-group:/orders"
    assert [write(group) for write in later] == [group, f"{group}:*"]
    with pytest.raises(SpecError, match=r"'logs\.read', known at deployment: 1 problem"):
        later[0](QUEUE)
