"""What AWS and Vault leave behind after a delete, as data: what remains, for how long, who says so.

A teardown report can so tell which figure it waited for. `None` means that the vendor documents no figure: it is
measured and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import assert_never

from nhi_components.core.links import LinkKind, System


@dataclass(frozen=True, slots=True)
class Figure:
    """How long something remains.

    Attributes:
        shortest: at least.
        longest: at most.
    """

    shortest: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Residue:
    """One thing that a delete leaves behind.

    Attributes:
        id: stable id.
        system: where.
        what: what is deleted or changed.
        remains: what remains of it.
        figure: for how long; None when no figure is documented.
        source: where that is documented, or how it was measured.
        handling: what the teardown does about it.
    """

    id: str
    system: System
    what: str
    remains: str
    figure: Figure | None
    source: str
    handling: str

    @property
    def documented(self) -> timedelta | None:
        """The longest documented time; None when no figure is documented."""
        return self.figure.longest if self.figure else None


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a teardown waits at most, by default, for one kind of linked resource to be confirmed gone.

    Attributes:
        residue: id of the residue that it waits for.
        longest: the deadline.
        why: why that long.
    """

    residue: str
    longest: timedelta
    why: str


RESIDUES: tuple[Residue, ...] = (
    Residue(
        id="aws.iam.propagation",
        system=System.AWS,
        what="a role, an instance profile or a policy",
        remains="IAM is eventually consistent: old answers and old permissions for a while (others measured 3-4 s)",
        figure=None,
        source="IAM user guide, 'Troubleshoot IAM': changes that I make are not always immediately visible",
        handling="the canary is tried until it is refused; absence counts when two surveys in a row find nothing",
    ),
    Residue(
        id="aws.iam.sessions",
        system=System.AWS,
        what="a role with live sessions",
        remains="sessions live on for up to 12 h after the trust is gone",
        figure=Figure(timedelta(minutes=15), timedelta(hours=12)),
        source="STS API, AssumeRole: DurationSeconds; IAM user guide, 'Revoke IAM role temporary credentials'",
        handling="an inline policy denies everything to every session, before anything is deleted",
    ),
    Residue(
        id="aws.iam.attachments",
        system=System.AWS,
        what="a role that was changed out of band",
        remains="attached policies, inline policies and instance profiles block the delete",
        figure=None,
        source="IAM API, DeleteRole: DeleteConflict",
        handling="reported as extras by the cut-off, removed by the sweep; the deny goes last",
    ),
    Residue(
        id="aws.delegation.policies",
        system=System.AWS,
        what="a role that the policies of other resources name",
        remains="the statements stay, with the role's unique id in place of its ARN, and block further changes there",
        figure=None,
        source="IAM user guide, 'AWS JSON policy elements: Principal', IAM role principals",
        handling="removed where declared; looked for at the cut-off, and removed where only the role is meant",
    ),
    Residue(
        id="aws.delegation.kms-grants",
        system=System.AWS,
        what="a role that a KMS grant names",
        remains="the grant stays until it is retired or revoked, which is seen everywhere within minutes",
        figure=Figure(timedelta(0), timedelta(minutes=5)),
        source="KMS API, RevokeGrant: a brief delay, usually less than five minutes",
        handling="looked for at the cut-off on every key, revoked where the role is the grantee",
    ),
    Residue(
        id="aws.delegation.chained-sessions",
        system=System.AWS,
        what="a role through which sessions of other roles were opened",
        remains="those sessions live on for up to 1 h: they are the other role's",
        figure=Figure(timedelta(0), timedelta(hours=1)),
        source="STS API, AssumeRole: role chaining limits a session to one hour",
        handling="told as sessions that are still possible; a deny there would hit whoever else uses that role",
    ),
    Residue(
        id="aws.secretsmanager.recovery",
        system=System.AWS,
        what="a secret that is deleted with a recovery window",
        remains="it can be restored with its value for 7 to 30 days, 30 by default, and its name is blocked meanwhile",
        figure=Figure(timedelta(days=7), timedelta(days=30)),
        source="Secrets Manager API, DeleteSecret: RecoveryWindowInDays",
        handling="found although it is hidden, reported as recoverable, deleted without recovery",
    ),
    Residue(
        id="aws.secretsmanager.forced-deletion",
        system=System.AWS,
        what="a secret that is deleted without recovery",
        remains="the deletion is asynchronous: it may be seen, and its name be blocked, for a while",
        figure=None,
        source="Secrets Manager API, DeleteSecret: ForceDeleteWithoutRecovery",
        handling="the teardown waits until it can no longer be described nor listed",
    ),
    Residue(
        id="aws.secretsmanager.replicas",
        system=System.AWS,
        what="a secret with replicas in other regions",
        remains="copies of its value, which block the deletion",
        figure=None,
        source="Secrets Manager API, DeleteSecret: replicas must be removed first",
        handling="replicas are removed before the secret",
    ),
    Residue(
        id="aws.usage.last-accessed",
        system=System.AWS,
        what="last-accessed data",
        remains="about 4 h late, for the last 400 days; the credential report is at most 4 h old",
        figure=Figure(timedelta(hours=4), timedelta(hours=4)),
        source="IAM user guide, 'Refine permissions using last accessed information'; 'Getting credential reports'",
        handling="no removal is ever proved by it",
    ),
    Residue(
        id="vault.auth-role.tokens",
        system=System.VAULT,
        what="an auth role (AppRole, JWT, Kubernetes)",
        remains="its tokens and their leases live on until their TTL",
        figure=None,
        source="hashicorp/vault issue 1243; measured on OpenBao 2.7.2",
        handling="its entity is disabled and its tokens are revoked before it is deleted",
    ),
    Residue(
        id="vault.federated-role.logins",
        system=System.VAULT,
        what="the credentials for a JWT or Kubernetes role",
        remains="the role has none of its own to destroy: its issuer's tokens log in until it is removed",
        figure=None,
        source="Vault documentation, 'JWT/OIDC auth method', 'Kubernetes auth method'; measured on OpenBao 2.7.2",
        handling="the entity that its logins are taken for is disabled; a role without one is deleted at once",
    ),
    Residue(
        id="vault.policy.tokens",
        system=System.VAULT,
        what="a policy",
        remains="tokens that carry it live on, without it, and have it again when one is made under its name",
        figure=None,
        source="Vault documentation, 'Policies': tokens keep the names of their policies",
        handling="every token that carries it is revoked, whoever made it",
    ),
    Residue(
        id="vault.entity.tokens",
        system=System.VAULT,
        what="an entity that is disabled or deleted",
        remains="nothing: its tokens are refused at once",
        figure=None,
        source="measured on OpenBao 2.7.2: refused 5 ms after the entity was deleted",
        handling="entities are disabled first, and the canary's refusal proves it",
    ),
    Residue(
        id="vault.entity.made-anew",
        system=System.VAULT,
        what="an entity whose auth role survives",
        remains="a login through the role silently makes a new entity with the role's policies",
        figure=None,
        source="measured on OpenBao 2.7.2",
        handling="found by its alias, named by role id, subject or service account, and removed after the role",
    ),
    Residue(
        id="vault.lease.queued",
        system=System.VAULT,
        what="a token with leases, such as dynamic credentials",
        remains="the leases outlive the entity; a token's revocation queues theirs, without an answer when it is done",
        figure=None,
        source="Vault API, /sys/leases/revoke: sync; measured on OpenBao 2.7.2",
        handling="leases of database roles are then revoked one by one with `sync`, never `force`; a refusal is told",
    ),
    Residue(
        id="vault.database-role.users",
        system=System.VAULT,
        what="a database role",
        remains="the users that were made through it live on in the database until their leases end",
        figure=None,
        source="measured on OpenBao 2.7.2 with PostgreSQL 16",
        handling="its leases are found by its name also when it is gone, and count as alive until the user is dropped",
    ),
    Residue(
        id="vault.pki-role.certificates",
        system=System.VAULT,
        what="a PKI role, or the entity whose token had a certificate issued",
        remains="certificates live until they expire, whatever becomes of the role, unless each is revoked",
        figure=None,
        source="Vault documentation, 'PKI secrets engine: considerations'; measured on OpenBao 2.7.2",
        handling="the role puts the lease id into each; all of the engine's are read, and the live ones are revoked",
    ),
    Residue(
        id="vault.certificate.former-crl",
        system=System.VAULT,
        what="a certificate that is revoked",
        remains="who holds the CRL from before accepts it until that ends: the engine's `expiry`, 72 h by default",
        figure=Figure(timedelta(hours=72), timedelta(hours=72)),
        source="Vault API, PKI: 'Set revocation configuration': expiry, auto_rebuild",
        handling="the issuer's signed CRL is looked at, and rebuilt if need be; the former one's end is reported",
    ),
    Residue(
        id="vault.kv.versions",
        system=System.VAULT,
        what="a KV v2 secret",
        remains="a delete is soft: its versions can be undeleted without end, until the metadata is deleted",
        figure=None,
        source="Vault documentation, 'KV secrets engine, version 2': delete, undelete, destroy",
        handling="an entry counts as alive while its metadata exists; the sweep deletes that with all versions",
    ),
)

