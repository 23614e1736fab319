"""The federated credential of a managed identity, by which one foreign workload becomes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import managedidentity

from nhi_components.azure.principals import Principal
from nhi_components.core.azure_federation import PARKED, Admission, admission_problems
from nhi_components.core.azure_links import LABEL, PRINCIPAL
from nhi_components.core.azure_names import credential_id, credential_name
from nhi_components.core.errors import SpecError
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import LinkKind
from nhi_components.refusal import refusing_plainly

if TYPE_CHECKING:
    from nhi_components.azure.identity_bundle import IdentityBundle


def let_in(bundle: IdentityBundle, principal: Principal, admission: Admission, place: dict[str, str]) -> None:
    """Let one workload become a managed identity; while the identity is suspended, the subject is nobody's.

    Args:
        bundle: whose it is.
        principal: the managed identity.
        admission: who is let in.
        place: the attributes by which the managed identity is found.
    """
    name = bundle.lease_id.apply(lambda lease_id: credential_name(admission.label, suffix_of(lease_id)))
    known = pulumi.Output.all(issuer=admission.issuer, subject=admission.subject, suspended=bundle.suspended)

    @refusing_plainly()
    def judged(issuer: str, subject: str) -> tuple[str, str]:
        if problems := admission_problems("trusted", issuer, subject):
            raise SpecError("federated credential known at deployment", problems)
        return issuer, subject

    trusted = known.apply(lambda it: (*judged(it["issuer"], it["subject"]), it["suspended"]))
    made = managedidentity.FederatedIdentityCredential(
        f"{principal.label}-{admission.label}",
        resource_group_name=bundle.resource_group,
        resource_name_=principal.name.apply(lambda known: known.rpartition("/")[2]),
        federated_identity_credential_resource_name=name,
        issuer=trusted.apply(lambda it: it[0]),
        subject=trusted.apply(lambda it: PARKED if it[2] else it[1]),
        audiences=[admission.audience],
        opts=bundle.child_options(principal.made),
    )
    whole = pulumi.Output.all(principal.name, name).apply(lambda it: credential_id(*it))
    attributes: dict[str, pulumi.Input[str]] = {**place, LABEL: admission.label, PRINCIPAL: principal.name}
    bundle.link(LinkKind.AZURE_FEDERATED_CREDENTIAL, whole, made, attributes=attributes)
