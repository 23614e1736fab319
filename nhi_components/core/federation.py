"""One identity of several clouds: where it is at home, and which of them trust the tokens that it gets there.

Sources: AWS IAM user guide, 'Getting started with outbound identity federation' and 'Understanding token claims' (`sub`
is the role's ARN, the issuer is the account's own; AWS takes none of these tokens itself) and 'Create a role for OpenID
Connect federation' (Google is built in); Google Cloud documentation, 'Get an ID token' and 'Configure Workload Identity
Federation with AWS or Azure VMs'; Microsoft identity platform documentation, 'Access token claims reference' (`iss` and
`aud` of versions 1.0 and 2.0); Microsoft Entra, 'Important considerations and restrictions for federated identity
credentials' (tokens of Entra are taken by no managed identity).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType, UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo, field_validator

from nhi_components.core.arn import ROLE_ARN
from nhi_components.core.azure_federation import Namespace, TokenIssuer
from nhi_components.core.connection import DEFAULT
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.kubernetes_account import LaterAccountName
from nhi_components.core.links import System
from nhi_components.core.model import Spec, wrong
from nhi_components.core.pipeline import GitHub, GitLab, PipelineSource, TerraformCloud

AWS_AUDIENCE: Final = "sts.amazonaws.com"
VAULT_AUDIENCE: Final = "vault"
"""For whom a home whose audience can be chosen has its tokens issued, unless the specification says otherwise."""

_GUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_AWS_ISSUER: Final = re.compile(r"https://[a-z0-9-]+\.tokens\.sts\.global\.api\.aws")
_ENTRA_AUDIENCE: Final = re.compile(r"[^\s*?]{2,256}")


def _issuer_of_account(value: str) -> str:
    if not _AWS_ISSUER.fullmatch(value):
        fix = "read it with `aws iam get-outbound-web-identity-federation-info`"
        raise wrong(got=value, expected="https://ID.tokens.sts.global.api.aws, the account's own issuer", fix=fix)
    return value


def _role(value: str) -> str:
    if not ROLE_ARN.pattern.fullmatch(value):
        raise wrong(got=value, expected="the ARN of one IAM role", fix=ROLE_ARN.fix)
    return value


def _audience_of_entra(value: str) -> str:
    if not _ENTRA_AUDIENCE.fullmatch(value):
        fix = "name the application: its id URI in tokens of version 1, its client id in those of version 2"
        raise wrong(got=value, expected="the exact `aud` of the tokens", fix=fix)
    return value


class KubernetesHome(Spec):
    """One service account of one cluster, whose pods get projected tokens; the cluster may be anybody's.

    Attributes:
        issuer: the cluster's issuer, character by character; the clouds must reach it. It may be known at deployment
            only.
        namespace: the service account's namespace.
        service_account: its name; may be known at deployment only, as `kubernetes.WorkloadIdentity.service_account`.
    """

    subject: ClassVar[str] = "home on Kubernetes"

    issuer: TokenIssuer
    namespace: Namespace
    service_account: LaterAccountName

    def subject_of(self, account: str) -> str:
        """Tell the `sub` of the tokens of an account whose name is known."""
        return f"system:serviceaccount:{self.namespace}:{account}"


class AwsHome(Spec):
    """One role of AWS, whose sessions get tokens by `sts:GetWebIdentityToken`.

    Attributes:
        issuer: the account's own, once outbound identity federation is enabled there.
        role_arn: the role, which has to be allowed that action for the audiences of the clouds.
    """

    subject: ClassVar[str] = "home on AWS"

    issuer: Annotated[str, AfterValidator(_issuer_of_account)]
    role_arn: Annotated[str, AfterValidator(_role)]

    @property
    def subject_claim(self) -> str:
        """The whole `sub`."""
        return self.role_arn


class GcpHome(Spec):
    """One service account of Google Cloud, whose ID tokens what runs as it gets for any audience.

    Attributes:
        unique_id: its unique id, 21 digits as a rule, which an account made anew under its address does not have.
    """

    subject: ClassVar[str] = "home on Google Cloud"

    unique_id: Annotated[str, StringConstraints(pattern=r"^\d{15,25}$")]

    @property
    def issuer(self) -> str:
        """Google's, which serves everybody: the subject alone tells whose token it is."""
        return "https://accounts.google.com"

    @property
    def subject_claim(self) -> str:
        """The whole `sub`."""
        return self.unique_id


