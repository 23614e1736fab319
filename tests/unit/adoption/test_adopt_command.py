"""`nhi adopt`: the program that it writes, and what it refuses before a file is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.core.errors import SpecError
from nhi_components.core.inventory.records import Record
from nhi_components.lifecycle.adoption.existing import NotAdoptable
from nhi_components.lifecycle.adoption.ports import Role
from nhi_components.lifecycle.adoption.usage import NotKnown, Usage
from tests.unit.adoption.test_adopt_account import CASES as ACCOUNT_CASES
from tests.unit.adoption.test_aws_trust import GITHUB, federated
from tests.unit.adoption.test_reduction import EVERY_SQS
from tests.unit.adoption.worlds import (
    ACCOUNT,
    ARN,
    MANAGED,
    NOW,
    QUEUE,
    TRUST,
    YESTERDAY,
    Reader,
    allow,
    deny,
    document,
    inventory,
    records,
    role,
    used,
)

NOBODY = NotKnown("nobody has looked")
ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
SENT = used(sqs=(YESTERDAY, EVERY_SQS | {"SendMessage": YESTERDAY}))
PERMITTED = ("--permitted-by", "Ada Lovelace", "--reason", "its use is being looked into")
Adopt = Callable[..., Result]


@pytest.fixture
def adopt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adopt:
    """`adopt(role, usage, *arguments)`: the command for a role that a scan has seen as it is."""
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    monkeypatch.setenv("NHI_AS_OF", "2026-11-30")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("nhi_components.lifecycle.clock.system_clock", lambda: NOW)

    def run(
        known: Role, usage: Usage | NotKnown, *arguments: str, now: Role | None = None, seen: Sequence[Record] = ()
    ) -> Result:
        inventory(tmp_path, seen or records(known)).close()
        reader = Reader(now or known, usage)
        monkeypatch.setattr("nhi_components.lifecycle.adapters.open_role_reading", lambda *_: reader)
        return CliRunner().invoke(app, ["adopt", ARN, "--into", str(tmp_path / "orders"), *arguments])

    return run


def problems(result: Result) -> dict[str, str]:
    """What has to be decided, by place."""
    assert isinstance(result.exception, SpecError), (result.output, result.exception)
    return {problem.path: f"{problem.got} | {problem.fix}" for problem in result.exception.problems}


CASES: Mapping[str, tuple[Role, Usage | NotKnown, tuple[str, ...]]] = {
    "lambda": (role(), SENT, ()),
    "pipeline": (
        role(
            trust=federated(GITHUB, sub="repo:shop/orders:ref:refs/heads/main", aud="sts.amazonaws.com"),
            inline={},
            managed={MANAGED: document(allow(["sqs:SendMessage", "sqs:ReceiveMessage"], "*"))},
            boundary=f"arn:aws:iam::{ACCOUNT}:policy/cap",
            tags={"team": "payments", "aws:cloudformation:stack-name": "old", "nhi:note": "x"},
        ),
        SENT,
        ("--on", f"sqs={QUEUE}", "--name", "orders", "--days", "90"),
    ),
    "permitted": (
        role(
            inline={
                "wide": document(allow("ec2:Describe*", "*"), allow(["sqs:SendMessage", "sqs:ListQueues"], "*")),
                "quoted": document(allow("sns:Publish", Condition={"StringEquals": {"aws:PrincipalTag/say": '"hi"'}})),
            }
        ),
        NotKnown("the connection may not call iam:GenerateServiceLastAccessedDetails"),
        PERMITTED,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_program_is_as_reviewed_and_as_the_formatter_leaves_it(case: str, adopt: Adopt, tmp_path: Path) -> None:
    known, usage, arguments = CASES[case]
    done = adopt(known, usage, *arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    project = tmp_path / "orders"
    written = {path: (project / path).read_text() for path in ("__main__.py", "policy/__main__.py", "adopt.json")}
    for path, text in written.items():
        file = GOLDEN / f"{case}-{path.replace('/', '-')}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        assert text == file.read_text()
    programs = [str(project / "__main__.py"), str(project / "policy" / "__main__.py")]
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--check", *programs], check=True, capture_output=True
    )
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E4,E7,E9,F,I", *programs],
        check=True,
        capture_output=True,
    )


def test_the_audit_trail_is_told_of_what_is_written(
    adopt: Adopt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "evidence"))
    assert adopt(role(), SENT, "--dry-run").exit_code == 0
    assert not (tmp_path / "evidence").exists()
    assert adopt(role(), SENT, "--approver", "Ada Example").exit_code == 0
    told = CliRunner().invoke(app, ["audit", "show"]).output
    assert told.count(f"{ARN} was adopted by a program") == 1


def test_the_plan_tells_each_action_and_why(adopt: Adopt, tmp_path: Path) -> None:
    done = adopt(role(), SENT, "--output", "json", "--dry-run")
    told = json.loads(done.output)
    assert not (tmp_path / "orders").exists()
    decided = {each["action"]: (each["kept"], each["reason"], each["lastUsedAt"]) for each in told["decisions"]}
    assert decided["sqs:SendMessage"] == (True, "used", YESTERDAY.isoformat())
    assert decided["sqs:PurgeQueue"] == (False, "tracked, and not used", None)
    assert (told["written"], told["leaves"], told["notReducedBecause"]) == (False, ["by-hand"], None)
    assert (told["uniqueId"], told["component"]) == ("AROALEGACY0000001", "aws.WorkloadIdentity")
    assert told["dependents"][0]["kind"] == "function"
    shown = adopt(role(), SENT)
    assert shown.exit_code == 0
    assert "leaves the role once the new grants are in place: by-hand" in shown.output
    assert "actions of sqs" in shown.output
    assert "pulumi import --file adopt.json" in shown.output


def test_what_is_not_reduced_says_why(adopt: Adopt) -> None:
    known = role(inline={"narrow": document(allow("sqs:SendMessage"))})
    done = adopt(known, NOBODY)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "nothing was reduced: nobody has looked" in done.output


def test_grants_on_everything_wait_for_a_decision(adopt: Adopt) -> None:
    known = role(inline={"wide": document(allow(["sqs:SendMessage", "sqs:ListQueues"], "*"), allow("ec2:*", "*"))})
    told = problems(adopt(known, NOBODY))
    assert set(told) == {"grants of sqs", "grants of ec2"}
    assert "--on sqs=ARN" in told["grants of sqs"]
    assert told["grants of ec2"].startswith("ec2:*")


def test_everything_that_nobody_says_of_it_is_asked_for_at_once(adopt: Adopt) -> None:
    known = role()
    bare = [each for each in records(known) if type(each).__name__ != "Knowledge"]
    missing = {"--environment", "--team", "--email", "--purpose"}
    assert set(problems(adopt(known, SENT, seen=bare))) == missing
    wide = role(inline={"wide": document(allow("sqs:SendMessage", "*"))})
    bare = [each for each in records(wide) if type(each).__name__ != "Knowledge"]
    assert set(problems(adopt(wide, NOBODY, seen=bare))) == {*missing, "grants of sqs"}


def test_what_the_component_would_refuse_is_refused_now(adopt: Adopt, tmp_path: Path) -> None:
    known = role(
        inline={"admin": document(allow(["iam:CreateUser", "sts:AssumeRole"], f"arn:aws:iam::{ACCOUNT}:user/x"))}
    )
    told = problems(adopt(known, NOBODY, *PERMITTED))
    assert "iam:CreateUser" in told["grants[0].actions[0]"]
    assert not (tmp_path / "orders").exists()


def test_what_the_strict_pack_would_find_is_refused_unless_it_is_permitted(adopt: Adopt) -> None:
    known = role(inline={"near": document(allow("sqs:SendMessage", f"arn:aws:sqs:eu-central-1:{ACCOUNT}:*"))})
    uses = NOBODY
    assert "--permitted-by" in problems(adopt(known, uses))["grants of sqs"]
    done = adopt(known, uses, *PERMITTED, "--dry-run", "--output", "json")
    exceptions = json.loads(done.output)["exceptions"]
    assert {(each["approver"], each["resource"]) for each in exceptions} == {("Ada Lovelace", "legacy*")}
    assert "aws.wildcard-resource" in {each["rule"] for each in exceptions}
    narrowed = adopt(known, uses, "--on", f"sqs={QUEUE}", "--dry-run", "--output", "json")
    assert f'"{QUEUE}"' in json.loads(narrowed.output)["files"]["__main__.py"]
    elsewhere = adopt(known, uses, "--on", "sqs=arn:aws:sqs:us-east-1:444455556666:theirs")
    assert "theirs" in problems(elsewhere)["--on"]


def test_what_only_the_strict_pack_finds_needs_an_exception_of_its_own(adopt: Adopt, tmp_path: Path) -> None:
    known = role(inline={"reads": document(allow("s3:GetObject", "arn:aws:s3:::*/in"))})
    told = problems(adopt(known, NOBODY))
    assert set(told) == {"policy.Statement[0].Action[0]", "policy.Statement[0].Resource[0]"}
    assert adopt(known, NOBODY, *PERMITTED).exit_code == 0
    pack = (tmp_path / "orders" / "policy" / "__main__.py").read_text()
    assert '"rule": "aws.bulk-read"' in pack


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (role(unique_id="AROALEGACY0000002"), "AROALEGACY0000002"),
        (role(inline={"by-hand": document(allow("sns:*"))}), "identity policy by-hand"),
        (role(inline={"by-hand": document(allow("sqs:*")), "more": document(allow("sns:*"))}), "identity policy more"),
        (role(trust={**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}), "trust policy trust"),
        (role(boundary=f"arn:aws:iam::{ACCOUNT}:policy/cap"), "permissions boundary"),
    ],
)
def test_a_role_that_has_changed_since_it_was_discovered_is_refused(now: Role, told: str, adopt: Adopt) -> None:
    done = adopt(role(), SENT, now=now)
    assert isinstance(done.exception, NotAdoptable)
    assert told in str(done.exception)
    assert "nhi discover" in str(done.exception)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (role(trust={**TRUST, "Principal": {"Service": "states.amazonaws.com"}}), "states.amazonaws.com"),
        (role(inline={"by-hand": document(allow("sqs:*"), deny("sqs:SendMessage", QUEUE))}), "denies sqs:SendMessage"),
        (role(inline={"by-hand": {"Statement": [allow("sqs:*", "arn:aws:sqs:::${aws:username}")]}}), "by-hand"),
        (role(inline={"by-hand": document({"Effect": "Permit", "Action": "sqs:*", "Resource": "*"})}), "by-hand"),
    ],
)
def test_what_no_component_says_is_refused_with_what_to_do(known: Role, told: str, adopt: Adopt) -> None:
    done = adopt(known, SENT)
    assert isinstance(done.exception, NotAdoptable)
    assert told in str(done.exception)
    assert "fix:" in str(done.exception)


def test_other_kinds_of_identities_are_refused_with_what_to_do(adopt: Adopt) -> None:
    done = adopt(role(), SENT, seen=records(role(), kind="iam-user"))
    assert isinstance(done.exception, NotAdoptable)
    assert "aws.ServiceUser" in str(done.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--on", "sqs"),
        ("--on", "sqs=orders"),
        ("--permitted-by", "Ada"),
        ("--reason", "a good one"),
        ("--kind", "robot"),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple[str, ...], adopt: Adopt) -> None:
    assert problems(adopt(role(), SENT, *arguments))


def test_nothing_is_written_over(adopt: Adopt, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "kept").write_text("x")
    assert adopt(role(), SENT).exit_code == 1
    assert [each.name for each in (tmp_path / "orders").iterdir()] == ["kept"]


def test_a_role_that_used_nothing_may_do_nothing_and_that_is_said(adopt: Adopt) -> None:
    done = adopt(role(), used(YESTERDAY, sqs=(YESTERDAY, EVERY_SQS)), "--watched-days", "1", "--dry-run")
    assert done.exit_code == 0
    assert "nothing stays granted" in done.output


def test_old_and_new_inline_policies_have_to_fit_beside_each_other(adopt: Adopt) -> None:
    reads = {"sqs": [f"{QUEUE}-{number}" for number in range(105)]}
    known = role(inline={"long": document(allow("sqs:SendMessage", reads["sqs"]))})
    told = problems(adopt(known, NOBODY))
    assert "until the old ones leave" in told["grants"]
    assert "managed ones" in told["grants"]
    managed = role(inline={}, managed={MANAGED: document(allow("sqs:SendMessage", reads["sqs"]))})
    assert adopt(managed, NOBODY).exit_code == 0


def test_roles_of_an_account_are_trusted_as_before(adopt: Adopt, tmp_path: Path) -> None:
    roles = [f"arn:aws:iam::{ACCOUNT}:role/one"]
    agreed = {"StringEquals": {"sts:ExternalId": "agreed"}}
    done = adopt(role(trust={**TRUST, "Principal": {"AWS": roles}, "Condition": agreed}), SENT)
    assert done.exit_code == 0, (done.output, done.exception)
    program = (tmp_path / "orders" / "__main__.py").read_text()
    assert '"principals": [\n            "arn:aws:iam::111122223333:role/one",\n        ],' in program
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--check", "-"], input=program.encode(), check=True
    )


def test_longer_sessions_stay_as_long_unless_somebody_says_otherwise(adopt: Adopt, tmp_path: Path) -> None:
    program = tmp_path / "orders" / "__main__.py"
    assert adopt(role(session_seconds=43_200), SENT).exit_code == 0
    assert "session_seconds=43200," in program.read_text()


def test_the_programs_satisfy_a_strict_type_checker(tmp_path: Path) -> None:
    for file in GOLDEN.rglob("*.py.txt"):
        name = f"{file.parent.name}_{file.name}"
        (tmp_path / name.replace("-", "_").removesuffix(".txt")).write_text(file.read_text())
    programs = [str(each) for each in tmp_path.glob("*.py")]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *programs], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert checked.returncode == 0, checked.stdout
    assert len(programs) == 2 * len({**CASES, **ACCOUNT_CASES})
