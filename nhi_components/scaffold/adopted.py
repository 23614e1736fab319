"""The project of a role that is adopted: its program, its policy pack, and what `pulumi import` is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nhi_components.core.adoption import AdoptedRole
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.links import System
from nhi_components.core.pipeline import GitHub
from nhi_components.core.rule_exception import RuleException
from nhi_components.core.trust import AccountTrust, IrsaTrust, ServiceTrust
from nhi_components.scaffold.adopting import (
    grant_call,
    identity_argument,
    import_file_with,
    program_with,
    project_files,
    spec_call,
)

_USUAL_SESSION: Final = 3600
_RESULTS: Final = ("role_arn", "lease_id", "ends")


@dataclass(frozen=True, slots=True)
class Adopted:
    """A role that becomes an identity's.

    Attributes:
        identity: whose it is.
        trust: who may become it; a pipeline of GitHub comes with the ARN of its OIDC provider.
        grants: what it may do.
        adopts: the role.
        boundary: ARN of what caps it; empty for none.
        session_seconds: how long a session of it lives at most.
        exceptions: what the policy pack has to let through.
    """

    identity: Identity
    trust: ServiceTrust | AccountTrust | IrsaTrust | tuple[GitHub, str]
    grants: Sequence[Grant]
    adopts: AdoptedRole
    boundary: str = ""
    session_seconds: int = _USUAL_SESSION
    exceptions: Sequence[RuleException] = ()

    @property
    def component(self) -> str:
        """The component's name in `nhi_components.aws`."""
        return "PipelineIdentity" if isinstance(self.trust, tuple) else "WorkloadIdentity"

    def arguments(self) -> dict[str, Any]:
        """Give the component's arguments as a program passes them, for the component to judge."""
        trust: dict[str, Any] = {"trusted_by": self.trust}
        if isinstance(self.trust, tuple):
            trust = {"source": self.trust[0], "oidc_provider_arn": self.trust[1]}
        return {
            "identity": self.identity,
            **trust,
            "grants": self.grants,
            "permissions_boundary": self.boundary or None,
            "session_seconds": self.session_seconds,
            "delegations": (),
            "adopts": self.adopts,
        }


def files_of(adopted: Adopted) -> dict[str, str]:
    """Write the files of a project, by their paths below its folder."""
    name = adopted.identity.name
    role = {"type": "aws:iam/role:Role", "name": f"{name}-role", "id": adopted.adopts.name}
    program = program_with(System.AWS, adopted.component, adopted.identity, _arguments(adopted), _RESULTS)
    imported = import_file_with(System.AWS, adopted.component, name, role)
    return project_files(System.AWS, adopted.identity, program, imported, adopted.exceptions)


def _arguments(adopted: Adopted) -> dict[str, Any]:
    told: dict[str, Any] = {"identity": identity_argument(adopted.identity)}
    match adopted.trust:
        case ServiceTrust(service=service):
            told["trusted_by"] = service
        case (github, provider):
            told |= {"source": spec_call("aws.GitHub", github), "oidc_provider_arn": provider}
        case AccountTrust(principals=(_, *_)) as trust:
            told["trusted_by"] = trust.model_dump(mode="json")
        case AccountTrust() | IrsaTrust() as trust:
            told["trusted_by"] = spec_call(f"aws.{type(trust).__name__}", trust)
    if adopted.grants:
        told["grants"] = [grant_call(grant) for grant in adopted.grants]
    if adopted.boundary:
        told["permissions_boundary"] = adopted.boundary
    if adopted.session_seconds != _USUAL_SESSION:
        told["session_seconds"] = adopted.session_seconds
    policies = {"policies": list(adopted.adopts.policies)} if adopted.adopts.policies else {}
    adopts = spec_call("aws.AdoptedRole", adopted.adopts)
    return {**told, "adopts": replace(adopts, arguments={**adopts.arguments, **policies})}
