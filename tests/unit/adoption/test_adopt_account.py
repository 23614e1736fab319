"""`nhi adopt` for a service account: the program that it writes, and what it refuses before a file is written."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_trust import ATTACHES, FEDERATES, MAKES_TOKENS
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adoption.existing import NotAdoptable
from nhi_components.lifecycle.adoption.ports import Account, Bound
from tests.unit.adoption.worlds import NOW, inventory

PROJECT = "shop-prod"
EMAIL = f"legacy-orders@{PROJECT}.iam.gserviceaccount.com"
MEMBER, OWN = f"serviceAccount:{EMAIL}", f"projects/{PROJECT}/serviceAccounts/{EMAIL}"
TOPIC, OTHER = f"projects/{PROJECT}/topics/orders", f"projects/{PROJECT}/topics/other"
BUCKET, WHOLE = "projects/_/buckets/shop-orders", f"projects/{PROJECT}"
CUSTOM = f"projects/{PROJECT}/roles/by_hand"
POD = f"serviceAccount:{PROJECT}.svc.id.goog[shop/orders]"
BUILD = f"serviceAccount:builder@{PROJECT}.iam.gserviceaccount.com"
SERVICE = f"//run.googleapis.com/projects/{PROJECT}/locations/europe-west3/services/orders"
PERMITTED = ("--permitted-by", "Ada Lovelace", "--reason", "its use is being looked into")
GOLDEN = Path(__file__).parent / "golden" / "gcp"
Adopt = Callable[..., Result]


def granted(role: str, resource: str = TOPIC, condition: str = "") -> Bound:
    return Bound(resource, role, MEMBER, condition)


def account(*bound: Bound, let_in: Sequence[tuple[str, str]] = (), **changes: Any) -> Account:
    """An account with these bindings."""
    usual = Account(
        EMAIL,
        PROJECT,
        "108231000000000000001",
        "made in a hurry",
        disabled=False,
        usable_keys=(),
        disabled_keys=(),
        let_in=tuple(Bound(OWN, role, member) for role, member in let_in),
        granted=bound or (granted("roles/pubsub.publisher"),),
        roles={},
    )
    return replace(usual, **changes)


def records(known: Account, *more: Record) -> list[Record]:
    """What a scan tells of an account."""
    policy = {
        "bindings": [
            {"role": each.role, "members": [each.member]}
            | ({"condition": json.loads(each.condition)} if each.condition else {})
            for each in known.let_in
        ]
    }
    return [
        FoundIdentity(MEMBER, System.GCP, PROJECT, "service-account", EMAIL, known.unique_id),
        *(FoundGrant(MEMBER, b.role, b.resource, condition=b.condition, via="allow policy") for b in known.granted),
        *(FoundCarrier(MEMBER, role, "custom-role") for role in known.roles),
        *([FoundDocument(MEMBER, "trust policy", "allow policy", json.dumps(policy))] if known.let_in else []),
        FoundDependent(MEMBER, "run-service", SERVICE),
        Knowledge(MEMBER, Subject.OWNER, "payments", "a test"),
        Knowledge(MEMBER, Subject.OWNER, "payments@example.com", "a test"),
        Knowledge(MEMBER, Subject.ENVIRONMENT, "Prod", "a test"),
        Knowledge(MEMBER, Subject.PURPOSE, "sends order events", "a test"),
        *more,
    ]


@dataclass
class Reader:
    """Knows one account."""

    known: Account | None

    def account(self, email: str, resources: Sequence[str]) -> Account | None:
        return self.known


@pytest.fixture
def adopt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adopt:
    """`adopt(account, *arguments)`: the command for an account that a scan has seen as it is."""
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    monkeypatch.setenv("NHI_AS_OF", "2026-11-30")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("nhi_components.lifecycle.clock.system_clock", lambda: NOW)

    def run(known: Account, *arguments: str, now: Account | None = None, more: Sequence[Record] = ()) -> Result:
        inventory(tmp_path, records(known, *more)).close()
        reader = Reader(now or known)
        monkeypatch.setattr("nhi_components.lifecycle.adapters.open_account_reading", lambda *_: reader)
        return CliRunner().invoke(app, ["adopt", MEMBER, "--into", str(tmp_path / "orders"), *arguments])

    return run


def problems(result: Result) -> dict[str, str]:
    """What has to be decided, by place."""
    assert isinstance(result.exception, SpecError), (result.output, result.exception)
    return {problem.path: f"{problem.got} | {problem.fix}" for problem in result.exception.problems}


def plan(result: Result) -> dict[str, Any]:
    """The plan as plain data."""
    assert result.exit_code == 0, (result.output, result.exception)
    told: dict[str, Any] = json.loads(result.output)
    return told


SHOWN = ("--dry-run", "--output", "json")
CASES: Mapping[str, tuple[Account, tuple[str, ...]]] = {
    "attached": (account(let_in=[(ATTACHES, BUILD)]), ()),
    "gke": (
        account(
            granted("roles/pubsub.publisher", WHOLE),
            granted(CUSTOM),
            granted(CUSTOM, OTHER),
            granted("roles/storage.objectViewer", BUCKET),
            let_in=[(FEDERATES, POD)],
            roles={CUSTOM: ("pubsub.topics.get", "pubsub.topics.publish")},
        ),
        ("--on", f"pubsub={TOPIC}", "--drop", "pubsub.topics.g*", "--name", "orders", "--days", "90", *PERMITTED),
    ),
    "impersonated": (
        account(granted("roles/pubsub.subscriber", WHOLE), let_in=[(MAKES_TOKENS, BUILD)], description=""),
        PERMITTED,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_program_is_as_reviewed_and_as_the_formatter_leaves_it(case: str, adopt: Adopt, tmp_path: Path) -> None:
    known, arguments = CASES[case]
    done = adopt(known, *arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    project = tmp_path / "orders"
    for path in ("__main__.py", "policy/__main__.py", "adopt.json"):
        text, file = (project / path).read_text(), GOLDEN / f"{case}-{path.replace('/', '-')}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        assert text == file.read_text()
    programs = [str(project / "__main__.py"), str(project / "policy" / "__main__.py")]
    for check in (("format", "--isolated", "--check"), ("check", "--isolated", "--select", "E4,E7,E9,F,I")):
        subprocess.run([sys.executable, "-m", "ruff", *check, *programs], check=True, capture_output=True)


def test_the_plan_tells_each_binding_and_why_and_that_nothing_is_reduced(adopt: Adopt, tmp_path: Path) -> None:
    known = account(
        granted("roles/pubsub.publisher"),
        granted("roles/pubsub.viewer", OTHER),
        let_in=[(FEDERATES, POD)],
        disabled_keys=("k1",),
    )
    told = plan(adopt(known, "--drop", "roles/pubsub.v*", *SHOWN))
    assert not (tmp_path / "orders").exists()
    assert {each["role"]: (each["on"], each["kept"], each["reason"]) for each in told["decisions"]} == {
        "roles/pubsub.publisher": (TOPIC, True, "granted as it is"),
        "roles/pubsub.viewer": (OTHER, False, "not needed, as somebody says"),
    }
    assert told["leaves"] == [
        f"{OWN} {FEDERATES} {POD}",
        f"{TOPIC} roles/pubsub.publisher {MEMBER}",
        f"{OTHER} roles/pubsub.viewer {MEMBER}",
    ]
    assert (told["uniqueId"], told["disabledKeys"], told["usage"]) == (known.unique_id, ["k1"], None)
    assert told["dependents"] == [{"kind": "run-service", "name": SERVICE}]
    shown = adopt(known).output
    assert "nothing was reduced" in shown
    assert "disabled key k1" in shown
    assert f"goes on using it: run-service {SERVICE}" in shown
    assert "pulumi import --file adopt.json" in shown


def test_all_that_no_component_grants_waits_for_a_decision_at_once(adopt: Adopt) -> None:
    dated = json.dumps({"expression": "request.time < timestamp('2027-01-01T00:00:00Z')", "title": "soon"})
    known = account(
        granted("roles/editor", WHOLE),
        granted("roles/pubsub.viewer", TOPIC, dated),
        granted(CUSTOM),
        roles={CUSTOM: ("pubsub.topics.get", "storage.objects.get")},
    )
    above = FoundGrant(MEMBER, "roles/browser", "folders/500000000001", via="allow policy")
    told = problems(adopt(known, more=[above]))
    assert set(told) == {
        f"roles/editor on {WHOLE}",
        f"roles/pubsub.viewer on {TOPIC}",
        f"{CUSTOM} on {TOPIC}",
        "roles/browser on folders/500000000001",
    }
    assert "a condition that no grant says" in told[f"roles/pubsub.viewer on {TOPIC}"]
    assert "--drop 'roles/editor'" in told[f"roles/editor on {WHOLE}"]
    assert "take it out there" in told["roles/browser on folders/500000000001"]
    dropped = ("--drop", "roles/editor", "--drop", "roles/pubsub.viewer", "--drop", "storage.*")
    kept = plan(adopt(known, *dropped, *SHOWN))
    assert {each["reason"] for each in kept["decisions"] if each["kept"]} == {"only what was not dropped"}
    assert len(kept["leaves"]) == len(known.granted)


def test_what_the_strict_pack_would_find_is_refused_unless_it_is_narrowed_or_permitted(adopt: Adopt) -> None:
    known = account(granted("roles/pubsub.publisher", WHOLE))
    (told,) = problems(adopt(known)).values()
    assert "--on" in told
    assert "--permitted-by" in told
    exceptions = plan(adopt(known, *PERMITTED, *SHOWN))["exceptions"]
    assert {(each["rule"], each["resource"]) for each in exceptions} == {("gcp.broad-binding", "legacy-orders*")}
    narrowed = plan(adopt(known, "--on", f"pubsub={TOPIC}", *SHOWN))
    assert f'"{TOPIC}"' in narrowed["files"]["__main__.py"]
    assert narrowed["exceptions"] == []


@pytest.mark.parametrize(
    "named", [f"pubsub={BUCKET}", "pubsub=projects/else-where/topics/orders", f"storage={TOPIC}", f"pubsub={WHOLE}"]
)
def test_what_was_named_and_is_not_within_what_is_granted_would_be_a_new_grant(named: str, adopt: Adopt) -> None:
    known = account(granted("roles/pubsub.publisher", WHOLE))
    assert named in problems(adopt(known, "--on", named))["--on"]


def test_a_role_that_gives_nothing_is_not_granted(adopt: Adopt) -> None:
    known = account(granted(CUSTOM), roles={CUSTOM: ()})
    told = plan(adopt(known, *SHOWN))
    assert [each["reason"] for each in told["decisions"]] == ["its role is deleted, disabled or empty"]
    assert "grants=" not in told["files"]["__main__.py"]
    assert "nothing stays granted" in adopt(known).output


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unique_id": "108231000000000000002"}, "108231000000000000002"),
        ({"granted": (granted("roles/pubsub.editor"),)}, f"roles/pubsub.editor on {TOPIC}"),
        ({"granted": ()}, f"roles/pubsub.publisher on {TOPIC}"),
        ({"let_in": (Bound(OWN, ATTACHES, BUILD),)}, "who may become it"),
        ({"disabled": True}, "a disabled account"),
        ({"usable_keys": ("0123abcd",)}, "0123abcd"),
    ],
)
def test_an_account_that_has_changed_is_disabled_or_has_keys_is_refused(
    changes: dict[str, Any], told: str, adopt: Adopt, tmp_path: Path
) -> None:
    done = adopt(account(), *PERMITTED, now=replace(account(), **changes))
    assert isinstance(done.exception, NotAdoptable)
    assert told in str(done.exception)
    assert "fix:" in str(done.exception)
    assert not (tmp_path / "orders").exists()


def test_one_that_is_gone_is_refused(adopt: Adopt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "account", lambda *_: None)
    done = adopt(account())
    assert isinstance(done.exception, NotAdoptable)
    assert "no account of that address" in str(done.exception)


def test_ways_in_that_no_component_says_are_refused_with_what_to_do(adopt: Adopt) -> None:
    done = adopt(account(let_in=[(MAKES_TOKENS, BUILD), (ATTACHES, BUILD)]))
    assert isinstance(done.exception, NotAdoptable)
    assert "where a component binds one role" in str(done.exception)
    assert "docs/gcp.md" in str(done.exception)


def test_the_command_of_the_page_works_as_it_is_shown(
    adopt: Adopt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "adopt.md").read_text()
    (line,) = [each for each in page.splitlines() if each.startswith("nhi adopt serviceAccount:")]
    monkeypatch.chdir(tmp_path)
    adopt(account(granted("roles/pubsub.publisher", WHOLE)), *SHOWN)
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, (done.output, done.exception)
    assert f'"{TOPIC}"' in (tmp_path / "orders" / "__main__.py").read_text()


@pytest.mark.parametrize("arguments", [("--on", "pubsub"), ("--on", "pubsub=orders"), ("--session-seconds", "3600")])
def test_wrong_arguments_are_refused(arguments: tuple[str, ...], adopt: Adopt) -> None:
    assert arguments[0] in problems(adopt(account(), *arguments))
