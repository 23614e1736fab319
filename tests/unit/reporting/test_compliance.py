"""Controls: which verdicts speak against them, what is known of each, and that nothing is called complied with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from nhi_components.core.inventory.verdicts import ABOUT, Owasp, Verdict
from nhi_components.lifecycle.reporting.compliance import ControlState, Finding, findings, frameworks
from nhi_components.lifecycle.reporting.content import Content, EvidenceFound
from nhi_components.lifecycle.reporting.document import document

EXPECTED = {"owasp-nhi", "nist-csf", "nist-zta", "pci-dss", "hipaa", "soc2", "gdpr", "iso-27001"}


def found(content: Content, framework: str) -> Mapping[str, Finding]:
    (chosen,) = (each for each in frameworks() if each.id == framework)
    return {each.control.id: each for each in findings(content, chosen)}


def test_every_framework_is_there_with_controls_of_its_own() -> None:
    assert {each.id for each in frameworks()} == EXPECTED
    for each in frameworks():
        ids = [control.id for control in each.controls]
        assert len(ids) == len(set(ids)), each.id


def test_the_risks_of_owasp_are_judged_by_the_verdicts_that_are_their_instances() -> None:
    (owasp,) = (each for each in frameworks() if each.id == "owasp-nhi")
    assert [control.id for control in owasp.controls] == list(Owasp)
    for control in owasp.controls:
        instances = {verdict for verdict, about in ABOUT.items() if control.id in about.owasp}
        assert set(control.violated_by) == instances, control.id


def test_every_command_that_is_named_exists() -> None:
    import typer

    from nhi_components.cli.app import app

    known = set(getattr(typer.main.get_command(app), "commands"))  # noqa: B009 - typed as any command, groups or not
    for each in frameworks():
        for control in each.controls:
            for command in control.commands:
                program, name, *_ = command.split()
                assert program == "nhi", command
                assert name in known, command


@pytest.mark.parametrize(("framework", "control"), [("pci-dss", "8.6.3"), ("iso-27001", "A.5.18"), ("soc2", "CC6.2")])
def test_a_control_is_violated_by_whom_its_verdicts_are_about(content: Content, framework: str, control: str) -> None:
    told = found(content, framework)[control]
    against = set(told.control.violated_by)
    whom = [each for each in content.living if any(stood.judged.verdict in against for stood in each.standing)]
    assert told.state is ControlState.VIOLATED
    assert told.violating == len(whom) > 0


def test_a_control_that_no_verdict_bears_on_is_not_checked(content: Content) -> None:
    told = found(content, "pci-dss")["8.6.1"]
    assert (told.state, told.checked) == (ControlState.NOT_CHECKED, 0)


def test_no_violation_is_only_told_with_of_how_many_enough_is_known(content: Content) -> None:
    told = found(content, "owasp-nhi")["NHI8:2025"]
    assert told.state is ControlState.NO_VIOLATION_FOUND
    assert 0 < told.checked < told.of


def test_where_nothing_is_known_nothing_is_called_without_violation(content: Content) -> None:
    none = replace(content, identities=(), checked=dict.fromkeys(Verdict, 0))
    for framework in frameworks():
        assert {each.state for each in findings(none, framework)} == {ControlState.NOT_CHECKED}


def test_controls_are_linked_to_the_evidence_that_is_there(content: Content) -> None:
    told = found(content, "owasp-nhi")
    assert told["NHI1:2025"].evidence == {
        "teardown": 1,
        "cut-off": 1,
        "suspension": 1,
        "audit/identity-removed": 0,
        "audit/identity-disabled": 1,
    }
    without = found(replace(content, evidence=EvidenceFound()), "owasp-nhi")
    assert set(without["NHI1:2025"].evidence.values()) == {0}


def test_nothing_is_called_compliant(content: Content) -> None:
    told = json.dumps(document(content)["compliance"]).lower()
    assert "compliant" not in told
    assert {each["state"] for one in document(content)["compliance"] for each in one["controls"]} == set(ControlState)
