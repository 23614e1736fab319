"""An AI agent on Google Cloud: an account for each of its tools, of which its runtime makes tokens of an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import Field, field_validator

from nhi_components.core.agent import Tools, agent_with_sponsor, tool_problems
from nhi_components.core.connection import DEFAULT
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_links import PROJECT, TOOL
from nhi_components.core.gcp_names import account_id
from nhi_components.core.gcp_trust import MAKES_TOKENS, SomeMembers
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, with_sponsor
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.spec import parse_spec
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.bundle import GcpBundle
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly

MOST_TOOLS = 20
"""Of our own: a project has 100 service accounts by default (IAM documentation, 'Quotas and limits')."""


class GcpAgentSpec(GcpBundleSpec):
    """What an AI agent's identity on Google Cloud is made from.

    Attributes:
        trusted_by: the principals under which the agent's runtime runs, such as the runtime's own service account.
        tools: what the agent may do with each of its tools: names of lower-case letters, digits, `_` and `-`.
    """

    subject: ClassVar[str] = "gcp.AgentIdentity"

    trusted_by: SomeMembers
    tools: Annotated[Tools, Field(min_length=1, max_length=MOST_TOOLS)]

    @field_validator("identity")
    @classmethod
    def _is_an_agent_with_a_sponsor(cls, identity: Identity) -> Identity:
        return agent_with_sponsor(identity)

    @field_validator("tools")
    @classmethod
    def _with_accounts_of_their_own(cls, tools: Tools) -> Tools:
        named: dict[str, str] = {}
        for tool in tools:
            first = named.setdefault(account_id("agent", "any", "suffix", tool), tool)
            if first != tool:
                expected = "names from which different ids of accounts follow"
                raise wrong(got=f"{first} and {tool}", expected=expected, fix="rename one of the two")
        return tools


class AgentIdentity(GcpBundle):
    """An AI agent's identity on Google Cloud.

    Each tool is a service account of its own with the grants of that tool alone. To use a tool, the runtime makes an
    access token of its account, which lives an hour at most, and hands that to the tool; the audit log shows both, the
    tool's account and the runtime that made the token. One account whose tokens are narrowed for each session would
    not do: Google narrows tokens (Credential Access Boundaries) for Cloud Storage only. While the agent is suspended,
    all accounts are disabled, which ends the tokens that live, too.

    Attributes:
        tool_emails: the service account of each tool, by the tool's name.
        tool_unique_ids: their unique ids, likewise.
    """

    results: ClassVar[tuple[str, ...]] = ("tool_emails", "tool_unique_ids")

    tool_emails: pulumi.Output[dict[str, str]]
    tool_unique_ids: pulumi.Output[dict[str, str]]

    _spec: GcpAgentSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        project: str,
        trusted_by: Sequence[pulumi.Input[str]],
        tools: Mapping[str, Sequence[Grant | Mapping[str, Any]]],
        sponsor: str | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `ai-agent`; see `nhi_components.Identity`.
            project: id of the project that it lies in.
            trusted_by: the principals under which the agent's runtime runs, such as
                `serviceAccount:runtime@shop.iam.gserviceaccount.com`; one of them may be known at deployment only.
            tools: what it may do, by tool: `{"search": [Grant(…)], "ticket": [Grant(…)]}`.
            sponsor: the person who answers for what it does, in place of `identity.sponsor`.
            connection: the connection of `nhi.Provider` that reaches the project.
            opts: resource options; `providers` may name explicit GCP and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": with_sponsor(identity, sponsor),
            "project": project,
            "trusted_by": trusted_by,
            "tools": tools,
            "grants": (),
        }
        with refusing_plainly():
            spec = parse_spec(GcpAgentSpec, name, fields, lambda _: tool_problems(tools, gcp_grant_problems))
        every = tuple(grant for grants in spec.tools.values() for grant in grants)
        super().__init__(name, spec.model_copy(update={"grants": every}), connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """An account for each tool, and the custom roles that they need."""
        project = self._spec.project
        accounts = [(LinkKind.GCP_SERVICE_ACCOUNT, {PROJECT: project, TOOL: tool}) for tool in self._spec.tools]
        return [*accounts, *self.role_parts(self._spec.grants)]

    def make(self) -> None:
        """Make each tool's account with its grants, and let the runtime make tokens of it."""
        spec = self._spec
        roles = self.roles(spec.grants)
        accounts = {tool: self.account(tool) for tool in spec.tools}
        for tool, account in accounts.items():
            self.grant(account, spec.tools[tool], roles)
            self.admit(account)
        self.tool_emails = pulumi.Output.all(**{tool: account.email for tool, account in accounts.items()})
        self.tool_unique_ids = pulumi.Output.all(**{tool: it.made.unique_id for tool, it in accounts.items()})

    def admit(self, account: Account) -> None:
        """Let the agent's runtime make tokens of a tool's account."""
        self.let_all_in(account, MAKES_TOKENS, self._spec.trusted_by, "runtime")
