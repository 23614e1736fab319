"""An organisation's file: found, read, validated with all its problems at once, and applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from template_samples import organisation_file, spec, template

from nhi_components.core.errors import SpecError
from nhi_components.core.identity import Kind
from nhi_components.core.revocation import Revocation
from nhi_components.templates import SecretForm, UnreadableTemplates, templates_in_force
from nhi_components.templates.differences import Direction, differences
from nhi_components.templates.in_force import VARIABLE, find_file
from nhi_components.templates.organisation import parse_organisation
from nhi_components.templates.standard import standard

VALID = "version: 1\nrevision: '7'\nkinds:\n  workload: {lifetime_days: 30}\n"


def problems(content: object) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        parse_organisation("file", content, standard())
    assert all(problem.got and problem.expected and problem.fix for problem in caught.value.problems)
    assert not any("[key]" in str(problem) for problem in caught.value.problems)
    told = {problem.path: problem.got for problem in caught.value.problems}
    assert len(told) == len(caught.value.problems), "a place is told twice"
    return told


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: orders\nruntime: python\n")
    (tmp_path / "src/deep").mkdir(parents=True)
    return tmp_path


def test_all_problems_are_told_at_once() -> None:
    content = {
        "version": 2,
        "revison": "7",
        "forbidden": {
            "pass-role": {"actions": ["iam:PassRole"], "reason": "a reason of our own"},
            "Money": {"actions": ["billling:*"], "capabilities": ["read"], "reason": "x"},
            "both": {"actions": ["iam:*"], "paths": ["sys/*"], "reason": "either of the two"},
            "capable": {"actions": ["iam:*"], "capabilities": ["read"], "reason": "not of actions"},
            "typo": {"permissions": ["iam.servceAccounts.*"], "reason": "no such permission"},
            "slip": {"operations": ["Microsoft.Authorisation/*"], "reason": "no such operation"},
            "slash": {"paths": ["/sys/*"], "capabilities": ["sudo"], "reason": "no leading slash"},
        },
        "kinds": {
            "worklod": {},
            "pipeline": {
                "lifetime_days": 367,
                "grace_days": 91,
                "review_days": "30",
                "rotation_days": True,
                "session_seconds": 59,
                "revocation": "soon",
                "secrets": [],
                "sponsor_required": "yes",
                "approvals": [{"environments": "Prod", "approvers": 6}],
                "colour": "red",
            },
            "ai-agent": {"lifetime_days": None, "forbid": ["pas-role"], "permit": {"vault": "a reason of our own"}},
        },
    }
    assert set(problems(content)) == {
        "version", "revision", "revison", "forbidden.pass-role", "forbidden.Money", "forbidden.Money.actions[0]",
        "forbidden.Money.reason", "forbidden.both", "forbidden.capable", "forbidden.slash.paths[0]",
        "forbidden.slash.capabilities[0]", "forbidden.typo.permissions[0]",
        "forbidden.slip.operations[0]", "kinds.worklod",
        "kinds.pipeline.lifetime_days",
        "kinds.pipeline.grace_days", "kinds.pipeline.review_days",
        "kinds.pipeline.rotation_days", "kinds.pipeline.session_seconds", "kinds.pipeline.revocation",
        "kinds.pipeline.secrets", "kinds.pipeline.sponsor_required", "kinds.pipeline.approvals[0].environments",
        "kinds.pipeline.approvals[0].approvers", "kinds.pipeline.colour", "kinds.ai-agent.lifetime_days",
        "kinds.ai-agent.forbid[0]", "kinds.ai-agent.permit.vault",
    }  # fmt: skip


@pytest.mark.parametrize("content", [None, [], "text", [{"version": 1}, {"version": 1}]])
def test_what_is_no_object_is_refused(content: object) -> None:
    assert list(problems(content)) == ["(whole)"]


@pytest.mark.parametrize("version", [0, 2, "1", True, None, 1.5])
def test_other_versions_are_refused(version: object) -> None:
    assert list(problems({"version": version, "revision": "7"})) == ["version"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"forbid": ["pass-role"], "permit": {"pass-role": "a reason of our own"}}, "permit.pass-role"),
        ({"permit": {"vault-erasure": "a reason of our own"}}, "permit.vault-erasure"),
        ({"permit": {"pass-role": "why"}}, "permit.pass-role"),
        ({"permit": ["pass-role"]}, "permit"),
        ({"forbid": "pass-role"}, "forbid"),
        ({"forbid": ["Pass Role"]}, "forbid[0]"),
        ({"forbid": ["vault-erasure"], "permit": {"vault-erasure": "a reason of our own"}}, "permit.vault-erasure"),
        ({"approvals": [{"environments": "prod", "approvers": n} for n in (1, 2)]}, "approvals"),
    ],
)
def test_a_change_that_contradicts_itself_or_the_standard_is_refused(change: dict[str, Any], path: str) -> None:
    assert list(problems(organisation_file(workload=change))) == [f"kinds.workload.{path}"]


@pytest.mark.parametrize("value", ["30", True, 30.0, [30]])
@pytest.mark.parametrize("setting", ["lifetime_days", "grace_days", "session_seconds"])
def test_only_whole_numbers_are_numbers(setting: str, value: object) -> None:
    assert list(problems(organisation_file(workload={setting: value}))) == [f"kinds.workload.{setting}"]


def test_a_suggestion_is_made() -> None:
    with pytest.raises(SpecError, match=r"did you mean `workload`\?"):
        parse_organisation("file", organisation_file(worklod={}), standard())
    with pytest.raises(SpecError, match=r"did you mean `pass-role`\?"):
        parse_organisation("file", organisation_file(workload={"forbid": ["pas-role"]}), standard())


def test_what_is_changed_is_changed_and_everything_else_stays() -> None:
    own = {"money": {"actions": ["billing:*"], "reason": "only people move money"}}
    change = {
        "lifetime_days": 30,
        "revocation": "at-expiry",
        "secrets": ["generated", "none"],
        "approvals": [{"environments": "staging", "approvers": 2}],
        "forbid": ["money", "pass-role"],
        "permit": {"other-roles": "they call a partner's account"},
    }
    before = template(Kind.THIRD_PARTY)
    after = template(Kind.THIRD_PARTY, {**organisation_file(third_party=change), "forbidden": own})
    assert (after.lifetime_days, after.revocation) == (30, Revocation.AT_EXPIRY)
    assert after.secrets == (SecretForm.NONE, SecretForm.GENERATED)
    assert (after.approvers_needed("staging"), after.approvers_needed("prod")) == (2, 1)
    assert after.forbidden.keys() == {*before.forbidden, "money"} - {"other-roles"}
    assert (after.grace_days, after.session_seconds) == (before.grace_days, before.session_seconds)
    assert template(Kind.WORKLOAD, organisation_file(third_party=change | {"forbid": []})) == template(Kind.WORKLOAD)


def test_the_strictest_of_several_matching_patterns_counts() -> None:
    approvals = [{"environments": "*", "approvers": 1}, {"environments": "prod-eu", "approvers": 3}]
    changed = template(Kind.THIRD_PARTY, organisation_file(third_party={"approvals": approvals}))
    assert [changed.approvers_needed(name) for name in ("dev", "prod", "prod-eu")] == [1, 1, 3]


def test_every_loosening_is_seen(project: Path) -> None:
    (project / "nhi-templates.yaml").write_text(
        "version: 1\nrevision: '7'\nforbidden:\n  money: {actions: ['billing:*'], reason: only people move money}\n"
        "kinds:\n  ai-agent:\n    lifetime_days: 91\n    grace_days: 6\n    session_seconds: 3600\n"
        "    secrets: [generated]\n    sponsor_required: false\n    revocation: at-expiry\n    forbid: [money]\n"
        "    approvals: [{environments: 'prod*', approvers: 0}, {environments: dev, approvers: 1}]\n"
        "    permit: {pass-role: it starts tasks of its own}\n"
    )
    found = differences(templates_in_force(project, {}))
    assert {each.kind for each in found} == {Kind.AI_AGENT}
    loosened = [each for each in found if each.direction is Direction.LOOSENED]
    assert {(each.setting, each.standard, each.organisation) for each in loosened} == {
        ("lifetime_days", "90", "91"),
        ("secrets", "none", "generated"),
        ("sponsor_required", "yes", "no"),
        ("revocation", "immediate", "at-expiry"),
        ("approvals.prod*", "1", "0"),
        ("forbidden.pass-role", "forbidden", "permitted"),
    }  # fmt: skip
    assert {each.setting for each in found if each.direction is Direction.TIGHTENED} == {
        "grace_days", "approvals.dev", "forbidden.money"
    }  # fmt: skip
    assert "it starts tasks of its own" in {each.reason for each in found}


def test_without_a_file_the_standard_templates_are_in_force(tmp_path: Path, project: Path) -> None:
    for templates in (templates_in_force(project, {}), templates_in_force(tmp_path / "src", {})):
        assert templates.by_kind == {kind: template(kind) for kind in Kind}
        assert (templates.organisation, templates.file) == (None, None)
        assert templates.edition == f"standard {standard().revision}"
        assert differences(templates) == []


@pytest.mark.parametrize("start", [".", "src", "src/deep"])
def test_the_file_of_the_project_is_found_from_below(project: Path, start: str) -> None:
    (project / "nhi-templates.yaml").write_text(VALID)
    templates = templates_in_force(project / start, {})
    assert templates.file == project / "nhi-templates.yaml"
    assert templates.by_kind[Kind.WORKLOAD].lifetime_days == 30
    assert templates.edition.endswith("organisation 7")


def test_folders_above_the_project_are_not_looked_at(project: Path) -> None:
    (project / "nhi-templates.yaml").write_text(VALID)
    (project / "src/Pulumi.yaml").write_text("name: other\nruntime: python\n")
    assert find_file(project / "src/deep", {}) is None


def test_the_variable_comes_first_and_must_name_a_file(project: Path, tmp_path: Path) -> None:
    (project / "nhi-templates.yaml").write_text(VALID)
    other = tmp_path / "other.yaml"
    other.write_text(VALID.replace("30", "60"))
    assert templates_in_force(project, {VARIABLE: str(other)}).by_kind[Kind.WORKLOAD].lifetime_days == 60
    assert templates_in_force(project, {VARIABLE: ""}).by_kind[Kind.WORKLOAD].lifetime_days == 30
    other.unlink()
    with pytest.raises(UnreadableTemplates, match=r"other\.yaml"):
        templates_in_force(project, {VARIABLE: str(other)})


def test_a_file_that_changed_is_read_again(project: Path) -> None:
    file = project / "nhi-templates.yaml"
    for days in (30, 60):
        file.write_text(VALID.replace("30", str(days)))
        assert templates_in_force(project, {}).by_kind[Kind.WORKLOAD].lifetime_days == days


@pytest.mark.parametrize("name", ["nhi-templates.yml", "nhi-templates.json"])
def test_a_file_that_would_be_overlooked_is_an_error(project: Path, name: str) -> None:
    (project / name).write_text(VALID)
    with pytest.raises(UnreadableTemplates, match="rename it"):
        templates_in_force(project, {})


def test_a_link_that_leads_nowhere_is_an_error(project: Path) -> None:
    (project / "nhi-templates.yaml").symlink_to(project / "gone.yaml")
    with pytest.raises(UnreadableTemplates):
        templates_in_force(project, {})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (VALID.encode() + b"version: 1\n", "a key stands twice in one object"),
        (b"version: [", "YAML"),
        (b"version: \xff", "UTF-8"),
        (b"version: !!python/object:os.system {}", "a tag"),
    ],
)
def test_what_is_no_unambiguous_yaml_is_unreadable(project: Path, content: bytes, told: str) -> None:
    (project / "nhi-templates.yaml").write_bytes(content)
    with pytest.raises(UnreadableTemplates, match=told):
        templates_in_force(project, {})


@pytest.mark.parametrize("text", ["", "# nothing\n", "- version: 1\n", f"{VALID}---\n{VALID}"])
def test_a_file_that_holds_no_one_object_is_wrong(project: Path, text: str) -> None:
    (project / "nhi-templates.yaml").write_text(text)
    with pytest.raises(SpecError, match=r"nhi-templates\.yaml: 1 problem"):
        templates_in_force(project, {})


def test_a_byte_order_mark_does_no_harm(project: Path) -> None:
    (project / "nhi-templates.yaml").write_text(VALID, encoding="utf-8-sig")
    assert templates_in_force(project, {}).by_kind[Kind.WORKLOAD].lifetime_days == 30


def test_an_identity_may_ask_for_a_shorter_grace_than_its_template_and_for_no_longer(tmp_path: Path) -> None:
    templates = templates_in_force(tmp_path, {})
    assert templates.grace_days_of(spec(Kind.AI_AGENT).identity) == 7
    assert templates.grace_days_of(spec(Kind.AI_AGENT, grace_days=0).identity) == 0
    assert templates.grace_days_of(spec(Kind.AI_AGENT, grace_days=90).identity) == 7
