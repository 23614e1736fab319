"""How identities are declared in Vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nhi_components.core.identity import Kind
from nhi_components.scaffold.blueprint import GITHUB, OF_GITHUB, REF, REPOSITORY, SPONSOR, Blueprint, Question

_RESULTS: Final = ("role_name", "lease_id", "ends")
_APPROLE: Final = Blueprint("WorkloadIdentity", {"secret": "nhi.SecretSpec()"}, (), (*_RESULTS, "secret_path"))

BLUEPRINTS: Final[Mapping[Kind, Blueprint]] = {
    Kind.WORKLOAD: _APPROLE,
    Kind.SERVICE_ACCOUNT: _APPROLE,
    Kind.API_KEY: Blueprint(
        "ApiKeyIdentity",
        {},
        (),
        ("key_id", "credential_version", "secret_path", "registry_path", "lease_id", "ends"),
        grantable=False,
    ),
    Kind.PIPELINE: Blueprint(
        "PipelineIdentity",
        {"source": f"vault.{GITHUB}"},
        (REPOSITORY, REF),
        _RESULTS,
        checks=(OF_GITHUB,),
    ),
    Kind.AI_AGENT: Blueprint("WorkloadIdentity", {}, (SPONSOR,), _RESULTS),
    Kind.THIRD_PARTY: Blueprint(
        "WorkloadIdentity",
        {"bound_cidrs": "[{vendor_cidr}]", "secret": "nhi.SecretSpec()"},
        (Question("vendor_cidr", "From which addresses the vendor comes (CIDR)"),),
        (*_RESULTS, "secret_path"),
    ),
}
