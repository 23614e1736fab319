"""The edges of a declared life: packs, dependents, slips in what was decided, targets, dates, failures in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hvac.exceptions
import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, granting, log_in, make_queues, reads, value_in
from tests.engine.inventory import everything
from tests.engine.killing import inline_policy, killed, repair
from tests.engine.programs import (
    aws_bundle,
    evidence,
    nhi,
    program,
    resource,
    resources,
    summary,
    vault_bundle,
    with_identity,
)
from tools.lab.gate import Gate, When
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.ports import free_ports

NewProject = Callable[..., Project]

SECRET = "nhi.SecretSpec()"
TODAY = datetime.now(UTC).date()
PACKS = tuple(
    argument
    for name in ("strict", "baseline")
    for argument in ("--policy-pack", str(Path(__file__).parents[2] / "policies" / name))
)
DECIDED = {"approver": "Ada Example", "reason": "INC-7", "on": TODAY.isoformat()}
PARAMETER = "pulumi_aws.ssm.Parameter('role', name='/orders/role', type='String', value=orders_aws.role_arn)"


def day(number: int) -> str:
    """The day so many days from today."""
    return (TODAY + timedelta(days=number)).isoformat()


def on_both(component: str = "orders", *, grant: str = "sqs:SendMessage", after: str = "", **identity: Any) -> str:
    """A program with one identity on AWS and Vault that ends after 30 days and is retired 14 days later."""
    return _on_both(component, with_identity(**identity), grant, {}, after)


def _on_both(component: str, identity: Mapping[str, Any], grant: str, opts: Mapping[str, str], after: str = "") -> str:
    on_aws = {name: source.format(part="aws") for name, source in opts.items()}
    in_vault = {name: source.format(part="vault") for name, source in opts.items()}
    return program(
        aws_bundle(f"{component}-aws", identity=identity, grants=granting(grant), secret=SECRET, **on_aws),
        vault_bundle(f"{component}-vault", identity=identity, secret=SECRET, **in_vault),
        after,
    )


def on_aws(after: str = "", **identity: Any) -> str:
    """A program with the identity on AWS alone."""
    return program(aws_bundle(identity=with_identity(**identity), grants=granting("sqs:SendMessage")), after)


def decide(stack: Project, key: str = "orders.test", **decision: str) -> None:
    """Let the stack's configuration decide exactly this about an identity, and nothing else."""
    stack.pulumi("config", "set", "nhi:life", json.dumps({key: {**DECIDED, **decision}}))


def opens(sandbox: Sandbox, outputs: Mapping[str, Any], component: str = "orders") -> tuple[bool, bool]:
    """Whether a session of the role and a token of the AppRole can be opened and used."""
    try:
        in_aws = RoleSession(sandbox.aws.client, outputs[f"{component}-aws"]["arn"]).sends()
    except ClientError:
        in_aws = False
    fields = outputs[f"{component}-vault"]
    try:
        in_vault = reads(log_in(sandbox.vault.client, fields), fields["secret"])
    except hvac.exceptions.VaultError:
        in_vault = False
    return in_aws, in_vault


def left(sandbox: Sandbox) -> set[str]:
    """The kinds of what there is beside the queues."""
    return set(everything(sandbox)) - {"queues"}


def leases(stack: Project) -> dict[str, str]:
    return {component: fields["lease"] for component, fields in stack.outputs().items()}


