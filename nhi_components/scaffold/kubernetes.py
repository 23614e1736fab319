"""How identities are declared on Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from nhi_components.core.identity import Kind
from nhi_components.core.kubernetes_account import AccountNamespace
from nhi_components.core.model import Spec
from nhi_components.scaffold.blueprint import SPONSOR, Blueprint, Check, Question


class _Place(Spec):
    subject: ClassVar[str] = "namespace"

    namespace: AccountNamespace


_NAMESPACE: Final = Question("namespace", "The namespace that it lives in")
_WORKLOAD: Final = Blueprint(
    "WorkloadIdentity",
    {"namespace": "{namespace}"},
    (_NAMESPACE,),
    ("service_account", "token_volume", "token_mount", "lease_id", "ends"),
    checks=(Check(_Place, {"namespace": "namespace"}),),
)

BLUEPRINTS: Final[Mapping[Kind, Blueprint]] = {
    Kind.WORKLOAD: _WORKLOAD,
    Kind.SERVICE_ACCOUNT: _WORKLOAD,
    Kind.AI_AGENT: replace(_WORKLOAD, questions=(_NAMESPACE, SPONSOR)),
}
"""A pipeline or a vendor comes in from elsewhere, which no service account lets them."""
