"""Laws of reading, on every platform: nothing raises, nothing hangs, and what is no document is never passed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.facts import UNKNOWN, DocumentKind, Platform
from nhi_components.lint.lines import LineJudge
from nhi_components.rules import JudgeConfig, RuleClass, rules
from tests.properties.policies import verdict

NOW = datetime(2026, 1, 15, tzinfo=UTC)
EVERY = [pytest.param(platform, kind, id=f"{platform}-{kind}") for platform in Platform for kind in DocumentKind]
LINES = LineJudge(JudgeConfig())
SECONDS = 10
"""Quadratic time would need minutes for these sizes; a slow and busy machine needs a second."""

WORDS = st.sampled_from(
    [
        *("Version", "Statement", "Effect", "Action", "NotAction", "Resource", "Principal", "AWS", "Condition"),
        *("Allow", "Deny", "*", "sqs:*", "iam:PassRole", "2012-10-17", "StringEquals", "aws:PrincipalOrgID"),
        *("path", "capabilities", "sudo", "role", "members", "member", "condition", "expression", "title"),
        *("roles/owner", "allUsers", "includedPermissions", "principalId", "roleDefinitionId", "permissions"),
        *("actions", "notActions", "dataActions", "assignableScopes", "Microsoft.Authorization/*", "properties"),
        *("apiVersion", "kind", "ClusterRole", "RoleBinding", "rules", "verbs", "resources", "apiGroups", "subjects"),
        *("metadata", "name", "roleRef", "policy_arn", "principal", "context", "boundary", "policies", "service"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | WORDS | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=5),
    max_leaves=16,
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(list(Platform)), st.sampled_from(list(DocumentKind)), JSON, JSON)
def test_no_document_makes_a_reader_or_a_rule_fail(
    platform: Platform, kind: DocumentKind, document: Any, context: Any
) -> None:
    around = {str(key): value for key, value in context.items()} if isinstance(context, dict) else {}
    assert verdict(kind, document, platform, **around) <= rules().keys()


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(list(Platform)), st.sampled_from(list(DocumentKind)), st.text('{}[]":,*=\n- a#$', max_size=60))
def test_no_text_makes_a_reader_or_a_rule_fail(platform: Platform, kind: DocumentKind, text: str) -> None:
    assert verdict(kind, text, platform) <= rules().keys()


@pytest.mark.parametrize(("platform", "kind"), EVERY)
@pytest.mark.parametrize("document", [None, 17, True, "[", "17", "null", [17], [None], "nothing of the kind"])
def test_what_is_no_document_is_never_passed_in_silence(platform: Platform, kind: DocumentKind, document: Any) -> None:
    found = verdict(kind, document, platform)
    assert RuleClass.UNJUDGED in {rules()[name].rule_class for name in found}, found


@pytest.mark.parametrize(("platform", "kind"), EVERY)
@pytest.mark.parametrize("document", ["", [], {}])
def test_what_is_empty_passes_only_where_it_is_a_document(
    platform: Platform, kind: DocumentKind, document: Any
) -> None:
    """An empty text is a Vault policy, and an empty list one of Google's bindings; they grant nothing."""
    is_vault = kind is DocumentKind.VAULT_POLICY or platform is Platform.VAULT
    if not (is_vault or (platform is Platform.GCP and document == [])):
        assert verdict(kind, document, platform)


@pytest.mark.parametrize(("platform", "kind"), EVERY)
def test_what_is_not_known_yet_is_never_passed_in_silence(platform: Platform, kind: DocumentKind) -> None:
    found = verdict(kind, UNKNOWN, platform)
    assert RuleClass.UNJUDGED in {rules()[name].rule_class for name in found}, found


@pytest.mark.parametrize(("platform", "kind"), EVERY)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 200_000, id="lists"),
        pytest.param('{"Statement":' * 50_000, id="objects"),
        pytest.param('{"a":' * 500 + "1" + "}" * 500, id="objects that close"),
        pytest.param('path "a" {' * 50_000, id="blocks"),
        pytest.param("a:\n" + "".join(f"{' ' * n}b:\n" for n in range(1, 1000)), id="indents"),
        pytest.param("&a [*a]", id="a list that holds itself"),
        pytest.param("a: &a [x]\n" + "".join(f"{n}: &{n} [*{n - 1}, *{n - 1}]\n" for n in range(1, 60)), id="aliases"),
    ],
)
def test_deep_nesting_is_judged_in_bounded_time(platform: Platform, kind: DocumentKind, text: str) -> None:
    started = time.process_time()
    verdict(kind, text, platform)
    assert time.process_time() - started < SECONDS


@settings(max_examples=400, deadline=None)
@given(
    st.fixed_dictionaries(
        {"id": JSON, "cloud": st.sampled_from([*Platform, "k8s"]), "kind": st.sampled_from(list(DocumentKind))},
        optional={"document": JSON, "context": JSON},
    )
)
def test_a_line_is_answered_with_one_line(line: dict[str, Any]) -> None:
    text = json.dumps(line, default=lambda _: "unknown").encode()
    answer = LINES.answer(text, NOW)
    assert not answer.internal
    given_back = json.loads(answer.text)
    assert given_back.keys() <= {"id", "findings", "error"}
    assert given_back["findings"] or "error" not in given_back
    assert "\n" not in answer.text


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_line_is_passed_in_silence(line: bytes) -> None:
    answer = LINES.answer(line, NOW)
    assert not answer.internal
    assert json.loads(answer.text)["findings"]