def test_packs_let_suspended_and_retired_identities_pass_however_they_came_to_be_so(
    project: NewProject, sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(on_both())
    stack.pulumi("up", "--yes", *PACKS)
    outputs = stack.outputs()
    value = value_in(sandbox.vault.client, outputs["orders-vault"]["secret"])
    described = sandbox.aws.client("secretsmanager").describe_secret(SecretId=outputs["orders-aws"]["secret"])

    stack.pulumi("up", "--yes", *PACKS, NHI_AS_OF=day(30))
    assert (opens(sandbox, outputs), stack.outputs()) == ((False, False), outputs)
    decide(stack, state="suspended")
    stack.pulumi("up", "--yes", *PACKS)
    assert (opens(sandbox, outputs), stack.outputs()) == ((False, False), outputs)
    decide(stack)
    stack.write({"__main__.py": on_both(state="suspended")})
    stack.pulumi("up", "--yes", *PACKS)
    assert (opens(sandbox, outputs), stack.outputs()) == ((False, False), outputs)

    stack.write({"__main__.py": on_both()})
    stack.up(*PACKS)
    assert opens(sandbox, outputs) == (True, True)
    assert value_in(sandbox.vault.client, outputs["orders-vault"]["secret"]) == value
    again = sandbox.aws.client("secretsmanager").describe_secret(SecretId=outputs["orders-aws"]["secret"])
    assert again["VersionIdsToStages"] == described["VersionIdsToStages"]

    stack.preview(*PACKS, NHI_AS_OF=day(44))
    stack.write({"__main__.py": on_both(state="retired")})
    stack.preview(*PACKS)
    stack.write({"__main__.py": on_both()})
    decide(stack, state="retired")
    stack.pulumi("up", "--yes", *PACKS)
    assert left(sandbox) == set()
    stack.up("--expect-no-changes", *PACKS)


def test_what_needs_an_output_of_a_retired_identity_fails_plainly_and_can_be_left_out(
    project: NewProject, sandbox: Sandbox
) -> None:
    stack = project(on_aws(PARAMETER))
    stack.up()
    ours = stack.outputs()["orders-aws"]
    stack.write({"__main__.py": on_aws(PARAMETER, state="retired")})
    for command in (stack.preview, stack.up):
        failed = command(check=False)
        assert failed.code != 0
        for part in ('"value" is required', "'role.value'", "orders: retired, so nothing of it is registered any more"):
            assert part in failed.text
    ssm = sandbox.aws.client("ssm")
    assert ssm.get_parameter(Name="/orders/role")["Parameter"]["Value"] == ours["arn"]
    assert {"roles", "inline policies"} <= left(sandbox)

    stack.write({"__main__.py": on_aws(f"if not orders_aws.retired:\n    {PARAMETER}", state="retired")})
    stack.up()
    assert left(sandbox) == set()
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/orders/role")


WRONG: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "no object": ([1, 2], ("life\n", "decisions by `<identity>.<environment>`")),
    "an entry that is no object": (
        {"orders.test": "suspended"},
        ("life.orders.test\n", "got:      suspended", "approver, reason, on", "`nhi suspend`"),
    ),
    "fields": (
        {
            "orders.test": {"state": "active", "expires": "2026-13-01", "on": "yesterday", "who": "x", "reason": "x"},
        },
        (
            "configuration nhi: 6 problems",
            "life.orders.test.state\n        got:      active\n        expected: suspended or retired",
            "life.orders.test.expires\n        got:      2026-13-01\n        expected: a day, as YYYY-MM-DD",
            "life.orders.test.approver\n        got:      nothing",
            "life.orders.test.reason\n        got:      x",
            "life.orders.test.on\n        got:      yesterday",
            "remove life.orders.test.who",
        ),
    ),
    "a key without environment": ({"orders": DECIDED}, ("got:      orders", "write it like `orders.prod`")),
}


@pytest.mark.parametrize("explicit", [False, True], ids=["default provider", "nhi.Provider"])
def test_a_wrong_decision_is_refused_with_every_problem_and_changes_nothing(
    project: NewProject, sandbox: Sandbox, *, explicit: bool
) -> None:
    make_queues(sandbox.aws.client)
    provider = ["provider = nhi.Provider('trial')"] if explicit else []
    options: dict[str, Any] = {"opts": "pulumi.ResourceOptions(providers=[provider])"} if explicit else {}
    stack = project(program(*provider, aws_bundle(grants=granting("sqs:SendMessage"), **options)))
    stack.up()
    session = RoleSession(sandbox.aws.client, stack.outputs()["orders-aws"]["arn"])
    for value, parts in WRONG.values():
        stack.pulumi("config", "set", "nhi:life", json.dumps(value))
        refused = stack.preview(check=False)
        assert refused.code != 0
        assert "Traceback" not in refused.text
        for part in parts:
            assert part in refused.text
    refused = stack.destroy(check=False)
    assert refused.code != 0
    assert "write it like `orders.prod`" in refused.text
    assert session.sends()


