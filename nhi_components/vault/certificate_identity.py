"""A workload with a certificate: issued by our provider, delivered into its KV v2 entry, rotated, revoked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import pulumi
import pulumi_vault as vault
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.spec import parse_spec
from nhi_components.core.tags import organization_mark
from nhi_components.core.vault_login import AppRoleLogin, Login, Mount
from nhi_components.refusal import refusing_plainly
from nhi_components.resources import Seal
from nhi_components.vault.bundle import DAY, VaultBundle
from nhi_components.vault.workload_identity import VaultWorkloadSpec, WorkloadIdentity

_BY_APPROLE = AppRoleLogin()
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})+", re.ASCII)
_LONGEST_COMMON_NAME = 64
"""RFC 5280, appendix A.1: ub-common-name."""

_KEY_BITS = {"ec": 256, "rsa": 3072, "ed25519": 0}

Usage = Literal["client", "server"]
KeyType = Literal["ec", "rsa", "ed25519"]


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise wrong(got="nothing", expected="at least one", fix="name what is needed")
    return values


def _exact_names(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _DNS_NAME.fullmatch(value) or len(value) > _LONGEST_COMMON_NAME:
            expected = f"a whole DNS name in lower case, at most {_LONGEST_COMMON_NAME} characters, without wildcards"
            raise wrong(got=value, expected=expected, fix="write it like `orders.internal.example`")
    if len(set(values)) != len(values):
        raise wrong(got=", ".join(values), expected="each name once", fix="remove the repeated ones")
    return values


class VaultCertificateSpec(VaultWorkloadSpec):
    """What an identity with a certificate is made from.

    Attributes:
        names: the DNS names in it, each exactly; the first is also its common name.
        usages: `client`, `server`, or both.
        key_type: `ec` (P-256), `rsa` (3072 bits) or `ed25519`.
        certificate_ttl_seconds: how long it lives at most: 600 to 7,776,000 (90 days); never beyond the identity's end.
        generation: raise it to have the certificate replaced.
        overlap_seconds: for how long the one before goes on being valid: 0 (it is revoked in the same run, right after
            the new one is in its entry) to 604,800 (a week), and less than its life; later, the next `up` revokes it.
        pki_mount: where the PKI engine is mounted; it must exist, with a CA.
    """

    subject: ClassVar[str] = "vault.CertificateIdentity"

    names: Annotated[tuple[str, ...], AfterValidator(_some), AfterValidator(_exact_names)]
    usages: Annotated[tuple[Usage, ...], AfterValidator(_some)] = ("client",)
    key_type: KeyType = "ec"
    certificate_ttl_seconds: Annotated[int, Field(ge=600, le=90 * DAY)] = 30 * DAY
    generation: Annotated[int, Field(ge=1)] = 1
    overlap_seconds: Annotated[int, Field(ge=0, le=7 * DAY)] = 0
    pki_mount: Mount = "pki"

    @field_validator("overlap_seconds")
    @classmethod
    def _shorter_than_its_life(cls, overlap: int, info: ValidationInfo) -> int:
        life = info.data.get("certificate_ttl_seconds", 90 * DAY)
        if overlap >= life:
            fix = "lower overlap_seconds, or raise certificate_ttl_seconds"
            raise wrong(got=overlap, expected=f"less than certificate_ttl_seconds, {life}", fix=fix)
        return overlap


class CertificateIdentity(WorkloadIdentity):
    """An identity with a certificate in a KV v2 entry of its own.

    The entry holds `certificate`, `private_key`, `ca_chain` and `serial_number`. The private key goes from the PKI
    engine into the entry, and nowhere else. Any `up` renews the certificate when less than a third of its life remains.

    Attributes:
        role_name: the auth role, the principal.
        role_id: what the workload logs in with by AppRole, beside a secret id that it gets at start-up; None without.
        entity_id: the identity's entity.
        policy_name: its policy.
        secret_path: mount and path of the KV v2 entry that holds the certificate.
        secret_version: the entry's version that holds it: dependents that take it as an input roll with it.
        certificate_serial: its serial number.
    """

    results = (*WorkloadIdentity.results, "secret_version", "certificate_serial")

    secret_version: pulumi.Output[int | None]
    certificate_serial: pulumi.Output[str | None]

    _spec: VaultCertificateSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        names: Sequence[str],
        usages: Sequence[Usage] = ("client",),
        key_type: KeyType = "ec",
        certificate_ttl_seconds: int = 30 * DAY,
        generation: int = 1,
        overlap_seconds: int = 0,
        login: Login = _BY_APPROLE,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        token_ttl_seconds: int = 1200,
        token_maximum_ttl_seconds: int = 3600,
        secret_id_ttl_seconds: int = DAY,
        bound_cidrs: Sequence[str] = (),
        approle_mount: str = "approle",
        secret_mount: str = "secret",  # noqa: S107 - a mount's name
        pki_mount: str = "pki",
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultCertificateSpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            names: the DNS names in the certificate, each exactly; the first is also its common name.
            usages: `client`, `server`, or both.
            key_type: `ec`, `rsa` or `ed25519`.
            certificate_ttl_seconds: how long the certificate lives at most.
            generation: raise it to have the certificate replaced.
            overlap_seconds: for how long the one before goes on being valid.
            login: how it logs in: `AppRoleLogin()`, `JwtLogin(…)` or `KubernetesLogin(…)`.
            grants: capabilities on further paths in Vault.
            token_ttl_seconds: how long a token lives.
            token_maximum_ttl_seconds: how long a renewed token can live.
            secret_id_ttl_seconds: how long a secret id lives.
            bound_cidrs: from where logins and tokens are accepted.
            approle_mount: where the AppRole auth method is mounted.
            secret_mount: where the KV v2 engine is mounted.
            pki_mount: where the PKI engine is mounted; it is referenced, never owned.
            connection: the connection of `nhi.Provider` that reaches the Vault which the Vault provider reaches.
            opts: resource options; `providers` may name explicit Vault and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "names": names,
            "usages": usages,
            "key_type": key_type,
            "certificate_ttl_seconds": certificate_ttl_seconds,
            "generation": generation,
            "overlap_seconds": overlap_seconds,
            "login": login,
            "grants": grants,
            "token_ttl_seconds": token_ttl_seconds,
            "token_maximum_ttl_seconds": token_maximum_ttl_seconds,
            "secret_id_ttl_seconds": secret_id_ttl_seconds,
            "bound_cidrs": bound_cidrs,
            "approle_mount": approle_mount,
            "secret_mount": secret_mount,
            "pki_mount": pki_mount,
        }
        with refusing_plainly():
            self._spec = parse_spec(VaultCertificateSpec, name, fields, vault_grant_problems)
        VaultBundle.__init__(self, name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every workload has, the KV entry, the PKI role and the certificate."""
        issuer = {"mount": self._spec.pki_mount}
        own = [
            (LinkKind.VAULT_KV_PATH, {"mount": self._spec.secret_mount}),
            (LinkKind.VAULT_PKI_ROLE, issuer),
            (LinkKind.VAULT_CERTIFICATE, issuer),
        ]
        return [*super().parts(), *own]

    def own_paths(self) -> Sequence[tuple[pulumi.Input[str], Sequence[str]]]:
        """It may read its certificate, and have none issued."""
        return self.entry_paths()

    def make(self) -> None:
        """Make what every workload has, the place of the entry and the PKI role, and ask for the certificate."""
        super().make()
        mount, path = self._spec.secret_mount, self.name_of(LinkKind.VAULT_KV_PATH)
        self.link(LinkKind.VAULT_KV_PATH, path, attributes={"mount": mount})
        self.secret_path = pulumi.Output.concat(mount, "/", path)
        role = self._pki_role()
        self.link(LinkKind.VAULT_PKI_ROLE, role.name, role, attributes={"mount": self._spec.pki_mount})
        self.link(LinkKind.VAULT_CERTIFICATE, role.name, attributes=self._asked(role, path))

    def sealed(self, seal: Seal) -> None:
        """Tell which certificate our provider has delivered, and where."""
        delivered = seal.admitted.apply(_delivered)
        self.certificate_serial = delivered.apply(lambda link: link.get("uniqueId"))
        self.secret_version = delivered.apply(lambda link: _version(link.get("attributes") or {}))

    def _pki_role(self) -> vault.pkisecret.SecretBackendRole:
        spec, name = self._spec, self.name_of(LinkKind.VAULT_PKI_ROLE)
        return vault.pkisecret.SecretBackendRole(
            f"{self.name}-pki-role",
            backend=spec.pki_mount,
            name=name,
            allowed_domains=list(spec.names),
            allow_bare_domains=True,
            allow_subdomains=False,
            allow_glob_domains=False,
            allow_wildcard_certificates=False,
            allow_any_name=False,
            allow_localhost=False,
            allow_ip_sans=False,
            enforce_hostnames=True,
            require_cn=True,
            client_flag="client" in spec.usages,
            server_flag="server" in spec.usages,
            key_type=spec.key_type,
            key_bits=_KEY_BITS[spec.key_type],
            # Vault puts it into the subject of every certificate that the role issues.
            organizations=[self.lease_id.apply(organization_mark)],
            ttl=str(spec.certificate_ttl_seconds),
            max_ttl=str(spec.certificate_ttl_seconds),
            no_store=False,
            generate_lease=False,
            opts=self.child_options(),
        )

    def _asked(self, role: vault.pkisecret.SecretBackendRole, path: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
        spec = self._spec
        return {
            "mount": spec.pki_mount,
            "role": role.name,
            "names": ",".join(spec.names),
            "ttl_seconds": str(spec.certificate_ttl_seconds),
            "generation": str(spec.generation),
            "overlap_seconds": str(spec.overlap_seconds),
            "entry_mount": spec.secret_mount,
            "entry": path,
            "suspended": self.suspended.apply(lambda suspended: "true" if suspended else "false"),
        }


def _delivered(links: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    """Find the certificate among the links that were admitted."""
    return next((link for link in links or () if link["kind"] == LinkKind.VAULT_CERTIFICATE), {})


def _version(attributes: Mapping[str, str]) -> int | None:
    return int(attributes["version"]) if "version" in attributes else None
