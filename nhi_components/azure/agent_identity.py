"""An AI agent on Azure: a managed identity for each of its tools, which its runtime becomes to use the tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import Field, field_validator

from nhi_components.azure.identity_bundle import IdentityBundle
from nhi_components.azure.spec import ManagedIdentitySpec
from nhi_components.core.agent import Tools, agent_with_sponsor, tool_problems
from nhi_components.core.azure_federation import Admission, FederatedTrust
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.azure_trust import AttachedTrust, Trust
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, with_sponsor
from nhi_components.core.links import LinkKind
from nhi_components.core.spec import parse_spec
from nhi_components.refusal import refusing_plainly

MOST_TOOLS = 20
"""Of our own, as on other clouds."""

_ATTACHED = AttachedTrust()


class AzureAgentSpec(ManagedIdentitySpec):
    """What an AI agent's identity on Azure is made from.

    Attributes:
        trusted_by: what becomes the tools' managed identities: the agent's runtime.
        tools: what the agent may do with each of its tools: names of lower-case letters, digits, `_` and `-`.
    """

    subject: ClassVar[str] = "azure.AgentIdentity"

    trusted_by: Trust
    tools: Annotated[Tools, Field(min_length=1, max_length=MOST_TOOLS)]

    @field_validator("identity")
    @classmethod
    def _is_an_agent_with_a_sponsor(cls, identity: Identity) -> Identity:
        return agent_with_sponsor(identity)


class AgentIdentity(IdentityBundle):
    """An AI agent's identity on Azure.

    Each tool is a managed identity of its own with the grants of that tool alone. To use a tool, the runtime asks for a
    token of the tool's `client_id`, and hands that to the tool; the logs show which of them acted. While the agent is
    suspended none of them has any role, and nobody is let in.

    Attributes:
        tool_client_ids: the client id of each tool's managed identity, by the tool's name.
        tool_principal_ids: their object ids, likewise.
        tool_identity_ids: their resource ids, likewise, by which they are attached to the runtime; known at preview.
    """

    results: ClassVar[tuple[str, ...]] = ("tool_client_ids", "tool_principal_ids", "tool_identity_ids")

    tool_client_ids: pulumi.Output[dict[str, str]]
    tool_principal_ids: pulumi.Output[dict[str, str]]
    tool_identity_ids: pulumi.Output[dict[str, str]]

    _spec: AzureAgentSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        subscription: str,
        resource_group: str,
        tools: Mapping[str, Sequence[Grant | Mapping[str, Any]]],
        trusted_by: AttachedTrust | FederatedTrust | Mapping[str, Any] = _ATTACHED,
        sponsor: str | None = None,
        location: str | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `ai-agent`; see `nhi_components.Identity`.
            subscription: id of the subscription that it lies in.
            resource_group: name of the resource group that it lies in; it must exist.
            tools: what it may do, by tool: `{"search": [Grant(…)], "ticket": [Grant(…)]}`.
            trusted_by: an `AttachedTrust` for a runtime on Azure, or a `FederatedTrust` for one elsewhere.
            sponsor: the person who answers for what it does, in place of `identity.sponsor`.
            location: the region of its identities; by default the resource group's.
            connection: the connection of `nhi.Provider` that reaches the subscription.
            opts: resource options; `providers` may name explicit azure-native and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": with_sponsor(identity, sponsor),
            "subscription": subscription,
            "resource_group": resource_group,
            "location": location,
            "trusted_by": trusted_by,
            "tools": tools,
            "grants": (),
        }
        with refusing_plainly():
            spec = parse_spec(AzureAgentSpec, name, fields, lambda _: tool_problems(tools, azure_grant_problems))
        every = tuple(grant for grants in spec.tools.values() for grant in grants)
        super().__init__(name, spec.model_copy(update={"grants": every}), connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """A managed identity for each tool, and the custom roles that they need."""
        identities = [part for tool, grants in self._spec.tools.items() for part in self.identity_parts(grants, tool)]
        return [*identities, *self.role_parts(self._spec.grants)]

    def make(self) -> None:
        """Make each tool's managed identity with its grants."""
        spec = self._spec
        roles = self.roles(spec.grants)
        made = {tool: self.managed_identity(tool) for tool in spec.tools}
        for tool, principal in made.items():
            self.grant(principal, spec.tools[tool], roles)
        self.tool_client_ids = pulumi.Output.all(**{tool: it.client_id for tool, it in made.items()})
        self.tool_principal_ids = pulumi.Output.all(**{tool: it.object_id for tool, it in made.items()})
        self.tool_identity_ids = pulumi.Output.all(**{tool: it.name for tool, it in made.items()})

    def admissions(self) -> Sequence[Admission]:
        """Let in a runtime elsewhere, if that is trusted."""
        trust = self._spec.trusted_by
        return [trust.admission] if isinstance(trust, FederatedTrust) else []

    def attachers(self) -> AttachedTrust | None:
        """Let attach them whom the specification names."""
        trust = self._spec.trusted_by
        return trust if isinstance(trust, AttachedTrust) else None