class AzureHome(Spec):
    """One managed identity of Entra, whose tokens are for one application of its tenant.

    Attributes:
        tenant: the tenant's id.
        object_id: the managed identity's object id, `principal_id`.
        audience: the `aud` of its tokens: the application's id URI in version 1, its client id in version 2.
        version: of the tokens, as the application's `requestedAccessTokenVersion` says; by default Entra's own, 1.
    """

    subject: ClassVar[str] = "home on Azure"

    tenant: Annotated[str, StringConstraints(pattern=_GUID)]
    object_id: Annotated[str, StringConstraints(pattern=_GUID)]
    audience: Annotated[str, AfterValidator(_audience_of_entra)]
    version: Literal[1, 2] = 1

    @property
    def issuer(self) -> str:
        """The tenant's, which stands in tokens of that version."""
        if self.version == 1:
            return f"https://sts.windows.net/{self.tenant}/"
        return f"https://login.microsoftonline.com/{self.tenant}/v2.0"

    @property
    def subject_claim(self) -> str:
        """The whole `sub`, for a managed identity its object id."""
        return self.object_id


class CloudPlace(Spec):
    """Where an identity is trusted, on whichever cloud.

    Attributes:
        grants: what it may do; judged as the cloud's own component does.
        connection: the connection of `nhi.Provider` that reaches the cloud.
    """

    subject: ClassVar[str] = "place"
    system: ClassVar[System]

    grants: Any = ()
    connection: str = DEFAULT


class OnAws(CloudPlace):
    """A role on AWS.

    Attributes:
        oidc_provider_arn: the account's OIDC provider for the home's issuer, which exists already; may be known at
            deployment only. None for a home on Google Cloud, whose issuer is built in.
        permissions_boundary: ARN of the policy that caps the role.
        session_seconds: 3,600 to 43,200.
    """

    subject: ClassVar[str] = "place on AWS"
    system: ClassVar[System] = System.AWS

    oidc_provider_arn: Any = None
    permissions_boundary: Any = None
    session_seconds: int = 3600


class OnGcp(CloudPlace):
    """A service account on Google Cloud, with a pool of its own that lets in the one home.

    Attributes:
        project: id of its project.
        project_number: the project's number.
    """

    subject: ClassVar[str] = "place on Google Cloud"
    system: ClassVar[System] = System.GCP

    project: str
    project_number: str


class OnAzure(CloudPlace):
    """A managed identity on Azure, with one federated credential.

    Attributes:
        subscription: id of its subscription.
        resource_group: name of its resource group, which must exist.
        location: its region; None: the resource group's.
    """

    subject: ClassVar[str] = "place on Azure"
    system: ClassVar[System] = System.AZURE

    subscription: str
    resource_group: str
    location: str | None = None


class OnVault(CloudPlace):
    """A role on Vault.

    Attributes:
        mount: the auth method that takes the home's tokens, which exists already: of JWT, and for a home on Kubernetes
            of Kubernetes; None: `jwt` and `kubernetes`.
        audience: for whom tokens of homes on Kubernetes, AWS and Google Cloud are issued; a pipeline's source and a
            home on Azure tell it themselves.
        token_ttl_seconds: how long a token of Vault lives.
        token_maximum_ttl_seconds: how long a renewed one can live.
    """

    subject: ClassVar[str] = "place on Vault"
    system: ClassVar[System] = System.VAULT

    mount: str | None = None
    audience: str | None = None
    token_ttl_seconds: int = 1200
    token_maximum_ttl_seconds: int = 3600


