"""`nhi lint` over files, folders and standard input: what is recognised, said, and how it ends."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nhi_components.cli.lint import main
from nhi_components.core.errors import SpecError
from nhi_components.core.yaml_text import parse_yaml
from nhi_components.facts import files as reading
from nhi_components.lint.places import Places

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
CLUSTER_ADMIN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: everything
rules:
- apiGroups: ["*"]
  resources: ["*"]
  verbs: ["*"]
"""
OWNER_FOR_ALL = "bindings:\n- role: roles/owner\n  members: [allUsers]\n"
ROOT = 'path "secret/data/a" {\n  capabilities = ["read"]\n}\n\npath "*" {\n  capabilities = ["sudo"]\n}\n'
AZURE_OWNER = {
    "properties": {"roleName": "all", "assignableScopes": ["/"], "permissions": [{"actions": ["*"], "notActions": []}]}
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lint(capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    def run(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        return code, capfdbinary.readouterr().out.decode()

    return run


@pytest.fixture
def findings(lint: Any) -> Any:
    def run(*arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(lint(*arguments, "-o", "json")[1])["findings"]
        return found

    return run


@pytest.mark.parametrize(
    ("name", "text", "rule_class"),
    [
        ("policy.json", policy(SEND, ALL), "admin"),
        ("policy.yaml", "Statement:\n  Effect: Allow\n  Action: '*'\n  Resource: '*'\n", "admin"),
        ("aws-cli.json", json.dumps({"PolicyVersion": {"Document": json.loads(policy(ALL))}}), "admin"),
        ("text-inside.json", json.dumps({"Policies": [{"PolicyDocument": policy(ALL)}]}), "admin"),
        ("role.yaml", CLUSTER_ADMIN, "admin"),
        ("binding.yaml", OWNER_FOR_ALL, "public-principal"),
        ("gcp-role.json", json.dumps({"includedPermissions": ["iam.serviceAccounts.actAs"]}), "pass-role"),
        ("azure.json", json.dumps(AZURE_OWNER), "admin"),
        ("policy.hcl", ROOT, "admin"),
        ("vault.json", json.dumps({"path": {"*": {"capabilities": ["sudo"]}}}), "admin"),
        ("trust.json", policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}), "public-principal"),
    ],
)
def test_what_a_file_holds_is_recognised(here: Path, findings: Any, name: str, text: str, rule_class: str) -> None:
    (here / name).write_text(text)
    found = findings(name)
    assert rule_class in {finding["class"] for finding in found}
    assert {finding["file"] for finding in found} == {name}
    assert {finding["resource"].partition("#")[0] for finding in found} == {name}


@pytest.mark.parametrize("name", ["plan.json", "terraform.tfstate", "state.json", "stack.json", "preview.json"])
def test_a_finding_in_a_plan_state_or_stack_names_address_or_urn(findings: Any, name: str) -> None:
    found = findings(str(FIXTURES / name))
    assert "admin" in {finding["class"] for finding in found}
    assert all(finding["resource"].startswith(("aws_", "data.", "module.", "urn:pulumi:")) for finding in found)


def test_a_component_that_declares_its_grants_covers_what_is_not_known(findings: Any) -> None:
    found = findings(str(FIXTURES / "stack.json"))
    unknown = [finding["resource"] for finding in found if finding["rule"] == "document.not-yet-known"]
    assert unknown == ["urn:pulumi:prod::shop::aws:iam/policy:Policy::later"]


@pytest.mark.parametrize("form", ["table", "json", "sarif", "junit"])
@pytest.mark.parametrize("name", ["plan.json", "terraform.tfstate", "stack.json"])
def test_no_credential_is_ever_printed(lint: Any, form: str, name: str) -> None:
    text = lint(str(FIXTURES / name), "-o", form)[1]
    assert "THE-PASSWORD" not in text
    assert "v1:abcdefg" not in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   \n",
        b"a: 1\n",
        b"not anything",
        b"{",
        b"\xff\x00\xfa",
        b"PK\x03\x04\x00\xff",
        b"[" * 50_000,
        b"a: &a [*a]",
        b'{"Statement": 5}',
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.hcl", "a.tf", "noending"])
def test_a_file_that_is_named_and_not_understood_is_a_finding(
    here: Path, lint: Any, findings: Any, name: str, content: bytes
) -> None:
    (here / name).write_bytes(content)
    assert "unjudged" in {finding["class"] for finding in findings(name)}
    assert lint(name)[0] == 1


def test_named_files_can_be_treated_as_those_of_a_folder(here: Path, lint: Any) -> None:
    (here / "package.json").write_text('{"name": "a"}')
    (here / "broken.json").write_text('{"Statement": [{"Effect": "Allow",')
    assert lint("package.json", "--skip-unrecognised")[0] == 0
    assert lint("package.json", "broken.json", "--skip-unrecognised")[0] == 1


def test_a_folder_is_searched_and_what_it_holds_is_told(here: Path, lint: Any) -> None:
    (here / "deep" / "er").mkdir(parents=True)
    (here / "deep" / "er" / "policy.json").write_text(policy(ALL))
    (here / "package.json").write_text('{"name": "a"}')
    (here / "broken.json").write_text('{"Statement": [{"Effect": "Allow",')
    (here / "harmless.yaml").write_text("a: [")
    (here / "main.tf").write_text('resource "a" "b" {}')
    (here / "README.md").write_text(policy(ALL))
    for ignored in (".git", "node_modules", ".venv", ".terraform"):
        (here / ignored).mkdir()
        (here / ignored / "policy.json").write_text(policy(ALL))
    code, text = lint(".")
    assert code == 1
    assert "deep/er/policy.json" in text
    assert "broken.json" in text
    assert "node_modules" not in text
    assert "harmless" not in text
    assert "README" not in text
    assert "2 files hold nothing that grants" in text
    assert "1 Terraform source passed over" in text


def test_an_empty_folder_is_clean(here: Path, lint: Any) -> None:
    assert lint(".") == (0, "no findings in 0 sources\n")


def test_standard_input_is_a_file(lint: Any, findings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(policy(ALL).encode())))
    assert {finding["file"] for finding in findings("-")} == {"<stdin>"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(here: Path, findings: Any, encoding: str) -> None:
    (here / "policy.json").write_text(policy(ALL), encoding=encoding)
    assert "admin" in {finding["class"] for finding in findings("policy.json")}


def test_a_kind_can_be_said(here: Path, findings: Any) -> None:
    (here / "list.json").write_text('{"role": "roles/owner", "member": "allUsers"}')
    said = ["--kind", "binding", "--cloud", "google"]
    assert "public-principal" in {finding["class"] for finding in findings("list.json", *said)}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["missing.json"],
        ["a.json", "--stack", "prod"],
        ["a.json", "--format", "jsonl"],
        ["a.json", "--kind", "poem", "--cloud", "aws"],
        ["a.json", "--kind", "binding"],
        ["a.json", "--cloud", "aws"],
        ["a.json", "--kind", "binding", "--cloud", "mars"],
        ["a.json", "--rule", "no.such-rule"],
        ["a.json", "--class", "no-such-class"],
        ["a.json", "--baseline", "missing.json"],
        ["a.json", "--baseline", "a.json"],
        ["a.json", "--config", "missing.json"],
        ["a.json", "--config", "list.yaml"],
        ["a.json", "--config", "wrong.yaml"],
    ],
)
def test_wrong_usage_is_told_with_a_fix(here: Path, arguments: list[str]) -> None:
    (here / "a.json").write_text(policy(SEND))
    (here / "list.yaml").write_text("- a\n")
    (here / "wrong.yaml").write_text("mode: lax\nlevels: {no.rule: mandatory}\n")
    with pytest.raises(SpecError) as wrong:
        main(arguments)
    assert "fix:" in str(wrong.value)


