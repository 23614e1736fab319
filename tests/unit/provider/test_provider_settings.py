"""The provider's configuration: as the engine hands it over, and whose approval counts."""

from __future__ import annotations

import json
from datetime import date

import pytest

from nhi_components.core.connection import AwsConnection, VaultConnection
from nhi_components.core.errors import SpecError
from nhi_components.core.life import Decision
from nhi_components.core.links import System
from nhi_components.provider.settings import Approval, Settings, current_approval, decisions, read_settings


def test_structures_come_as_json_text_in_camel_case() -> None:
    settings = read_settings(
        {
            "aws": json.dumps({"default": {"profile": "work"}, "other": {"account": "222222222222"}}),
            "vault": json.dumps({"default": {"address": "https://vault.example.com:8200/"}}),
            "approval": json.dumps({"approver": "alice@example.com"}),
            "evidence": json.dumps({"directory": "/evidence"}),
            "deadlineSeconds": "90",
            "version": "0.1.0",
        }
    )
    assert settings.aws["default"].profile == "work"
    assert settings.vault["default"].address == "https://vault.example.com:8200"
    assert settings.approval.approver == "alice@example.com"
    assert str(settings.evidence.directory) == "/evidence"
    assert settings.deadline_seconds == 90


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SpecError) as raised:
        read_settings(
            {"aws": '{"default": {"region": "nowhere"}}', "deadlineSeconds": "soon", "azure": "", "vault": "{"}
        )
    paths = {problem.path for problem in raised.value.problems}
    assert {"aws.default.region", "deadline_seconds", "azure", "vault"} <= paths


def test_the_ambient_connection_is_there_unless_it_is_given() -> None:
    assert Settings().connection(System.AWS, "default") == AwsConnection()
    assert Settings().connection(System.VAULT, "default") == VaultConnection()
    given = Settings(aws={"default": AwsConnection(profile="work")})
    assert given.connection(System.AWS, "default") == AwsConnection(profile="work")


def test_a_connection_that_is_not_there_is_an_error_that_names_the_others() -> None:
    settings = Settings(aws={"one": AwsConnection(), "two": AwsConnection()})
    with pytest.raises(SpecError, match="default, one, two"):
        settings.connection(System.AWS, "three")


CONFIGURED = {"PULUMI_CONFIG": json.dumps({"approval": json.dumps({"approver": "board", "reason": "CHG-2"})})}


@pytest.mark.parametrize(
    ("program", "environment", "expected"),
    [
        ({}, {}, (None, None)),
        ({"approver": "program", "reason": "CHG-1"}, {}, ("program", "CHG-1")),
        ({"approver": "program", "reason": "CHG-1"}, CONFIGURED, ("board", "CHG-2")),
        ({}, {**CONFIGURED, "NHI_APPROVER": "alice"}, ("alice", "CHG-2")),
        ({}, {**CONFIGURED, "GITHUB_ACTOR": "octocat", "NHI_REASON": "CHG-3"}, ("octocat", "CHG-3")),
        ({}, {"NHI_APPROVER": "alice", "GITHUB_ACTOR": "octocat"}, ("alice", None)),
        ({"reason": "CHG-1"}, {"PULUMI_CONFIG": '{"approval": {"approver": "board"}}'}, ("board", "CHG-1")),
        ({"approver": "program"}, {"PULUMI_CONFIG": "{}"}, ("program", None)),
    ],
)
def test_the_run_comes_before_its_configuration_and_that_before_the_program(
    program: dict[str, str], environment: dict[str, str], expected: tuple[str | None, str | None]
) -> None:
    approval = current_approval(Settings(approval=Approval(**program)), environment=environment)
    assert (approval.approver, approval.reason) == expected


@pytest.mark.parametrize("approval", ['"alice"', '{"approved": "alice"}', "[]"])
def test_an_approval_that_is_none_is_an_error(approval: str) -> None:
    with pytest.raises(SpecError, match="approval"):
        current_approval(Settings(), environment={"PULUMI_CONFIG": f'{{"approval": {approval}}}'})


DECISION = Decision(state="retired", approver="Ada Example", reason="INC-7", on=date(2026, 3, 1))


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (CONFIGURED, ("Ada Example", "INC-7")),
        ({**CONFIGURED, "GITHUB_ACTOR": "octocat"}, ("Ada Example", "INC-7")),
        ({**CONFIGURED, "NHI_APPROVER": "alice"}, ("alice", "INC-7")),
        ({"NHI_APPROVER": "alice", "NHI_REASON": "CHG-3"}, ("alice", "CHG-3")),
    ],
)
def test_who_decided_about_the_identity_comes_after_the_run_and_before_all_else(
    environment: dict[str, str], expected: tuple[str, str]
) -> None:
    approval = current_approval(Settings(approval=Approval(approver="program")), DECISION, environment)
    assert (approval.approver, approval.reason) == expected


def test_decisions_come_from_the_configuration_of_the_run() -> None:
    told = {"orders.prod": {"state": "retired", "approver": "Ada Example", "reason": "INC-7", "on": "2026-03-01"}}
    assert decisions({"PULUMI_CONFIG": json.dumps({"life": json.dumps(told)})}) == {"orders.prod": DECISION}
    assert decisions({}) == {}


def test_a_decision_that_is_none_is_an_error() -> None:
    with pytest.raises(SpecError, match=r"life\.orders\.prod\.approver"):
        decisions({"PULUMI_CONFIG": json.dumps({"life": {"orders.prod": {"state": "retired"}}})})
