"""What `nhi.Provider` is configured with: references only, resolved afresh whenever they are needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from nhi_components.core.connection import (
    DEFAULT,
    ActiveDirectoryConnection,
    AwsConnection,
    AzureConnection,
    Connection,
    GcpConnection,
    GitHubConnection,
    GitLabConnection,
    HookConnection,
    HostConnection,
    KubernetesConnection,
    ScimConnection,
    VaultConnection,
)
from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.life import Decision, Decisions
from nhi_components.core.links import System
from nhi_components.core.model import Spec
from nhi_components.lifecycle.adapters import CONNECTIONS
from nhi_components.lifecycle.evidence.settings import EvidenceSettings
from nhi_components.provider.known import structured

APPROVER_VARIABLES = ("NHI_APPROVER", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR")
REASON_VARIABLES = ("NHI_REASON",)

_STATED = ("NHI_APPROVER", "NHI_REASON")
"""What somebody stated for the run on purpose; who started a CI job has not decided about an identity."""

_CONFIGURATION = "PULUMI_CONFIG"

_AMBIENT: Mapping[System, Callable[[], Connection]] = {
    system: connection
    for system, connection in CONNECTIONS.items()
    if system not in (System.SCIM, System.ACTIVE_DIRECTORY)
}
"""The systems that can be reached without being told how; the address of an identity provider, or of a directory,
nobody can guess."""


class Approval(Spec):
    """Who approved a change, and why; unknown parts are said to be unknown in the evidence.

    Attributes:
        approver: a person or a change board, as your organisation names them.
        reason: such as a ticket's number.
    """

    subject: ClassVar[str] = "approval"

    approver: str | None = None
    reason: str | None = None

    def or_from(self, environment: Mapping[str, str]) -> Self:
        """Let the environment of this very run, such as a CI job's, come before what was configured."""
        approver = _first(environment, APPROVER_VARIABLES) or self.approver
        reason = _first(environment, REASON_VARIABLES) or self.reason
        return self.model_copy(update={"approver": approver, "reason": reason})


class Settings(Decisions):
    """The provider's configuration, with the decisions about identities, which components read.

    Attributes:
        aws: connections by name; `default` is the ambient one unless it is given here.
        vault: connections by name, likewise; so are those of the other systems. SCIM and Active Directory have no
            ambient one.
        approval: who approved.
        notify: who is told when a key leaked: commands and web hooks.
        evidence: where evidence goes and who signs it.
        deadline_seconds: how long a destroy waits at most for each system to confirm, instead of the documented
            figures; 1 to 86,400.
    """

    subject: ClassVar[str] = "provider nhi"

    aws: dict[str, AwsConnection] = Field(default_factory=dict)
    vault: dict[str, VaultConnection] = Field(default_factory=dict)
    gcp: dict[str, GcpConnection] = Field(default_factory=dict)
    azure: dict[str, AzureConnection] = Field(default_factory=dict)
    kubernetes: dict[str, KubernetesConnection] = Field(default_factory=dict)
    github: dict[str, GitHubConnection] = Field(default_factory=dict)
    gitlab: dict[str, GitLabConnection] = Field(default_factory=dict)
    host: dict[str, HostConnection] = Field(default_factory=dict)
    scim: dict[str, ScimConnection] = Field(default_factory=dict)
    hook: dict[str, HookConnection] = Field(default_factory=dict)
    activedirectory: dict[str, ActiveDirectoryConnection] = Field(default_factory=dict)
    approval: Approval = Approval()
    notify: tuple[Annotated[CommandHook | HttpHook, Field(discriminator="kind")], ...] = ()
    evidence: EvidenceSettings = EvidenceSettings()
    deadline_seconds: Annotated[float, Field(ge=1, le=86_400)] | None = None

    def connection(self, system: System, name: str) -> Connection:
        """Find a connection by name.

        Raises:
            SpecError: when there is none of that name.
        """
        connections: Mapping[str, Connection] = getattr(self, system)
        if name in connections:
            return connections[name]
        if name == DEFAULT and system in _AMBIENT:
            return _AMBIENT[system]()
        ambient = [DEFAULT] if system in _AMBIENT else []
        known = ", ".join([*ambient, *sorted(set(connections) - {DEFAULT})]) or "none at all"
        fix = f"add it to {system} of nhi.Provider, or to the configuration nhi:{system}"
        raise SpecError(
            "connection", [Problem(f"{system}.{name}", "no connection of that name", f"one of {known}", fix)]
        )


def read_settings(properties: Mapping[str, Any]) -> Settings:
    """Read the configuration as the engine hands it over: camel case, structures as JSON text.

    Raises:
        SpecError: with every problem.
    """
    names = {"deadlineSeconds": "deadline_seconds"}
    fields = {names.get(key, key): structured(value) for key, value in properties.items() if key != "version"}
    return Settings.parse(fields)


def decisions(environment: Mapping[str, str] = os.environ) -> Mapping[str, Decision]:
    """Read what was decided about identities, as the stack's configuration of this very run has it, by their keys.

    Raises:
        SpecError: with every problem of `nhi:life`.
    """
    return Settings.parse({"life": _configured("life", environment)}).life


def current_approval(
    settings: Settings, decision: Decision | None = None, environment: Mapping[str, str] = os.environ
) -> Approval:
    """Tell who approved what the run that is under way does to one identity.

    At a destroy no program runs, and the engine configures a provider as the state has it, so with what was true at
    the last `up`. The stack's configuration of this very run is in PULUMI_CONFIG, which the engine gives to each
    plugin that it starts: the keys of the plugin's own namespace, without it (seen on engine 3.220). Hence, the first
    that is stated: NHI_APPROVER and NHI_REASON; the decision about exactly this identity; the CI's user;
    `nhi:approval` as it is configured now; what the provider was given in the program.

    Args:
        settings: what the provider was given.
        decision: by which the identity takes on the state that it takes on; None when nobody decided that.
        environment: of this run.

    Raises:
        SpecError: with every problem of `nhi:approval`.
    """
    configured = Settings.parse({"approval": _configured("approval", environment)}).approval
    if decision:
        stated = {name: value for name, value in environment.items() if name in _STATED}
        return Approval(approver=decision.approver, reason=decision.reason).or_from(stated)
    return settings.approval.model_copy(update=configured.model_dump(exclude_none=True)).or_from(environment)


def _configured(name: str, environment: Mapping[str, str]) -> Any:
    return structured(json.loads(environment.get(_CONFIGURATION) or "{}").get(name, {}))


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)