_IAM = Deadline(
    "aws.iam.propagation", timedelta(minutes=2), "no figure is documented; thirty times what others measured (3-4 s)"
)
_DELEGATIONS: Mapping[LinkKind, Deadline] = MappingProxyType(
    {
        LinkKind.DELEGATED_PATH: Deadline(
            "aws.delegation.policies", timedelta(minutes=2), "twice the minute that a queue's attributes take at most"
        ),
        LinkKind.KMS_GRANT: Deadline(
            "aws.delegation.kms-grants", timedelta(minutes=10), "twice the time that KMS calls usual"
        ),
    }
)
_SECRET = Deadline(
    "aws.secretsmanager.forced-deletion", timedelta(minutes=10), "no figure is documented; the deletion is asynchronous"
)


def _vault(residue: str) -> Deadline:
    return Deadline(residue, timedelta(minutes=1), "Vault answers at once; a minute lets another node become active")


_BY_ID: Mapping[str, Residue] = MappingProxyType({residue.id: residue for residue in RESIDUES})


def deadline_for(kind: LinkKind) -> Deadline:
    """Tell how long a teardown waits for a kind of linked resource, for which residue, and why."""
    match kind:
        case (
            LinkKind.IAM_ROLE
            | LinkKind.IAM_ROLE_POLICY
            | LinkKind.IAM_POLICY_ATTACHMENT
            | LinkKind.IAM_INSTANCE_PROFILE
            | LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP
            | LinkKind.EKS_POD_IDENTITY_ASSOCIATION
            | LinkKind.ROLES_ANYWHERE_PROFILE
            | LinkKind.DELEGATED_PATH
            | LinkKind.KMS_GRANT
        ):
            return _DELEGATIONS.get(kind, _IAM)
        case LinkKind.SECRETS_MANAGER_SECRET | LinkKind.SECRETS_MANAGER_POLICY:
            return _SECRET
        case LinkKind.VAULT_APPROLE | LinkKind.VAULT_SECRET_ID | LinkKind.VAULT_TOKEN:
            return _vault("vault.auth-role.tokens")
        case LinkKind.VAULT_JWT_ROLE | LinkKind.VAULT_KUBERNETES_ROLE:
            return _vault("vault.federated-role.logins")
        case LinkKind.VAULT_ENTITY | LinkKind.VAULT_ENTITY_ALIAS:
            return _vault("vault.entity.tokens")
        case LinkKind.VAULT_POLICY:
            return _vault("vault.policy.tokens")
        case LinkKind.VAULT_DATABASE_ROLE:
            return _vault("vault.database-role.users")
        case LinkKind.VAULT_LEASE:
            return _vault("vault.lease.queued")
        case LinkKind.VAULT_PKI_ROLE:
            return _vault("vault.pki-role.certificates")
        case LinkKind.VAULT_CERTIFICATE:
            return _vault("vault.certificate.former-crl")
        case LinkKind.VAULT_KV_PATH | LinkKind.VAULT_KV_VERSION:
            return _vault("vault.kv.versions")
        case _:
            assert_never(kind)


def deadline_of(kind: LinkKind) -> timedelta:
    """Tell how long a teardown waits at most, by default, for a kind of linked resource."""
    return deadline_for(kind).longest


def figure_of(kind: LinkKind) -> Residue:
    """Tell which residue a teardown waits for with a kind of linked resource."""
    return _BY_ID[deadline_for(kind).residue]
