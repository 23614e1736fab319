"""What Vault leaves behind."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

VAULT: tuple[Residue, ...] = (
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
