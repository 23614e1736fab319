"""A pod on AKS that is an identity on Azure, for tests of kills and outages: its queue and its vault are there already.

pod = Pod(azure)
stack = azure.reached_by(project(pod.program(SENDS)))
stack.up()
assert pod.session(stack.outputs()[NAME]).sends()
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nhi_components.core.azure_federation import AUDIENCE
from tests.engine.azure import QUEUE, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import Session, ask, exchanged
from tests.engine.azure_by_hand import VAULT_ID, assign, make_queues, make_vault, principal_of
from tools.lab.sandbox.issuer import Issuer

NAME: Final = "orders-azure"
ISSUER: Final = "https://westeurope.oic.prod-aks.azure.com/0d1f6c35-6d4e-4c5a-9d0e-5f7a7f1c2b10/cluster/"
SUBJECT: Final = "system:serviceaccount:shop:orders"
SENDS: Final = "[nhi.Grant(actions=['Microsoft.ServiceBus/namespaces/messages/send/action'], targets=[queue])]"
TAKES: Final = SENDS.replace("send/action", "receive/action")
BY_HAND: Final = "by-hand"
_READER: Final = "Reader"


@dataclass(frozen=True)
class Pod:
    """The pod, and what its identity is made for.

    Attributes:
        cloud: where that lives.
    """

    cloud: AzureCloud
    _issuer: Issuer = field(default_factory=Issuer, repr=False)

    def __post_init__(self) -> None:
        """Make the queue and the vault, and let Entra know the cluster's issuer."""
        self.cloud.double.entra.issuers.put(ISSUER, self._issuer.public_key)
        make_queues(self.cloud)
        make_vault(self.cloud)

    def program(self, grants: str, *, deadline_seconds: int | None = None) -> str:
        """A program of one identity, that may do so much with the queue and has a secret in the vault.

        Args:
            grants: what it may do, `SENDS` or `TAKES`.
            deadline_seconds: how long a destroy waits; None: as long as is documented.
        """
        waits = f", deadline_seconds={deadline_seconds})" if deadline_seconds else ")"
        return azure_program(
            f"queue = {QUEUE!r}",
            self.cloud.provider[:-1] + waits,
            azure_bundle(
                self.cloud,
                NAME,
                kind="AksWorkloadIdentity",
                issuer=repr(ISSUER),
                namespace="'shop'",
                service_account="'orders'",
                grants=grants,
                secret="nhi.SecretSpec()",
                vault=repr(VAULT_ID),
            ),
        )

    def session(self, outputs: Mapping[str, Any]) -> Session | None:
        """A session for the token of its service account, as the pod gets it; None when Entra refuses that."""
        assertion = self._issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE)
        return exchanged(self.cloud, outputs["client"], assertion)

    def subjects(self) -> dict[str, str]:
        """The subject of each federated credential of the one managed identity, by its label or whole name."""
        with self.cloud.double.lock:
            (identity,) = self.cloud.double.identities.by_id
            found = self.cloud.double.federation.of(identity)
        return {each.name if each.name == BY_HAND else each.name.partition("-")[0]: each.subject for each in found}

    def add_by_hand(self) -> set[str]:
        """Let somebody else in and assign a role, as a person does; the subject and the assignment's id."""
        subject = "system:serviceaccount:shop:by-hand"
        with self.cloud.double.lock:
            (identity,) = [str(each["id"]) for each in self.cloud.double.identities.by_id.values()]
        told = {"issuer": ISSUER, "subject": subject, "audiences": [AUDIENCE]}
        ask(self.cloud, "PUT", f"{identity}/federatedIdentityCredentials/{BY_HAND}", {"properties": told})
        group = QUEUE.partition("/providers/")[0]
        return {subject, assign(self.cloud, principal_of(self.cloud, identity), group, _READER)}
