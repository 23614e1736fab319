"""The last resort on Azure: an Entra application with client secrets, for what can't be federated; they are rotated.

It needs the extra `entra`, whose SDK is imported when the component is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pydantic import field_validator

from nhi_components.azure.bundle import AzureBundle
from nhi_components.azure.principals import Principal
from nhi_components.azure.spec import AzureBundleSpec
from nhi_components.core.azure_grant import assignments_needed
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.azure_grounds import grounds_noted
from nhi_components.core.azure_links import APPLICATION, CLIENT_ID, SUSPENDED
from nhi_components.core.azure_resource import LaterTarget
from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.rotation import Rotation, SourceKind
from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.issued import USUAL_ROTATION, StandingKeySpec
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.core.tags import WHY_NOT_FEDERATED, marked_description, tag_value
from nhi_components.refusal import refusing_plainly

if TYPE_CHECKING:
    import pulumi_azuread as azuread

_LONGEST_NOTES = 1024
"""Characters (Microsoft Graph, `servicePrincipal`: notes; `application` documents none)."""

_OWN_TENANT = "AzureADMyOrg"


class AzureAppSpec(StandingKeySpec, AzureBundleSpec):
    """What an application with client secrets is made from.

    A secret is replaced weekly unless said otherwise, and monthly at least.
    """

    subject: ClassVar[str] = "azure.AppIdentity"
    issues: ClassVar[SourceKind] = SourceKind.ENTRA_CLIENT_SECRET

    @field_validator("grants")
    @classmethod
    def _in_known_groups(cls, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
        later = (target for grant in grants for target in grant.targets if isinstance(target, LaterTarget))
        if any(target.resource_group is None for target in later):
            fix = "give each LaterTarget its resource_group: an application lies in none"
            raise wrong(got="a target that is known at deployment only", expected="its resource group", fix=fix)
        return grants

    @field_validator("secret")
    @classmethod
    def _none_of_its_own(cls, secret: SecretSpec | None) -> SecretSpec | None:
        if secret is not None:
            raise wrong(got="a secret", expected="none beside the client secret", fix="remove it, and name `places`")
        return secret

    @property
    def source(self) -> EntraClientSecretSource:
        """The application's client secrets."""
        return EntraClientSecretSource(connection=self.connection)


