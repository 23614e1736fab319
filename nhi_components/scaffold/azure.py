"""How identities are declared on Azure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from nhi_components.core.azure_federation import Namespace, ServiceAccountName, TokenIssuer, VendorSubject
from nhi_components.core.azure_trust import ResourceGroup, Subscription
from nhi_components.core.credential.places import KeyVaultPlace
from nhi_components.core.identity import Kind
from nhi_components.core.model import Spec
from nhi_components.scaffold.blueprint import (
    GITHUB,
    OF_A_REASON,
    OF_GITHUB,
    ONE_TOOL,
    REF,
    REPOSITORY,
    RUNS_ON,
    SPONSOR,
    TOOL,
    WHY_NOT_FEDERATED,
    Blueprint,
    Check,
    Question,
)

_ATTACHED: Final = ("container-apps", "functions", "virtual-machines")
_AKS: Final = "aks"
_ENDS: Final = ("lease_id", "ends")
_RESULTS: Final = ("client_id", "tenant_id", *_ENDS)
_IN: Final = {"subscription": "{subscription}", "resource_group": "{resource_group}"}


class _Subscription(Spec):
    subject: ClassVar[str] = "subscription"

    subscription: Subscription


class _Group(Spec):
    subject: ClassVar[str] = "resource group"

    resource_group: ResourceGroup


class _Account(Spec):
    subject: ClassVar[str] = "service account"

    issuer: TokenIssuer
    namespace: Namespace
    service_account: ServiceAccountName


_SUBSCRIPTION: Final = Question("subscription", "The id of the subscription that it lies in")
_GROUP: Final = Question("resource_group", "The name of the resource group that it lies in")
_PLACE: Final = (_SUBSCRIPTION, _GROUP)
_OF_SUBSCRIPTION: Final = Check(_Subscription, {"subscription": "subscription"})
_OF_PLACE: Final = (_OF_SUBSCRIPTION, Check(_Group, {"resource_group": "resource_group"}))
_ON: Final = Question(RUNS_ON, f"What it runs on ({', '.join((*_ATTACHED, _AKS))})", _ATTACHED[0])
_RUN_BY_AZURE: Final = Blueprint(
    "WorkloadIdentity", _IN, (*_PLACE, _ON), ("client_id", "identity_id", *_ENDS), checks=_OF_PLACE
)
_ON_AKS: Final = Blueprint(
    "AksWorkloadIdentity",
    {**_IN, "issuer": "{cluster_issuer}", "namespace": "{namespace}", "service_account": "{kubernetes_account}"},
    (
        *_PLACE,
        _ON,
        Question(
            "cluster_issuer", "The issuer of its AKS cluster's tokens (az aks show … oidcIssuerProfile.issuerUrl)"
        ),
        Question("namespace", "Its namespace in the cluster"),
        Question("kubernetes_account", "Its service account in that namespace"),
    ),
    ("client_id", "kubernetes_annotations", *_ENDS),
    checks=(
        *_OF_PLACE,
        Check(
            _Account,
            {"issuer": "cluster_issuer", "namespace": "namespace", "service_account": "kubernetes_account"},
        ),
    ),
)
_WORKLOAD: Final = replace(_RUN_BY_AZURE, platforms={**dict.fromkeys(_ATTACHED, _RUN_BY_AZURE), _AKS: _ON_AKS})

BLUEPRINTS: Final[Mapping[Kind, Blueprint]] = {
    Kind.WORKLOAD: _WORKLOAD,
    Kind.SERVICE_ACCOUNT: _WORKLOAD,
    Kind.API_KEY: Blueprint(
        "AppIdentity",
        {
            "subscription": "{subscription}",
            "why_not_federated": "{why_not_federated}",
            "places": '[{{"kind": "key-vault", "vault": {key_vault}}}]',
        },
        (
            _SUBSCRIPTION,
            WHY_NOT_FEDERATED,
            Question("key_vault", "The name of the Key Vault that its client secret is delivered to"),
        ),
        (*_RESULTS, "key_id", "credential_version"),
        checks=(_OF_SUBSCRIPTION, OF_A_REASON, Check(KeyVaultPlace, {"vault": "key_vault"})),
        extras=("entra",),
    ),
    Kind.PIPELINE: Blueprint(
        "PipelineIdentity",
        {**_IN, "source": f"azure.{GITHUB}"},
        (*_PLACE, REPOSITORY, REF),
        _RESULTS,
        checks=(*_OF_PLACE, OF_GITHUB),
    ),
    Kind.AI_AGENT: Blueprint(
        "AgentIdentity",
        _IN,
        (*_PLACE, SPONSOR, TOOL),
        ("tool_client_ids", "tool_identity_ids", *_ENDS),
        granting=ONE_TOOL,
        checks=_OF_PLACE,
    ),
    Kind.THIRD_PARTY: Blueprint(
        "ThirdPartyIdentity",
        {**_IN, "vendor": "azure.VendorSubject(issuer={vendor_issuer}, subject_claim={vendor_subject})"},
        (
            *_PLACE,
            Question("vendor_issuer", "The issuer of the vendor's own tokens (https://…)"),
            Question("vendor_subject", "The subject of those tokens that may become it"),
        ),
        (*_RESULTS, "audience"),
        checks=(*_OF_PLACE, Check(VendorSubject, {"issuer": "vendor_issuer", "subject_claim": "vendor_subject"})),
    ),
}
