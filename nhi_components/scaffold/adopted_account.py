"""The project of a service account that is adopted: its program, its policy pack, what `pulumi import` is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.gcp_trust import AttachedTrust, GkeTrust, ImpersonationTrust
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.links import System
from nhi_components.core.rule_exception import RuleException
from nhi_components.scaffold.adopting import (
    grant_call,
    identity_argument,
    import_file_with,
    program_with,
    project_files,
    spec_call,
)

_RESULTS: Final = ("email", "lease_id", "ends")


@dataclass(frozen=True, slots=True)
class AdoptedAccount:
    """A service account that becomes an identity's.

    Attributes:
        identity: whose it is.
        project: the id of the project that it lies in.
        trust: who may become it.
        grants: what it may do.
        adopts: the account.
        exceptions: what the policy pack has to let through.
    """

    identity: Identity
    project: str
    trust: AttachedTrust | GkeTrust | ImpersonationTrust
    grants: Sequence[Grant]
    adopts: AdoptedServiceAccount
    exceptions: Sequence[RuleException] = ()

    component = "WorkloadIdentity"

    def arguments(self) -> dict[str, Any]:
        """Give the component's arguments as a program passes them, for the component to judge."""
        return {
            "identity": self.identity,
            "project": self.project,
            "trusted_by": self.trust,
            "grants": self.grants,
            "secret": None,
            "adopts": self.adopts,
        }


def account_files_of(adopted: AdoptedAccount) -> dict[str, str]:
    """Write the files of a project, by their paths below its folder."""
    identity, email = adopted.identity, adopted.adopts.email
    account = {
        "type": "gcp:serviceaccount/account:Account",
        "name": f"{identity.name}-account",
        "id": f"projects/{adopted.project}/serviceAccounts/{email}",
    }
    program = program_with(System.GCP, adopted.component, identity, _arguments(adopted), _RESULTS)
    imported = import_file_with(System.GCP, adopted.component, identity.name, account)
    return project_files(System.GCP, identity, program, imported, adopted.exceptions)


def _arguments(adopted: AdoptedAccount) -> dict[str, Any]:
    told: dict[str, Any] = {"identity": identity_argument(adopted.identity), "project": adopted.project}
    trust = spec_call(f"gcp.{type(adopted.trust).__name__}", adopted.trust)
    told["trusted_by"] = replace(trust, arguments={name: _listed(each) for name, each in trust.arguments.items()})
    if adopted.grants:
        told["grants"] = [grant_call(grant) for grant in adopted.grants]
    adopts = spec_call("gcp.AdoptedServiceAccount", adopted.adopts)
    arguments = {name: _listed(each) for name, each in adopts.arguments.items()}
    return {**told, "adopts": replace(adopts, arguments=arguments)}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
