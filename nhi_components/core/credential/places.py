"""Places: where a credential is delivered. Each is a reference; none holds a value.

A name that is left out is the identity's own, made from its lease.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, Field, StringConstraints

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.sources import SPEC, VariableName
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.model import Spec, wrong
from nhi_components.core.tags import LeaseTags
from nhi_components.core.vault_login import Mount

OURS = "delivered"
"""The attribute of a place's link that says that our provider made it, where the engine makes others of its kind."""

_KV_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*", re.ASCII)


class PlaceKind(StrEnum):
    """What keeps a credential."""

    VAULT_KV = "vault-kv"
    SECRETS_MANAGER = "secrets-manager"
    GCP_SECRET = "gcp-secret"  # noqa: S105 - a kind, not a secret
    KEY_VAULT = "key-vault"
    KUBERNETES_SECRET = "kubernetes-secret"  # noqa: S105 - a kind, not a secret
    GITHUB_SECRET = "github-secret"  # noqa: S105 - a kind, not a secret
    GITLAB_VARIABLE = "gitlab-variable"
    FILE = "file"


def _kv_path(value: str) -> str:
    if not _KV_PATH.fullmatch(value) or ".." in value.split("/"):
        raise wrong(got=value, expected="a path of letters, digits, `_`, `.`, `-`", fix="write it like `team/orders`")
    return value


def _absolute(value: str) -> str:
    if not PurePath(value).is_absolute() or ".." in PurePath(value).parts:
        raise wrong(got=value, expected="an absolute path without `..`", fix="write it like /run/secrets/orders.json")
    return value


def _some(variables: dict[str, str]) -> dict[str, str]:
    if not variables:
        fix = 'name what each field becomes, like {"secret_access_key": "AWS_SECRET_ACCESS_KEY"}'
        raise wrong(got="nothing", expected="at least one field of the credential", fix=fix)
    if len(set(variables.values())) != len(variables):
        raise wrong(got=", ".join(variables.values()), expected="each name once", fix="give each field its own name")
    return variables


Variables = Annotated[dict[str, VariableName], AfterValidator(_some)]
"""By field of the credential, such as `secret_access_key`, the name under which it is kept."""


class PlaceSpec(Spec):
    """What every place has.

    Attributes:
        kind: what keeps the credential.
        connection: the connection of `nhi.Provider` that reaches it.
    """

    subject: ClassVar[str] = "place"
    system: ClassVar[System]
    link_kind: ClassVar[LinkKind]
    can_be_home: ClassVar[bool] = True
    """Whether it can be read back and keeps notes, so that it can be the first place, which keeps the journal."""

    kind: PlaceKind
    connection: str = DEFAULT

    def resolved(self, tags: LeaseTags) -> Self:
        """Fill in the names that are the identity's own."""
        return self

    @property
    @abstractmethod
    def address(self) -> str:
        """Its name within its system, of resolved ones; with system, connection and kind it is unique."""

    def link(self) -> Link:
        """Give the linked resource that a resolved place is."""
        attributes = {SPEC: self.model_dump_json(exclude_none=True)}
        return Link(self.system, self.link_kind, self.address, self.connection, None, attributes)


class VaultKvPlace(PlaceSpec):
    """An entry of Vault's KV v2 engine, with a field for each field of the credential.

    Attributes:
        mount: where the engine is mounted.
        path: its path below the mount; None: the identity's own entry.
    """

    system = System.VAULT
    link_kind = LinkKind.VAULT_KV_PATH

    kind: Literal[PlaceKind.VAULT_KV] = PlaceKind.VAULT_KV
    mount: Mount = "secret"
    path: Annotated[str, AfterValidator(_kv_path)] | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own entry."""
        own = name_of(self.link_kind, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"path": self.path or own})

    @property
    def address(self) -> str:
        """The path below the mount."""
        return self.path or ""

    def link(self) -> Link:
        """Its mount is in the attributes, as for every entry."""
        return Link(self.system, self.link_kind, self.address, self.connection, None, {"mount": self.mount})


class SecretsManagerPlace(PlaceSpec):
    """A secret of AWS Secrets Manager: a JSON object with a field for each field of the credential.

    Attributes:
        secret: its name; None: the identity's own.
    """

    system = System.AWS
    link_kind = LinkKind.SECRETS_MANAGER_SECRET

    kind: Literal[PlaceKind.SECRETS_MANAGER] = PlaceKind.SECRETS_MANAGER
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/+=.@-]{1,512}$")] | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own secret."""
        own = name_of(self.link_kind, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"secret": self.secret or own})

    @property
    def address(self) -> str:
        """The secret's name."""
        return self.secret or ""

    def link(self) -> Link:
        """Marked as made by our provider, for other secrets of Secrets Manager are the engine's."""
        return Link(self.system, self.link_kind, self.address, self.connection, None, {OURS: "true"})