def test_the_exit_code_is_2_for_wrong_usage(here: Path) -> None:
    command = [sys.executable, "-m", "nhi_components.cli.main", "lint"]
    for arguments in (["missing.json"], ["--no-such-option"]):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (policy(SEND), [], 0),
        (policy(ALL), [], 1),
        (policy(ALL), ["--threshold", "critical"], 1),
        (policy(ALL), ["--threshold", "never"], 0),
        (policy(ALL), ["--class", "metadata"], 0),
        (policy(ALL), ["--class", "admin"], 1),
        (policy({**SEND, "Action": "sqs:SendMessage*"}), ["--threshold", "critical"], 0),
    ],
)
def test_the_exit_code_follows_threshold_and_filters(
    here: Path, lint: Any, text: str, arguments: list[str], code: int
) -> None:
    (here / "policy.json").write_text(text)
    assert lint("policy.json", *arguments)[0] == code


def test_advice_fails_only_when_strict(here: Path, lint: Any) -> None:
    stack = json.loads((FIXTURES / "preview.json").read_text())
    stack["steps"] = [step for step in stack["steps"] if step["urn"].endswith("later")]
    (here / "preview.json").write_text(json.dumps(stack))
    code, text = lint("preview.json")
    assert (code, "advice" in text) == (0, True)
    assert lint("preview.json", "--strict")[0] == 1