class AppIdentity(AzureBundle):
    """An Entra application with client secrets: for a workload that nothing vouches for, such as an old product.

    Its secret is made, delivered and rotated by our provider, and is in no state and no output. While the identity is
    suspended, its service principal is disabled and has no roles. It has no owners: they could add secrets of their
    own. Prefer `WorkloadIdentity`, `AksWorkloadIdentity` or `PipelineIdentity`: there is nothing of theirs to leak.

    Attributes:
        application_id: object id of the application.
        client_id: by which its workload signs in.
        principal_id: object id of its service principal, the principal.
        tenant_id: the tenant that it lives in.
        key_id: the id of the secret that every place holds; None while suspended without one.
        credential_version: how many secrets have been delivered: dependents that take it as an input roll with it.
    """

    results: ClassVar[tuple[str, ...]] = (
        "application_id",
        "client_id",
        "principal_id",
        "tenant_id",
        "key_id",
        "credential_version",
    )

    application_id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]
    tenant_id: pulumi.Output[str]
    key_id: pulumi.Output[str | None]
    credential_version: pulumi.Output[int | None]

    _spec: AzureAppSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        subscription: str,
        why_not_federated: str,
        places: Sequence[PlaceSpec | Mapping[str, Any]],
        grants: Sequence[Grant | Mapping[str, Any]] = (),
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
            subscription: id of the subscription in which it may do something.
            why_not_federated: why nothing vouches for the workload, so that it needs a secret; the application's tags
                and notes tell it.
            places: where the secret is delivered, such as `{"kind": "key-vault", "vault": "shop-prod"}`. The fields are
                `client_id`, `client_secret` and `tenant_id`.
            grants: what it may do.
            rotation: when the secret is replaced.
            dependents: what uses the secret.
            generation: raise it to have the secret replaced by the next `up`.
            connection: the connection of `nhi.Provider` that reaches tenant and subscription.
            opts: resource options; `providers` may name explicit azure-native, azuread and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "subscription": subscription,
            "why_not_federated": why_not_federated,
            "places": places,
            "grants": grants,
            "rotation": rotation,
            "dependents": dependents,
            "generation": generation,
            "connection": connection,
        }
        with refusing_plainly():
            spec = parse_spec(AzureAppSpec, name, fields, azure_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    @property
    def told(self) -> str:
        """What the identity is for, and why it has a secret."""
        return f"{super().told}; has a secret because {self._spec.why_not_federated}"

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Application, service principal and custom roles; assignments are found by their principal."""
        spec = self._spec
        needed = assignments_needed(spec.grants, spec.subscription, self.resource_group)
        principals: list[tuple[LinkKind, Mapping[str, str]]] = [
            (LinkKind.ENTRA_APPLICATION, {}),
            (LinkKind.ENTRA_SERVICE_PRINCIPAL, grounds_noted(needed)),
        ]
        return [*principals, *self.role_parts(spec.grants)]

    def make(self) -> None:
        """Make application and service principal with its grants, and have a secret issued."""
        application = self._application()
        principal = self._service_principal(application)
        self.client_id, self.principal_id = principal.client_id, principal.object_id
        self.grant(principal, self._spec.grants, self.roles(self._spec.grants))
        credential = self.issue(application, principal.made)
        self.key_id, self.credential_version = credential.key_id, credential.version

    def _application(self) -> azuread.Application:
        import pulumi_azuread as azuread

        kind = LinkKind.ENTRA_APPLICATION
        name = self.name_of(kind)
        made = azuread.Application(
            f"{self.name}-application",
            display_name=name,
            description=self._identity.purpose,
            sign_in_audience=_OWN_TENANT,
            prevent_duplicate_names=True,
            owners=[],
            tags=self._entra_tags,
            notes=self._notes,
            opts=self.child_options(),
        )
        self.link(kind, name, made, unique_id=made.object_id, attributes={CLIENT_ID: made.client_id})
        self.application_id = made.object_id
        return made

    def _service_principal(self, application: azuread.Application) -> Principal:
        import pulumi_azuread as azuread

        kind = LinkKind.ENTRA_SERVICE_PRINCIPAL
        name = self.name_of(kind)
        made = azuread.ServicePrincipal(
            f"{self.name}-service-principal",
            client_id=application.client_id,
            account_enabled=self.suspended.apply(lambda suspended: not suspended),
            app_role_assignment_required=True,
            description=self._identity.purpose,
            owners=[],
            tags=self._entra_tags,
            notes=self._notes,
            opts=self.child_options(application),
        )
        suspended = self.suspended.apply(lambda suspended: "true" if suspended else "false")
        attributes: dict[str, pulumi.Input[str]] = {APPLICATION: application.object_id, SUSPENDED: suspended}
        self.link(kind, name, made, unique_id=made.object_id, attributes=attributes)
        self.tenant_id = made.application_tenant_id
        return Principal(made, name, made.object_id, application.client_id, self.name)

    @property
    def _entra_tags(self) -> pulumi.Output[list[str]]:
        """The lease's tags as Entra has them: a collection of texts."""
        why = f"{WHY_NOT_FEDERATED}={tag_value(self._spec.why_not_federated)}"
        return self.tags.apply(lambda tags: [*(f"{key}={value}" for key, value in sorted(tags.items())), why])

    @property
    def _notes(self) -> pulumi.Output[str]:
        return self.lease_id.apply(lambda lease_id: marked_description(self.told, lease_id, _LONGEST_NOTES))
