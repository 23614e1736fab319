"""The last resort on Google Cloud: a service account with keys, for what can't be federated; they are rotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.rotation import Rotation, SourceKind
from nhi_components.core.credential.sources import GcpServiceAccountKeySource
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.issued import USUAL_ROTATION, StandingKeySpec
from nhi_components.core.spec import parse_spec
from nhi_components.gcp.account_bundle import AccountBundle
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly


class GcpServiceAccountKeySpec(StandingKeySpec, GcpBundleSpec):
    """What a service account with keys is made from.

    A key is replaced weekly unless said otherwise, and monthly at least.
    """

    subject: ClassVar[str] = "gcp.ServiceAccountKeyIdentity"
    issues: ClassVar[SourceKind] = SourceKind.GCP_SERVICE_ACCOUNT_KEY

    @property
    def source(self) -> GcpServiceAccountKeySource:
        """The account's keys."""
        return GcpServiceAccountKeySource(project=self.project, connection=self.connection)


class ServiceAccountKeyIdentity(AccountBundle):
    """A service account with keys: for a workload that nothing vouches for, such as a device or an old product.

    Its key is made, delivered and rotated by our provider, and is in no state and no output. From its end on, where a
    resource knows one, and while it is suspended, everything is denied to it: the account is disabled then. Prefer
    `WorkloadIdentity` or `PipelineIdentity`: their credentials end by themselves within an hour.

    Attributes:
        email: the service account, the principal.
        member: the same as allow policies name it.
        unique_id: its unique id.
        secret_name: None; the places of the key are named in the specification.
        key_id: the id of the key that every place holds; None while suspended without one.
        credential_version: how many keys have been delivered: dependents that take it as an input roll with it.
    """

    results = (*AccountBundle.results, "key_id", "credential_version")

    key_id: pulumi.Output[str | None]
    credential_version: pulumi.Output[int | None]

    _spec: GcpServiceAccountKeySpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        project: str,
        why_not_federated: str,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        places: Sequence[PlaceSpec | Mapping[str, Any]] | None = None,
        rotation: Rotation | Mapping[str, Any] = USUAL_ROTATION,
        dependents: Sequence[Dependent | Mapping[str, Any]] = (),
        generation: int = 1,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            project: id of the project that it lies in.
            why_not_federated: why nothing vouches for the workload, so that it needs a key; the account's description
                tells it, as far as there is room.
            grants: what it may do.
            places: where the key is delivered; by default a secret of its own in Secret Manager, in the same project.
            rotation: when the key is replaced.
            dependents: what uses the key.
            generation: raise it to have the key replaced by the next `up`.
            connection: the connection of `nhi.Provider` that reaches the project.
            opts: resource options; `providers` may name explicit GCP and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        own = {"kind": "gcp-secret", "project": project, "connection": connection}
        fields = {
            "identity": identity,
            "project": project,
            "why_not_federated": why_not_federated,
            "grants": grants,
            "places": [own] if places is None else places,
            "rotation": rotation,
            "dependents": dependents,
            "generation": generation,
            "connection": connection,
        }
        with refusing_plainly():
            spec = parse_spec(GcpServiceAccountKeySpec, name, fields, gcp_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    @property
    def told(self) -> str:
        """What the identity is for, and why it has a key."""
        return f"{super().told}; has a key because {self._spec.why_not_federated}"

    def admit(self, account: Account) -> None:
        """Let nobody in: whoever holds the key is the account."""

    def make(self) -> None:
        """Make the account with its grants, and have a key issued for it."""
        super().make()
        credential = self.issue(*self._linked)
        self.key_id, self.credential_version = credential.key_id, credential.version