HOMES = GitHub | GitLab | TerraformCloud | KubernetesHome | AwsHome | GcpHome | AzureHome
PLACES = OnAws | OnGcp | OnAzure | OnVault

_EVERYWHERE: Final = frozenset({System.AWS, System.GCP, System.AZURE, System.VAULT})

TRUSTED_ON: Final[Mapping[type[Spec], frozenset[System]]] = MappingProxyType(
    {
        GitHub: _EVERYWHERE,
        GitLab: _EVERYWHERE,
        TerraformCloud: _EVERYWHERE,
        KubernetesHome: _EVERYWHERE,
        AwsHome: _EVERYWHERE - {System.AWS},
        GcpHome: _EVERYWHERE - {System.GCP},
        AzureHome: _EVERYWHERE - {System.AZURE},
    }
)
"""Where each home can be trusted."""

_AT_HOME: Final[Mapping[System, str]] = MappingProxyType(
    {
        System.AWS: "AWS takes no tokens of its own issuers: use aws.WorkloadIdentity with an AccountTrust",
        System.GCP: "accounts need no federation among themselves: use gcp.WorkloadIdentity, ImpersonationTrust",
        System.AZURE: "managed identities take no tokens of Entra: use azure.WorkloadIdentity",
    }
)


def _one_of(union: UnionType, what: str, fix: str) -> BeforeValidator:
    kinds = get_args(union)

    def check(value: Any) -> Any:
        if isinstance(value, kinds):
            return value
        raise wrong(got=value, expected=what, fix=fix)

    return BeforeValidator(check)


_HOME_FIX: Final = "give nhi.home.GitHub(…), GitLab(…), TerraformCloud(…), Kubernetes(…), Aws(…), Gcp(…) or Azure(…)"
Home = Annotated[HOMES, _one_of(HOMES, "where the identity is at home", _HOME_FIX)]
Place = Annotated[
    PLACES, _one_of(PLACES, "a cloud that trusts the home", "give nhi.on.Aws(…), Gcp(…), Azure(…) or Vault(…)")
]


class FederatedSpec(Spec):
    """What a federated identity is made from.

    Attributes:
        home: where it is at home.
        identity: whose it is: of kind `pipeline` for a pipeline, otherwise of kind `workload`.
        on: where it is trusted, each cloud once.
    """

    subject: ClassVar[str] = "FederatedIdentity"

    home: Home
    identity: Identity
    on: tuple[Place, ...]

    @field_validator("identity")
    @classmethod
    def _of_the_homes_kind(cls, identity: Identity, info: ValidationInfo) -> Identity:
        home = info.data.get("home")
        if home is None:
            return identity
        return of_kind(identity, Kind.PIPELINE if isinstance(home, PipelineSource) else Kind.WORKLOAD)

    @field_validator("on")
    @classmethod
    def _each_cloud_once(cls, on: tuple[PLACES, ...], info: ValidationInfo) -> tuple[PLACES, ...]:
        if not on:
            raise wrong(got="none", expected="at least one cloud", fix="name the clouds that trust the home")
        systems = [place.system for place in on]
        if twice := sorted({str(system) for system in systems if systems.count(system) > 1}):
            fix = "make another FederatedIdentity of the same identity, with that account's providers"
            raise wrong(got=", ".join(twice), expected="each cloud once", fix=fix)
        home: type[Spec] | None = type(info.data["home"]) if "home" in info.data else None
        for system in systems:
            if home and system not in TRUSTED_ON[home]:
                got = f"{home.subject} trusted on {system}"
                others = ", ".join(sorted(str(each) for each in TRUSTED_ON[home]))
                raise wrong(got=got, expected=f"other clouds than its own: {others}", fix=_AT_HOME[system])
        return on
