"""Sources: what issues a credential. Each is a reference; none holds a value.

A name that is left out is the identity's own, made from its lease.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from nhi_components.core.connection import DEFAULT, Url
from nhi_components.core.credential.rotation import DAY, Length, SourceKind
from nhi_components.core.gcp_resource import PROJECT_ID
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.model import Spec, wrong
from nhi_components.core.tags import LeaseTags
from nhi_components.core.vault_login import Mount

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"

VariableName = Annotated[str, StringConstraints(pattern=_VARIABLE, max_length=128)]
"""The name of an environment variable that holds a credential; only its name stands in a specification."""


def _guid(value: str) -> str:
    if not _GUID.fullmatch(value):
        fix = "copy the object id of the application, not its client id"
        raise wrong(got=value, expected="an object id such as 00000000-0000-0000-0000-000000000000", fix=fix)
    return value


class SourceSpec(Spec):
    """What every source has.

    Attributes:
        kind: what issues the credential.
        connection: the connection of `nhi.Provider` that reaches it.
    """

    subject: ClassVar[str] = "source"
    system: ClassVar[System]

    kind: SourceKind
    connection: str = DEFAULT

    def resolved(self, tags: LeaseTags) -> Self:
        """Fill in the names that are the identity's own."""
        return self

    def link(self) -> Link | None:
        """Give the linked resource under which its keys are looked for; None where the principal's own link serves."""
        return None

    @abstractmethod
    def key_link(self, key_id: str) -> Link:
        """Give the linked resource that one of its keys is; resolved sources only."""


class AwsAccessKeySource(SourceSpec):
    """Access keys of an IAM user; two may live at a time (IAM user guide, 'IAM and AWS STS quotas').

    Attributes:
        user: the IAM user's name; None: the identity's own.
    """

    system = System.AWS

    kind: Literal[SourceKind.AWS_ACCESS_KEY] = SourceKind.AWS_ACCESS_KEY
    user: str | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own user."""
        own = name_of(LinkKind.IAM_USER, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"user": self.user or own})

    def key_link(self, key_id: str) -> Link:
        """A key is its user's."""
        where = {"user": self.user or ""}
        return Link(self.system, LinkKind.IAM_ACCESS_KEY, key_id, self.connection, key_id, where)


class GcpServiceAccountKeySource(SourceSpec):
    """Keys of a GCP service account; ten may live at a time (GCP IAM, 'Quotas and limits').

    Attributes:
        account: the service account's e-mail address; None: the identity's own.
        project: id of the project that the identity's own account lies in; exactly one of `account` and `project`.
    """

    system = System.GCP

    kind: Literal[SourceKind.GCP_SERVICE_ACCOUNT_KEY] = SourceKind.GCP_SERVICE_ACCOUNT_KEY
    account: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$")] | None = None
    project: Annotated[
        Annotated[str, StringConstraints(pattern=rf"^{PROJECT_ID}$")] | None, Field(validate_default=True)
    ] = None

    @field_validator("project")
    @classmethod
    def _one_account(cls, project: str | None, info: ValidationInfo) -> str | None:
        if "account" in info.data and (info.data["account"] is None) == (project is None):
            got = "neither" if project is None else "both"
            fix = "name the account, or the project that the identity's own is in"
            raise wrong(got=got, expected="exactly one of `account` and `project`", fix=fix)
        return project

    @property
    def address(self) -> str:
        """The account's e-mail address; empty until it is resolved."""
        return self.account or ""

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own account."""
        if self.project is None:
            return self
        kind, where = LinkKind.GCP_SERVICE_ACCOUNT, {"project": self.project}
        own = name_of(kind, tags.identity, tags.environment, tags.lease, where)
        return self.model_copy(update={"account": own, "project": None})

    def link(self) -> Link:
        """The account, under whose name its keys are found."""
        return _link(self, LinkKind.GCP_SERVICE_ACCOUNT_KEY, self.address)

    def key_link(self, key_id: str) -> Link:
        """A key is known below its principal."""
        return _link(self, LinkKind.GCP_SERVICE_ACCOUNT_KEY, f"{self.address}/{key_id}", key_id)


class EntraClientSecretSource(SourceSpec):
    """Client secrets of an Entra application.

    Attributes:
        application: the application's object id; None: the identity's own application.
        display_name: of the identity's own application, filled in when it is resolved: its object id is not known
            before it is made.
    """

    system = System.AZURE

    kind: Literal[SourceKind.ENTRA_CLIENT_SECRET] = SourceKind.ENTRA_CLIENT_SECRET
    application: Annotated[str, AfterValidator(_guid)] | None = None
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = None

    @classmethod
    def at(cls, address: str, connection: str = DEFAULT) -> Self:
        """Make the source that has an address."""
        named = "application" if _GUID.fullmatch(address) else "display_name"
        return cls(connection=connection, **{named: address})

    @property
    def address(self) -> str:
        """The application's object id, or the display name of the identity's own; empty until it is resolved."""
        return self.application or self.display_name or ""

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own application."""
        if self.application is not None:
            return self
        own = name_of(LinkKind.ENTRA_APPLICATION, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"display_name": own})

    def link(self) -> Link:
        """The application, under which its secrets are found."""
        return _link(self, LinkKind.ENTRA_CLIENT_SECRET, self.address)

    def key_link(self, key_id: str) -> Link:
        """A key is known below its principal."""
        return _link(self, LinkKind.ENTRA_CLIENT_SECRET, f"{self.address}/{key_id}", key_id)


