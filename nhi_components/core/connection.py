"""Connections: references by which our provider reaches a system afresh; never a credential.

A destroy runs without the program, from state alone, so these are all that state may hold.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from nhi_components.core.model import Spec, wrong

DEFAULT = "default"

_ROLE_ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
_SUBSCRIPTION = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_ORGANIZATION = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"
_LDAP_URL = re.compile(r"ldaps?://[\w.\[\]:-]+", re.ASCII)
_DN = r"^(?i:[a-z][a-z0-9-]*|[0-9.]+)=[^\x00]+$"
_URL = re.compile(r"https?://[\w.\[\]:-]+(/[\w./-]*)?", re.ASCII)


def _role_arn(value: str) -> str:
    if not _ROLE_ARN.fullmatch(value):
        raise wrong(got=value, expected="an IAM role ARN", fix="write it as arn:aws:iam::<account>:role/<name>")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise wrong(got=value, expected="an AWS region", fix="write it as eu-central-1")
    return value


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise wrong(
            got="a text that is not such a URL",
            expected="an http or https URL without user, password or query",
            fix="write it as https://vault.example.com:8200",
        )
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]


Region = Annotated[str, AfterValidator(_region)]


def _ldap_url(value: str) -> str:
    if not _LDAP_URL.fullmatch(value):
        raise wrong(
            got="a text that is not such a URL",
            expected="an ldaps or ldap URL without path, user or password",
            fix="write it as ldaps://dc1.corp.example.com",
        )
    return value


LdapUrl = Annotated[str, AfterValidator(_ldap_url)]


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise wrong(got="none", expected="at least one", fix="name a domain controller")
    return value


def _ldap_filter(value: str) -> str:
    if not (value.startswith("(") and value.endswith(")") and value.count("(") == value.count(")")):
        raise wrong(got=value, expected="an LDAP filter in parentheses", fix="write it as (sAMAccountName=svc-*)")
    return value


LdapFilter = Annotated[str, AfterValidator(_ldap_filter)]
DistinguishedName = Annotated[str, StringConstraints(pattern=_DN)]


class AwsConnection(Spec):
    """How to reach one AWS account in one region.

    Attributes:
        profile: a profile of the shared AWS configuration; without one, the ambient credential chain is used.
        role_arn: a role to assume from there.
        external_id: what that role asks for; not a secret (AWS: 'the external ID is not treated as a secret').
        region: the region; without one, the ambient one.
        regions: in which `nhi discover` looks for what depends on roles; without any, in all that are enabled.
        account: the account id that must answer; a mismatch is an error before anything is touched.
        endpoint: an endpoint for all services, for private endpoints and emulators.
    """

    subject: ClassVar[str] = "AWS connection"

    profile: str | None = None
    role_arn: Annotated[str, AfterValidator(_role_arn)] | None = None
    external_id: str | None = None
    region: Region | None = None
    regions: tuple[Region, ...] = ()
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    endpoint: Url | None = None


class VaultConnection(Spec):
    """How to reach one Vault or OpenBao.

    Attributes:
        address: its URL; without one, VAULT_ADDR.
        namespace: the namespace; without one, VAULT_NAMESPACE.
        auth: how to log in. `token`: VAULT_TOKEN or the token helper's file. `approle`: the role id and secret id in
            the two environment variables VAULT_ROLE_ID and VAULT_SECRET_ID. `jwt`: the token in the file that
            VAULT_JWT_FILE names, with `role`.
        mount: where that auth method is mounted; its own name by default.
        role: the role for `jwt`.
        ca_certificate: path of a PEM file with the certificate authority; without one, VAULT_CACERT or the system's.
    """

    subject: ClassVar[str] = "Vault connection"

    address: Url | None = None
    namespace: str | None = None
    auth: Literal["token", "approle", "jwt"] = "token"
    mount: str | None = None
    role: str | None = None
    ca_certificate: str | None = None


class GcpConnection(Spec):
    """How to reach Google Cloud: by application default credentials.

    Attributes:
        impersonate: a service account's e-mail address to act as; without one, the ambient identity itself.
        projects: the projects that are looked through for what bears a lease id; without any, the ambient one. Also
            those that `nhi discover` reads; without any, all that can be listed.
        endpoint: a base URL for all APIs, for private endpoints and doubles.
    """

    subject: ClassVar[str] = "GCP connection"

    impersonate: str | None = None
    projects: tuple[str, ...] = ()
    endpoint: Url | None = None


class AzureConnection(Spec):
    """How to reach Azure and Entra: by the ambient chain of azure-identity.

    Attributes:
        tenant: the tenant's id; without one, the ambient one.
        subscriptions: the subscriptions that are looked through for what bears a lease id; without any, all that the
            connection's principal can list.
        vaults: the names of the Key Vaults that are looked through for the same; without any, those that are listed in
            the subscriptions.
        management: the URL of Azure Resource Manager, for private links and other clouds; without one, `endpoint`, or
            that of the authority's cloud.
        endpoint: a base URL for Key Vault and Microsoft Graph in their public ones' place, for doubles.
        authority: the URL that issues tokens, for other clouds and doubles; without one, AZURE_AUTHORITY_HOST.
    """

    subject: ClassVar[str] = "Azure connection"

    tenant: str | None = None
    subscriptions: tuple[Annotated[str, StringConstraints(pattern=_SUBSCRIPTION)], ...] = ()
    vaults: tuple[str, ...] = ()
    management: Url | None = None
    endpoint: Url | None = None
    authority: Url | None = None


class KubernetesConnection(Spec):
    """How to reach a Kubernetes cluster: by a kubeconfig, or from inside a pod of it.

    Attributes:
        kubeconfig: path of the file; without one, KUBECONFIG or the usual place, else the pod's own service account.
        context: the context; without one, the current one.
    """

    subject: ClassVar[str] = "Kubernetes connection"

    kubeconfig: str | None = None
    context: str | None = None


class GitHubConnection(Spec):
    """How to reach GitHub.

    Attributes:
        endpoint: the URL of its REST API; without one, GITHUB_API_URL or github.com's.
        token_variable: the environment variable with the token.
        organizations: those that `nhi discover` reads; without any, the one of the App's installation, or all that the
            token's user is a member of.
    """

    subject: ClassVar[str] = "GitHub connection"

    endpoint: Url | None = None
    organizations: tuple[Annotated[str, StringConstraints(pattern=_ORGANIZATION)], ...] = ()
    token_variable: str = "GITHUB_TOKEN"  # noqa: S105 - a variable's name


class GitLabConnection(Spec):
    """How to reach GitLab.

    Attributes:
        endpoint: its URL; without one, CI_SERVER_URL or gitlab.com's.
        token_variable: the environment variable with the token.
    """

    subject: ClassVar[str] = "GitLab connection"

    endpoint: Url | None = None
    token_variable: str = "GITLAB_TOKEN"  # noqa: S105 - a variable's name


class HostConnection(Spec):
    """How to reach the files of the machine that delivers: nothing has to be said.

    Attributes:
        host: the host name that the machine must have; without one, any, and each run delivers to its own machine.
    """

    subject: ClassVar[str] = "host connection"

    host: str | None = None


class ScimConnection(Spec):
    """How to reach an identity provider by SCIM 2.0 (RFC 7644).

    Attributes:
        endpoint: its base URL, such as https://idp.example.com/scim/v2.
        token_variable: the environment variable with the bearer token.
    """

    subject: ClassVar[str] = "SCIM connection"

    endpoint: Url
    token_variable: str = "SCIM_TOKEN"  # noqa: S105 - a variable's name


class HookConnection(Spec):
    """How to reach systems by declared commands and web hooks.

    For credentials and accounts each declares where, and nothing has to be said. What `nhi discover` reads, as
    docs/discovery-protocol.md tells, is asked of a command or of a web hook that is named here.

    Attributes:
        command: program and arguments, run without a shell.
        url: where JSON is posted to.
        token_variable: the environment variable with the web hook's bearer token; None: it asks for none.
        timeout_seconds: how long one answer may take, 1 to 600.
    """

    subject: ClassVar[str] = "hook connection"

    command: tuple[str, ...] = ()
    url: Url | None = None
    token_variable: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.command and self.url:
            raise wrong(got="both command and url", expected="one of them", fix="leave one of them out")
        return self


class ActiveDirectoryConnection(Spec):
    r"""How to reach one domain of Active Directory by LDAP; always over TLS, which `ldap://` starts before it signs in.

    Attributes:
        servers: URLs of its domain controllers, tried in this order.
        user: who signs in: `name@domain`, `DOMAIN\name` or a distinguished name.
        password_variable: the environment variable with the password.
        password_file: a file whose first line is the password; then the variable is not read.
        base: the distinguished name below which everything is; without one, the domain that the server is of.
        ca_file: PEM certificates that the server's must be signed by; without one, those that the machine trusts.
        service_account_bases: distinguished names below which every user is a service account.
        service_account_filter: an LDAP filter of users that are service accounts, beside those that have a
            servicePrincipalName.
        break_glass_group: the distinguished name of the group whose members no tool may remove.
        mark_attribute: in which attribute of text a decommissioning is noted, below what stands there.
        timeout_seconds: how long one answer may take, 1 to 600.
    """

    subject: ClassVar[str] = "Active Directory connection"

    servers: Annotated[tuple[LdapUrl, ...], AfterValidator(_some)]
    user: Annotated[str, StringConstraints(min_length=1)]
    password_variable: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "AD_PASSWORD"  # noqa: S105 - a variable's name
    password_file: str | None = None
    base: DistinguishedName | None = None
    ca_file: str | None = None
    service_account_bases: tuple[DistinguishedName, ...] = ()
    service_account_filter: LdapFilter | None = None
    break_glass_group: DistinguishedName | None = None
    mark_attribute: Literal["info", "description", "comment", "adminDescription"] = "info"
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 60


Connection = (
    AwsConnection
    | VaultConnection
    | GcpConnection
    | AzureConnection
    | KubernetesConnection
    | GitHubConnection
    | GitLabConnection
    | HostConnection
    | ScimConnection
    | HookConnection
    | ActiveDirectoryConnection
)
"""How one connected system is reached."""
