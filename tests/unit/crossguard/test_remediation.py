"""What a pack may put on an identity: only what is certain, and only where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from nhi_components.crossguard.configuration import PackConfig, Remediation
from nhi_components.crossguard.judgement import Judgement
from nhi_components.crossguard.remediation import with_labels
from nhi_components.crossguard.systems import SYSTEMS
from nhi_components.facts import UNKNOWN, Platform, PulumiResource
from nhi_components.rules import JudgeConfig, TagNames
from tests.unit.crossguard.pack import COMPONENT, NOW, ROLE

ENTITY = "vault:identity/entity:Entity"
DEFAULTS = Remediation("platform@example.com", date(2026, 12, 31))
PUT = {"nhi:owner": "platform@example.com", "nhi:ends": "2026-12-31"}
MARK = {"nhi:managed-by": "nhi_components"}
GOVERNING = JudgeConfig(governed=(ROLE, ENTITY, COMPONENT, "gcp:serviceaccount/account:Account"))


def judging(
    remediation: Remediation | None = DEFAULTS,
    config: JudgeConfig = GOVERNING,
    systems: frozenset[Platform] = frozenset(SYSTEMS),
) -> Judgement:
    return Judgement(PackConfig(config, remediation), systems, ())


def missing(judgement: Judgement, type_token: str, inputs: Mapping[str, Any], parent: str | None = None) -> Any:
    return judgement.missing_labels(PulumiResource("urn", type_token, inputs, parent))


def test_what_is_missing_comes_from_the_configuration() -> None:
    assert missing(judging(), ROLE, {}) == ("tags", PUT)
    assert missing(judging(), ENTITY, {"metadata": {"note": "x"}}) == ("metadata", PUT)
    assert missing(judging(), ROLE, {"tags": {"nhi:owner": "a@example.com"}}) == ("tags", {"nhi:ends": "2026-12-31"})
    assert missing(judging(Remediation("a@example.com")), ROLE, {}) == ("tags", {"nhi:owner": "a@example.com"})
    assert missing(judging(), ROLE, {"tags": PUT})[1] == {}


@pytest.mark.parametrize(
    ("type_token", "inputs"),
    [
        (ROLE, {"tags": UNKNOWN}),
        (ROLE, {"tags": {"nhi:owner": UNKNOWN, "nhi:ends": "2026-12-31"}}),
        (COMPONENT, {"identity": {}}),
        ("gcp:serviceaccount/account:Account", {}),
        ("aws:sqs/queue:Queue", {}),
        ("aws:sqs/queue:Queue", {"tags": {"team": "payments"}}),
    ],
)
def test_nothing_is_put_where_it_is_unknown_or_has_no_place_or_is_not_governed(
    type_token: str, inputs: Mapping[str, Any]
) -> None:
    assert missing(judging(), type_token, inputs)[1] == {}


def test_what_bears_our_mark_is_completed_in_its_tags() -> None:
    assert missing(judging(config=JudgeConfig()), "aws:sqs/queue:Queue", {"tags": MARK}) == ("tags", PUT)
    assert missing(judging(config=JudgeConfig()), ROLE, {})[1] == {}
    assert missing(judging(config=JudgeConfig()), "vault:kv/secretV2:SecretV2", {"customMetadata": MARK})[1] == {}


def test_what_the_team_governs_is_completed_where_it_has_tags() -> None:
    queue = "aws:sqs/queue:Queue"
    judgement = judging(config=JudgeConfig(governed=(queue,)))
    assert missing(judgement, queue, {"tags": {"team": "payments"}}) == ("tags", PUT)
    assert missing(judgement, queue, {})[1] == {}
    assert missing(judgement, queue, {"labels": {"team": "payments"}})[1] == {}


def test_nothing_is_put_without_being_asked_or_on_another_system() -> None:
    assert missing(judging(None), ROLE, {})[1] == {}
    assert missing(judging(systems=frozenset({Platform.VAULT})), ROLE, {})[1] == {}


def test_the_names_of_tags_are_the_team_s() -> None:
    config = JudgeConfig(governed=(ROLE,), tags=TagNames("team", "valid-until"))
    assert missing(judging(config=config), ROLE, {"tags": {"nhi:owner": "a@example.com"}}) == (
        "tags",
        {"valid-until": "2026-12-31"},
    )


@pytest.mark.parametrize(
    ("expires", "ends"),
    [
        ({"on": "2026-03-01"}, {"nhi:ends": "2026-03-01"}),
        ({"on": "soon"}, {}),
        # The lease turns the span into a day; no other day may stand beside it.
        ({"after_days": 30.0}, {}),
        ({}, {"nhi:ends": "2026-12-31"}),
    ],
)
def test_what_encloses_an_identity_goes_first(expires: Mapping[str, Any], ends: Mapping[str, str]) -> None:
    judgement = judging()
    identity = {"owner": {"email": "team@example.com"}, "expires": expires}
    judgement.of(PulumiResource("component", COMPONENT, {"identity": identity}), NOW)
    assert missing(judgement, ROLE, {}, "component") == ("tags", {"nhi:owner": "team@example.com", **ends})


def test_labels_are_written_as_their_place_takes_them() -> None:
    assert with_labels({"a": 1}, "tags", {"nhi:owner": "b"}) == {"a": 1, "tags": {"nhi:owner": "b"}}
    assert with_labels({"tags": None}, "tags", {"nhi:owner": "b"}) == {"tags": {"nhi:owner": "b"}}
    assert with_labels({"metadata": {"c": "d"}}, "metadata", {"nhi:owner": "b"}) == {
        "metadata": {"c": "d", "nhi_owner": "b"}
    }