def test_a_filter_leaves_only_what_it_names(here: Path, findings: Any) -> None:
    (here / "policy.json").write_text(policy(ALL))
    assert {finding["rule"] for finding in findings("policy.json", "--rule", "aws.admin")} == {"aws.admin"}
    two = findings("policy.json", "--class", "admin", "--class", "escalation")
    assert {finding["class"] for finding in two} == {"admin", "escalation"}


def exception(**fields: str) -> dict[str, str]:
    return {
        "rule": "aws.admin",
        "resource": "*policy.json",
        "reason": "a test of exceptions",
        "approver": "dana@example.com",
        "ends": "2999-01-01",
        **fields,
    }


def test_a_configuration_sets_levels_and_exceptions(here: Path, findings: Any) -> None:
    (here / "policy.json").write_text(policy(ALL))
    config = {"levels": {"aws.escalation": "disabled"}, "exceptions": [exception(), exception(resource="other")]}
    for content in (config, {"nhi-required": config}):
        (here / "config.json").write_text(json.dumps(content))
        rules = {finding["rule"] for finding in findings("policy.json", "--config", "config.json")}
        assert not rules & {"aws.admin", "aws.escalation"}
        assert "exception.unused" in rules


def test_an_exception_that_ended_is_reported(here: Path, findings: Any) -> None:
    (here / "policy.json").write_text(policy(ALL))
    (here / "config.yaml").write_text(json.dumps({"exceptions": [exception(ends="2020-01-01")]}))
    rules = {finding["rule"] for finding in findings("policy.json", "--config", "config.yaml")}
    assert {"aws.admin", "exception.expired"} <= rules


def test_a_baseline_knows_findings_and_tells_what_is_no_more(here: Path, lint: Any) -> None:
    (here / "policy.json").write_text(policy(ALL))
    code, text = lint("policy.json", "--write-baseline", "known.json")
    assert code == 0
    assert "written to known.json" in text
    code, text = lint("policy.json", "--baseline", "known.json")
    assert code == 0
    assert "known to the baseline" in text
    (here / "policy.json").write_text(policy(SEND, ALL))
    assert lint("policy.json", "--baseline", "known.json")[0] == 0
    (here / "policy.json").write_text(policy(SEND, ALL, ALL))
    assert lint("policy.json", "--baseline", "known.json")[0] == 1
    (here / "policy.json").write_text(policy(SEND))
    code, text = lint("policy.json", "--baseline", "known.json")
    assert code == 0
    assert "no more found, of the baseline" in text


def test_a_baseline_of_a_plan_holds_whatever_the_file_is_called(here: Path, lint: Any) -> None:
    for name in ("one.json", "two.json"):
        (here / name).write_bytes((FIXTURES / "plan.json").read_bytes())
    lint("one.json", "--write-baseline", "known.json")
    assert lint("two.json", "--baseline", "known.json")[0] == 0