class VaultSecretIdSource(SourceSpec):
    """Secret ids of an AppRole.

    Attributes:
        mount: where the AppRole auth method is mounted.
        role: the AppRole's name; None: the identity's own.
    """

    system = System.VAULT

    kind: Literal[SourceKind.VAULT_SECRET_ID] = SourceKind.VAULT_SECRET_ID
    mount: Mount = "approle"
    role: str | None = None

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own role."""
        own = name_of(LinkKind.VAULT_APPROLE, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"role": self.role or own})

    def key_link(self, key_id: str) -> Link:
        """A secret id is its role's."""
        where = {"mount": self.mount, "role": self.role or ""}
        return Link(self.system, LinkKind.VAULT_SECRET_ID, key_id, self.connection, None, where)


class VaultCertificateSource(SourceSpec):
    """Certificates of a PKI role.

    Attributes:
        mount: where the PKI engine is mounted.
        role: the PKI role's name; None: the identity's own.
        names: the DNS names in the certificate, the first is its common name.
        ttl: how long a certificate lives, as `30d`; never beyond the identity's end.
    """

    system = System.VAULT

    kind: Literal[SourceKind.VAULT_CERTIFICATE] = SourceKind.VAULT_CERTIFICATE
    mount: Mount = "pki"
    role: str | None = None
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    ttl: Length = 30 * DAY

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own role."""
        own = name_of(LinkKind.VAULT_PKI_ROLE, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"role": self.role or own})

    def key_link(self, key_id: str) -> Link:
        """A certificate is known by its serial number."""
        return Link(self.system, LinkKind.VAULT_CERTIFICATE, key_id, self.connection, key_id, {"mount": self.mount})


class ApiKeySource(SourceSpec):
    """Random API keys, for a system that takes chosen ones and asks a KV v2 entry which it may accept.

    The entry holds, for each key, its id, whether it is enabled, when it was made and the SHA-256 of its value: keys of
    256 random bits can't be guessed from it. The system that verifies keys reads it, and needs no key in clear.

    Attributes:
        mount: the KV v2 mount of that entry.
        path: its path below the mount; None: the identity's own.
        prefix: what every key begins with, so that a leaked one is recognised; 2 to 16 of a-z, 0-9, `_`.
    """

    system = System.VAULT

    kind: Literal[SourceKind.API_KEY] = SourceKind.API_KEY
    mount: Mount = "secret"
    path: str | None = None
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,15}$")] = "nhi"

    def resolved(self, tags: LeaseTags) -> Self:
        """Name the identity's own entry."""
        own = name_of(LinkKind.VAULT_API_KEYS, tags.identity, tags.environment, tags.lease)
        return self.model_copy(update={"path": self.path or own})

    def link(self) -> Link:
        """The entry of accepted keys; resolved ones only."""
        return Link(self.system, LinkKind.VAULT_API_KEYS, self.path or "", self.connection, None, {"mount": self.mount})

    def key_link(self, key_id: str) -> Link:
        """A key stands in the entry, and goes with it."""
        return self.link()


class CommandSource(SourceSpec):
    """A system that a declared command speaks to; docs/hooks.md tells the protocol.

    Attributes:
        command: program and arguments; it gets a JSON request on standard input, and answers with JSON.
        account: which account of that system, as the command knows it.
    """

    system = System.HOOK

    kind: Literal[SourceKind.COMMAND] = SourceKind.COMMAND
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    account: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    def link(self) -> Link:
        """The account, under which its keys are found."""
        return _link(self, LinkKind.HOOK_KEY, self.account)

    def key_link(self, key_id: str) -> Link:
        """A key is known below its principal."""
        return _link(self, LinkKind.HOOK_KEY, f"{self.account}/{key_id}", key_id)


class HttpSource(SourceSpec):
    """A system that an HTTP hook speaks to; docs/hooks.md tells the protocol.

    Attributes:
        url: where requests are posted to.
        account: which account of that system, as the hook knows it.
        token_variable: the environment variable with the hook's bearer token; None: it asks for none.
    """

    system = System.HOOK

    kind: Literal[SourceKind.HTTP] = SourceKind.HTTP
    url: Url
    account: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    token_variable: VariableName | None = None

    def link(self) -> Link:
        """The account, under which its keys are found."""
        return _link(self, LinkKind.HOOK_KEY, self.account)

    def key_link(self, key_id: str) -> Link:
        """A key is known below its principal."""
        return _link(self, LinkKind.HOOK_KEY, f"{self.account}/{key_id}", key_id)


AnySource = Annotated[
    AwsAccessKeySource
    | GcpServiceAccountKeySource
    | EntraClientSecretSource
    | VaultSecretIdSource
    | VaultCertificateSource
    | ApiKeySource
    | CommandSource
    | HttpSource,
    Field(discriminator="kind"),
]

SPEC = "spec"
"""The attribute in which a link keeps the specification of a source or place, as JSON: so it can be opened again."""


def _link(spec: SourceSpec, kind: LinkKind, name: str, unique_id: str | None = None) -> Link:
    attributes: dict[str, Any] = {SPEC: spec.model_dump_json(exclude_none=True)}
    return Link(spec.system, kind, name, spec.connection, unique_id, attributes)