def test_a_decision_about_nobody_is_told(project: NewProject, sandbox: Sandbox) -> None:
    stack = project(on_aws())
    decide(stack, "order.test", state="suspended")
    told = stack.up()
    warning = "warning: nhi:life decides about order.test, which no component of this run declares"
    assert f"{warning}: did you mean orders.test?" in told.text
    decide(stack, state="suspended")
    assert "warning" not in stack.up().text
    with pytest.raises(ClientError, match="AccessDenied"):
        RoleSession(sandbox.aws.client, stack.outputs()["orders-aws"]["arn"])


def test_dates_of_a_decision_need_no_quotation_marks(project: NewProject) -> None:
    stack = project(on_aws())
    decision = {**DECIDED, "state": "suspended", "expires": day(50)}
    lines = "".join(f"      {name}: {value}\n" for name, value in decision.items())
    stack.pulumi("config", "set", "trial:other", "x")
    file = stack.directory / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("config:\n", f"config:\n  nhi:life:\n    orders.test:\n{lines}"))
    stack.up()
    ours = stack.outputs()["orders-aws"]
    assert ours["ends"] == day(50)
    assert resource(stack, "Seal")["outputs"]["state"] == "suspended"


def test_a_decision_is_for_every_component_of_an_identity_and_for_one_stack(
    project: NewProject, sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    one, other = (project(on_both(), folder=name, name=name) for name in ("one", "other"))
    one.up()
    other.up()
    decide(one, state="suspended")
    one.up()
    other.up("--expect-no-changes")
    assert opens(sandbox, one.outputs()) == (False, False)
    assert opens(sandbox, other.outputs()) == (True, True)


def test_nothing_that_changes_while_an_identity_is_suspended_lets_anybody_in(
    project: NewProject, sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(on_both())
    stack.up()
    outputs = stack.outputs()
    session = RoleSession(sandbox.aws.client, outputs["orders-aws"]["arn"])
    stack.write({"__main__.py": on_both(state="suspended")})
    stack.up("--target", resource(stack, "Lease", "orders-aws")["urn"], "--target-dependents")
    assert (opens(sandbox, outputs), session.sends()) == ((False, True), False)
    stack.up()
    assert opens(sandbox, outputs) == (False, False)
    stack.refresh("--expect-no-changes")
    stack.up("--expect-no-changes")

    stack.write({"__main__.py": on_both(state="suspended", grant="sqs:ReceiveMessage")})
    stack.up()
    assert (opens(sandbox, outputs), session.receives()) == ((False, False), False)

    alias = {"opts": "pulumi.ResourceOptions(aliases=[pulumi.Alias(name='orders-{part}')])"}
    stack.write({"__main__.py": _on_both("bills", with_identity(state="suspended"), "sqs:ReceiveMessage", alias)})
    renamed = stack.up()
    assert summary(renamed) == {"unchanged": 14}
    assert list(leases(stack).values()) == [fields["lease"] for fields in outputs.values()]

    stack.write({"__main__.py": on_both("bills", name="bills", state="suspended")})
    stack.up()
    outputs = stack.outputs()
    assert outputs["bills-aws"]["role"].startswith("bills-test-")
    assert opens(sandbox, outputs, "bills") == (False, False)
    stack.write({"__main__.py": on_both("bills", name="bills")})
    stack.up()
    assert opens(sandbox, outputs, "bills") == (True, True)


def test_a_suspended_identity_is_destroyed_and_evidence_says_why_no_session_was_tried(
    project: NewProject, sandbox: Sandbox
) -> None:
    stack = project(on_both(state="suspended"))
    stack.up()
    ours = leases(stack)
    stack.destroy()
    assert left(sandbox) == set()
    for lease in ours.values():
        rows = evidence(stack, lease, "cut-off")["rows"]
        assert [row["canary_opened_at"] for row in rows] == [None] * len(rows)
        assert all(row["without_canary"] for row in rows)
        assert nhi(stack, "verify", "--lease", lease).code == 0


def test_an_identity_that_is_restored_after_its_retirement_is_issued_anew(
    project: NewProject, sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(on_both(expires={"on": day(10)}, grace_days=0))
    stack.up()
    before = stack.outputs()
    stack.up(NHI_AS_OF=day(10))
    assert left(sandbox) == set()
    assert [made["type"] for made in stack.resources() if made["custom"] and ":providers:" not in made["type"]] == []
    decide(stack, expires=day(40))
    stack.up()
    again = stack.outputs()
    assert {fields["ends"] for fields in again.values()} == {day(40)}
    assert all(again[component]["lease"] != before[component]["lease"] for component in before)
    assert all(again[component]["role"] != before[component]["role"] for component in before)
    assert opens(sandbox, again) == (True, True)


def test_an_end_that_slipped_into_the_past_is_refused_and_retires_nothing(
    project: NewProject, sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(on_both())
    stack.up()
    outputs = stack.outputs()
    for expires, as_of in ((day(-1), day(0)), (day(-400), day(0)), (day(-400), day(31))):
        decide(stack, expires=expires)
        refused = stack.up(check=False, NHI_AS_OF=as_of)
        assert refused.code != 0
        for part in ("expires", f"got:      {expires}", f"a day after {as_of}", "give a later end date"):
            assert part in refused.text
    decide(stack, expires=day(1))
    stack.up()
    assert opens(sandbox, outputs) == (True, True)
    decide(stack, expires=day(2))
    stack.up(NHI_AS_OF=day(20))
    assert left(sandbox) == set()


def test_an_identity_is_not_issued_after_its_end(project: NewProject, sandbox: Sandbox) -> None:
    stack = project(on_aws(expires={"on": day(1)}))
    refused = stack.up(check=False, NHI_AS_OF=day(2))
    assert refused.code != 0
    assert "give a later end date" in refused.text
    assert resources(stack, "Lease") == []
    told = stack.up(NHI_AS_OF=day(20))
    assert "orders: retired, so nothing of it is registered any more" in told.text
    assert left(sandbox) == set()


def test_a_retirement_that_was_killed_or_failed_in_part_is_completed_by_the_next_run(
    project: NewProject, sandbox: Sandbox
) -> None:
    stack = project(on_both())
    stack.up()
    ours = leases(stack)
    (closed,) = free_ports(1)
    stack.environment["NHI_AS_OF"] = day(44)
    with Gate(sandbox.aws.endpoint) as gate:
        stack.environment["AWS_ENDPOINT_URL"] = gate.url
        killed(stack, "up", gate, (inline_policy("nhi-cut-off"), When.AFTER))
        repair(stack)
        failed = stack.up("--continue-on-error", check=False, VAULT_ADDR=f"http://127.0.0.1:{closed}")
        assert failed.code != 0
        assert f"127.0.0.1:{closed}" in failed.text
        assert not {"roles", "secrets"} & left(sandbox)
        assert {"entities", "AppRoles"} <= left(sandbox)
        stack.up()
    assert left(sandbox) == set()
    assert all(evidence(stack, lease) for lease in ours.values())


def test_a_stricter_template_judges_new_ends_and_active_identities_only(project: NewProject, sandbox: Sandbox) -> None:
    def long(**identity: Any) -> str:
        fields = with_identity(**{"expires": {"after_days": 200}, **identity})
        return program(aws_bundle(identity=fields, session_seconds="7200"))

    def template(**settings: int) -> None:
        lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
        stack.write({"nhi-templates.yaml": f"version: 1\nrevision: r2\nkinds:\n  workload:\n{lines}"})

    def refused(*parts: str, **environment: str) -> None:
        run = stack.up(check=False, **environment)
        assert run.code != 0
        for part in parts:
            assert part in run.text

    stack = project(long())
    stack.up()
    template(lifetime_days=90)
    stack.up("--expect-no-changes")
    stack.write({"__main__.py": long(expires={"on": day(150)})})
    refused("identity.expires", "150 days ahead", "at most 90 days ahead for a workload")
    stack.write({"__main__.py": long()})
    template(session_seconds=3600)
    refused("session_seconds", "7200 seconds", "at most 3600 seconds for a workload")
    stack.up(NHI_AS_OF=day(200))
    assert resource(stack, "Seal")["outputs"]["state"] == "suspended"
    template(lifetime_dayz=90)
    refused("nhi-templates.yaml", "kinds.workload.lifetime_dayz", "correct its spelling", NHI_AS_OF=day(200))
    assert {"roles", "inline policies"} <= left(sandbox)