def test_a_fault_of_ours_is_a_finding_and_its_own_exit_code(
    here: Path, lint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    (here / "policy.json").write_text(policy(ALL))
    monkeypatch.setattr(reading, "read_document", fail)
    code, text = lint("policy.json")
    assert code == 3
    assert "internal error" in text


def test_what_follows_from_being_admin_is_folded(here: Path, lint: Any) -> None:
    (here / "policy.json").write_text(policy(ALL))
    text = lint("policy.json")[1]
    assert text.count("    got:") == 1
    assert "and what follows from it: " in text


def test_the_pre_commit_hook_runs_as_it_is_written(here: Path, lint: Any) -> None:
    (hook,) = parse_yaml((Path(__file__).parents[3] / ".pre-commit-hooks.yaml").read_text())[0].value
    command, *arguments = hook["entry"].split()
    assert (command, arguments.pop(0)) == ("nhi", "lint")
    names = ["policy.json", "package.json", "role.yaml"]
    assert all(re.search(hook["files"], name) for name in names)
    for name, text in zip(names, (policy(ALL), "{}", CLUSTER_ADMIN), strict=True):
        (here / name).write_text(text)
    code, text = lint(*arguments, *names)
    assert code == 1
    assert "package.json" not in text


def test_quiet_leaves_only_findings(here: Path, lint: Any) -> None:
    (here / "policy.json").write_text(policy(SEND))
    assert lint("policy.json", "--quiet") == (0, "")


def test_a_live_stack_is_exported_and_judged(
    here: Path, lint: Any, findings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = here / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text(
        f'#!/bin/sh\n[ "$*" = "stack export --stack prod --non-interactive" ] && cat {FIXTURES}/stack.json\n'
    )
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    assert lint("--stack", "prod", "--cwd", str(here))[0] == 1
    assert {finding["file"] for finding in findings("--stack", "prod", "--cwd", str(here))} == {None}


def test_a_file_with_one_document_starts_without_what_it_does_not_use(here: Path) -> None:
    (here / "policy.json").write_text(policy(ALL))
    code = (
        "import sys; from nhi_components.cli.lint import main; main(['policy.json']);"
        "print(sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr);"
        "print([m for m in sys.modules if m.startswith('nhi_components.rules.')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for module in ("pydantic", "rich", "yaml", "typer", "pulumi", "jsonschema"):
        assert f"'{module}'" not in done.stderr
    assert "nhi_components.rules.aws." in done.stderr
    for system in ("gcp", "azure", "vault", "kubernetes"):
        assert f"nhi_components.rules.{system}." not in done.stderr


def test_a_megabyte_is_read_in_time(here: Path, lint: Any) -> None:
    (here / "policy.json").write_text(policy(*[SEND] * 5_000, ALL))
    begun = time.process_time()
    assert lint("policy.json")[0] == 1
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('{\n "a": [\n  1,\n  {"b": "x"}\n ]\n}', "a[1].b", 4),
        ('{\n "a": [\n  1,\n  {"b": "x"}\n ]\n}', "a[1].c", 4),
        ('{\n "a": [\n  1,\n  {"b": "x"}\n ]\n}', "z", 1),
        ('{"a,": "b:c",\n "d": {}, "e": []}', "e", 2),
        ("a:\n- 1\n- b: x\n", "a[1].b", 3),
        ("a: 1\n---\nb:\n  c: 2\n", "[1].b.c", 4),
        (ROOT, 'document path "*".capabilities[0]', 5),
        ("}}}", "a", None),
        ("a: [", "b", 1),
    ],
)
def test_a_place_has_its_line(text: str, path: str, line: int | None) -> None:
    assert Places(text).line(path) == line


def test_a_finding_tells_its_line(here: Path, findings: Any) -> None:
    (here / "policy.json").write_text('{"Statement": [\n {"Effect": "Allow",\n  "Action": "*",\n  "Resource": "*"}]}')
    (here / "role.yaml").write_text(CLUSTER_ADMIN)
    (here / "v.hcl").write_text(ROOT)
    lines = {(f["file"], f["rule"]): f["line"] for f in findings(".")}
    assert lines["policy.json", "aws.admin"] == 3
    assert lines["role.yaml", "kubernetes.admin-role"] == 10
    assert {line for (file, _), line in lines.items() if file == "v.hcl"} == {5}