class GcpSecretPlace(PlaceSpec):
    """A secret of GCP Secret Manager: a JSON object with a field for each field of the credential.

    Attributes:
        project: the project's id.
        secret: the secret's id; None: the identity's own.
    """

    system = System.GCP
    link_kind = LinkKind.GCP_SECRET

    kind: Literal[PlaceKind.GCP_SECRET] = PlaceKind.GCP_SECRET
    project: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")] | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own secret."""
        own = name_of(self.link_kind, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"secret": self.secret or own})

    @property
    def address(self) -> str:
        """The secret's resource name."""
        return f"projects/{self.project}/secrets/{self.secret}"


class KeyVaultPlace(PlaceSpec):
    """A secret of an Azure Key Vault: a JSON object with a field for each field of the credential.

    Attributes:
        vault: the vault's name.
        secret: the secret's name; None: the identity's own.
    """

    system = System.AZURE
    link_kind = LinkKind.KEY_VAULT_SECRET

    kind: Literal[PlaceKind.KEY_VAULT] = PlaceKind.KEY_VAULT
    vault: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$")]
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,127}$")] | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own secret."""
        own = name_of(self.link_kind, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"secret": self.secret or own})

    @property
    def address(self) -> str:
        """Vault and secret."""
        return f"{self.vault}/{self.secret}"


class KubernetesSecretPlace(PlaceSpec):
    """A Secret of a Kubernetes cluster, with a key for each field of the credential.

    Attributes:
        namespace: the namespace; it must exist.
        name: the Secret's name; None: the identity's own.
    """

    system = System.KUBERNETES
    link_kind = LinkKind.KUBERNETES_SECRET

    kind: Literal[PlaceKind.KUBERNETES_SECRET] = PlaceKind.KUBERNETES_SECRET
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")] | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own Secret."""
        own = name_of(self.link_kind, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"name": self.name or own})

    @property
    def address(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}/{self.name}"


class GitHubSecretPlace(PlaceSpec):
    """Secrets of GitHub Actions, one for each field that is named; they can be written, never read.

    Attributes:
        repository: `owner/name`.
        environment: an environment of the repository; None: the repository's own secrets.
        variables: by field, the secret's name.
    """

    system = System.GITHUB
    link_kind = LinkKind.GITHUB_SECRET
    can_be_home: ClassVar[bool] = False

    kind: Literal[PlaceKind.GITHUB_SECRET] = PlaceKind.GITHUB_SECRET
    repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$")]
    environment: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    variables: Variables

    @property
    def address(self) -> str:
        """Repository, environment and names."""
        where = f"{self.repository}/{self.environment}" if self.environment else self.repository
        return f"{where}/{','.join(sorted(self.variables.values()))}"


class GitLabVariablePlace(PlaceSpec):
    """CI/CD variables of a GitLab project, masked and not expanded, one for each field that is named.

    Attributes:
        project: the project's path, `group/name`.
        environment_scope: for which environments; `*` for all.
        protected: whether protected branches and tags only get them.
        variables: by field, the variable's key.
    """

    system = System.GITLAB
    link_kind = LinkKind.GITLAB_VARIABLE
    can_be_home: ClassVar[bool] = False

    kind: Literal[PlaceKind.GITLAB_VARIABLE] = PlaceKind.GITLAB_VARIABLE
    project: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$")]
    environment_scope: Annotated[str, StringConstraints(min_length=1, max_length=255)] = "*"
    protected: bool = True
    variables: Variables

    @property
    def address(self) -> str:
        """Project, scope and keys."""
        return f"{self.project}/{self.environment_scope}/{','.join(sorted(self.variables.values()))}"


class FilePlace(PlaceSpec):
    """A file of the machine that delivers, such as one that is mounted into a container; JSON, mode 0600.

    Attributes:
        path: its absolute path; its folder must exist.
    """

    system = System.HOST
    link_kind = LinkKind.FILE
    can_be_home: ClassVar[bool] = False

    kind: Literal[PlaceKind.FILE] = PlaceKind.FILE
    path: Annotated[str, AfterValidator(_absolute)]

    @property
    def address(self) -> str:
        """The path."""
        return self.path


AnyPlace = Annotated[
    VaultKvPlace
    | SecretsManagerPlace
    | GcpSecretPlace
    | KeyVaultPlace
    | KubernetesSecretPlace
    | GitHubSecretPlace
    | GitLabVariablePlace
    | FilePlace,
    Field(discriminator="kind"),
]

_SPECS: tuple[type[PlaceSpec], ...] = get_args(get_args(AnyPlace)[0])
HOME_KINDS = frozenset(spec.link_kind for spec in _SPECS if spec.can_be_home)
"""What a home can be, as linked resources."""
