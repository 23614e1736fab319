"""An AI agent on AWS: each session is for one tool, lasts an hour at most, and names the person or run behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import pulumi
from pydantic import AfterValidator, Field, field_validator

from nhi_components.aws.bundle import AwsBundle
from nhi_components.aws.outputs import is_later
from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
from nhi_components.aws.trusts import TOOL, Trusted, agent_statements
from nhi_components.core.agent import Tools, agent_with_sponsor, tool_problems
from nhi_components.core.arn import ROLE_ARN
from nhi_components.core.connection import DEFAULT
from nhi_components.core.delegation import Delegation
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant, aws_grant_problems
from nhi_components.core.identity import Identity, with_sponsor
from nhi_components.core.model import wrong
from nhi_components.core.trust import MOST_PRINCIPALS, AccountTrust
from nhi_components.refusal import refusing_plainly


def _runtimes(value: Any) -> Any:
    """Take the runtime's roles in whichever way they are given; one problem for the first that is none."""
    if isinstance(value, AccountTrust):
        if value.principals:
            return value
        raise wrong(got=f"account {value.account}", expected="its roles", fix="name the runtime's roles in principals")
    roles = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not 1 <= len(roles) <= MOST_PRINCIPALS:
        raise wrong(got=f"{len(roles)} roles", expected=f"1 to {MOST_PRINCIPALS}", fix="name the runtime's roles")
    for role in roles:
        if not (is_later(role) or (isinstance(role, str) and not ROLE_ARN.problems("", role))):
            fix = "let the service run the runtime's own role, and name that"
            raise wrong(got=role, expected=f"{ROLE_ARN.expected}, or one that is known at deployment", fix=fix)
    return roles


class AwsAgentSpec(AwsBundleSpec):
    """What an AI agent's identity on AWS is made from.

    Attributes:
        trusted_by: ARNs of the roles under which the agent's runtime runs, which may be known at deployment only, or an
            `AccountTrust` with principals. A service of AWS can't be it: none opens sessions for a tool.
        tools: what the agent may do with each of its tools: names of lower-case letters, digits, `_` and `-`.
        session_seconds: 3,600, the least that IAM takes for a role.
    """

    subject: ClassVar[str] = "aws.AgentIdentity"

    trusted_by: Annotated[Any, AfterValidator(_runtimes)]
    tools: Annotated[Tools, Field(min_length=1)]
    session_seconds: Literal[3600] = 3600

    @field_validator("identity")
    @classmethod
    def _is_an_agent_with_a_sponsor(cls, identity: Identity) -> Identity:
        return agent_with_sponsor(identity)


class AgentIdentity(AwsBundle):
    """An AI agent's identity on AWS.

    A session is opened by `sts:AssumeRole` with the session tag `nhi:tool`, which names one tool, and a source
    identity, which names who is behind it: CloudTrail shows it with everything the session does. No role's longest
    session can be below an hour, and AWS offers no condition on the duration that a caller asks for: a runtime that
    wants shorter sessions asks for `DurationSeconds` of 900 or more.

    Attributes:
        role_arn: the principal.
        role_name: its name.
        secret_arn: None; an agent has no secret here.
    """

    _spec: AwsAgentSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        trusted_by: pulumi.Input[str] | Sequence[pulumi.Input[str]] | AccountTrust,
        tools: Mapping[str, Sequence[Grant | Mapping[str, Any]]],
        sponsor: str | None = None,
        permissions_boundary: pulumi.Input[str] | None = None,
        delegations: Sequence[Delegation | Mapping[str, Any]] = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `ai-agent`; see `nhi_components.Identity`.
            trusted_by: ARNs of the roles under which the agent's runtime runs, or an `AccountTrust` with principals.
            tools: what it may do, by tool: `{"search": [Grant(…)], "ticket": [Grant(…)]}`.
            sponsor: the person who answers for what it does, in place of `identity.sponsor`.
            permissions_boundary: ARN of a policy that caps the role.
            delegations: what the policies of other resources give to it, whatever the tool.
            connection: the connection of `nhi.Provider` that reaches the account which the AWS provider reaches.
            opts: resource options; `providers` may name explicit AWS and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": with_sponsor(identity, sponsor),
            "trusted_by": trusted_by,
            "tools": tools,
            "grants": (),
            "permissions_boundary": permissions_boundary,
            "delegations": delegations,
        }
        with refusing_plainly():
            spec = parse_aws_spec(AwsAgentSpec, name, fields, lambda _: tool_problems(tools, aws_grant_problems))
        super().__init__(
            name, spec.model_copy(update={"grants": _scoped(spec.tools)}), connection=connection, opts=opts
        )

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in the agent's runtime, for one of the tools."""
        tools = list(self._spec.tools)
        match self._spec.trusted_by:
            case AccountTrust() as trust:
                return agent_statements(trust.principals, tools, trust.external_id)
            case runtimes if not is_later(runtimes):
                return agent_statements(runtimes, tools)
            case runtimes:
                return pulumi.Output.all(*runtimes).apply(lambda known: _judged_statements(known, tools))


def _scoped(tools: Mapping[str, Iterable[Grant]]) -> tuple[Grant, ...]:
    """Let each tool's grants hold only in a session for that tool."""
    return tuple(
        grant.model_copy(update={"conditions": _for_tool(grant, tool)})
        for tool, grants in tools.items()
        for grant in grants
    )


def _for_tool(grant: Grant, tool: str) -> Mapping[str, Mapping[str, Sequence[str]]]:
    conditions = grant.conditions or {}
    return {**conditions, "StringEquals": {**conditions.get("StringEquals", {}), f"aws:PrincipalTag/{TOOL}": (tool,)}}


@refusing_plainly()
def _judged_statements(runtimes: Sequence[str], tools: Sequence[str]) -> Trusted:
    problems = [p for i, arn in enumerate(runtimes) for p in ROLE_ARN.problems(f"trusted_by[{i}]", arn)]
    if problems:
        raise SpecError("ARN known at deployment", problems)
    return agent_statements(runtimes, tools)
