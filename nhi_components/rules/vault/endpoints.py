"""The paths of Vault's own API by which one becomes more than one is. Data for the rules about policies.

Source: Vault HTTP API documentation, the pages of `sys`, `auth`, `identity` and of the secrets engines.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

WRITES: Final = frozenset({"create", "update", "patch", "delete", "sudo"})
_MAKES: Final = frozenset({"create", "update", "patch", "sudo"})
_READS: Final = frozenset({"read", "sudo"})


class Power(StrEnum):
    """What a path can be misused for."""

    ESCALATION = "escalation"
    CREDENTIALS = "credentials"
    DATA = "data"
    ACCESS = "access"


class Endpoint(NamedTuple):
    """A path of the API and what can be done with it.

    Attributes:
        path: the path; `+` stands for any one segment.
        capabilities: any one of them suffices.
        powers: what it can be misused for.
        what: the same in words.
        of_every_role: it is one only where a pattern takes in every role; one role's credentials are for its holder.
        is_limitable: limiting the parameters of a write to named values takes the power away.
    """

    path: str
    capabilities: frozenset[str]
    powers: frozenset[Power]
    what: str
    of_every_role: bool
    is_limitable: bool


_E, _C, _D, _A = Power.ESCALATION, Power.CREDENTIALS, Power.DATA, Power.ACCESS

_OPEN: Final = (
    (WRITES, (_E, _A), "rewrites policies", "sys/policy/+ sys/policies/acl/+ sys/policies/egp/+ sys/policies/rgp/+"),
    (WRITES, (_E, _A), "opens ways to log in", "sys/auth/+ sys/auth/+/tune"),
    (WRITES, (_E,), "mounts engines", "sys/mounts/+ sys/mounts/+/tune sys/remount sys/plugins/catalog/+/+"),
    (_READS, (_E, _D), "reads Vault's own storage", "sys/raw/+ sys/raw/logical/+"),
    (WRITES, (_E,), "writes Vault's own storage", "sys/raw/+ sys/raw/logical/+"),
    (_READS, (_E, _D), "reads all that Vault stores", "sys/storage/raft/snapshot"),
    (_MAKES, (_E,), "replaces all that Vault stores", "sys/storage/raft/snapshot-force"),
    (WRITES, (_E,), "makes root tokens or keys", "sys/generate-root/attempt sys/generate-root/update sys/rekey/init"),
    (WRITES, (_E,), "makes namespaces, whose administrator it is", "sys/namespaces/+"),
    (WRITES, (_E,), "mints identity tokens", "identity/oidc/key/+ identity/oidc/role/+ identity/oidc/client/+"),
    (
        _MAKES,
        (_E, _C),
        "signs certificates of any name",
        "pki/sign-verbatim pki/sign-verbatim/+ pki/root/sign-intermediate",
    ),
    (
        WRITES,
        (_E,),
        "decides what the credentials of an engine may do",
        "database/config/+ database/roles/+ database/static-roles/+ aws/config/root aws/roles/+ gcp/config "
        "gcp/roleset/+ gcp/static-account/+ azure/config azure/roles/+ pki/roles/+ pki/config/ca pki/root/generate/+ "
        "ssh/roles/+ ssh/config/ca kubernetes/config kubernetes/roles/+ consul/roles/+ nomad/role/+ rabbitmq/roles/+",
    ),
)
_LIMITABLE: Final = (
    (
        _MAKES,
        (_E,),
        "makes tokens",
        "auth/token/create auth/token/create/+ auth/token/create-orphan auth/token/roles/+",
    ),
    (
        WRITES,
        (_E, _A),
        "decides who may log in, and with which policies",
        "auth/+/role/+ auth/+/role/+/policies auth/+/role/+/token-policies auth/+/roles/+ auth/+/config "
        "auth/+/config/+ auth/+/users/+ auth/+/users/+/password auth/+/users/+/policies auth/+/groups/+ "
        "auth/+/certs/+ auth/+/map/+/+",
    ),
    (
        WRITES,
        (_E, _A),
        "changes identities and their policies",
        "identity/entity identity/entity/id/+ identity/entity/name/+ identity/entity/merge identity/entity-alias "
        "identity/entity-alias/id/+ identity/group identity/group/id/+ identity/group/name/+ identity/group-alias "
        "identity/group-alias/id/+ identity/persona identity/persona/id/+",
    ),
)
_OF_EVERY_ROLE: Final = (
    (
        _READS,
        (_C,),
        "returns the credentials of every role",
        "database/creds/+ database/static-creds/+ aws/creds/+ aws/sts/+ aws/static-creds/+ gcp/key/+ gcp/token/+ "
        "azure/creds/+ ad/creds/+ ldap/creds/+ ldap/static-cred/+ openldap/static-cred/+ rabbitmq/creds/+ "
        "consul/creds/+ nomad/creds/+ terraform/creds/+ alicloud/creds/+ mongodbatlas/creds/+ transit/export/+/+",
    ),
    (
        _MAKES,
        (_C,),
        "makes credentials of every role",
        "pki/issue/+ pki/sign/+ ssh/sign/+ ssh/creds/+ ssh/issue/+ kubernetes/creds/+ gcp/key/+ gcp/token/+ aws/sts/+",
    ),
    (
        _MAKES,
        (_E, _C),
        "makes secret ids of every AppRole",
        "auth/+/role/+/secret-id auth/+/role/+/custom-secret-id",
    ),
)


def _endpoints() -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(path, capabilities, frozenset(powers), what, table is _OF_EVERY_ROLE, table is _LIMITABLE)
        for table in (_OPEN, _LIMITABLE, _OF_EVERY_ROLE)
        for capabilities, powers, what, paths in table
        for path in paths.split()
    )


ENDPOINTS: Final = _endpoints()

HARMLESS_WRITES: Final = frozenset(
    {
        "sys/capabilities",
        "sys/capabilities-accessor",
        "sys/capabilities-self",
        "sys/control-group/request",
        "sys/leases/lookup",
        "sys/leases/renew",
        "sys/leases/revoke",
        "sys/renew",
        "sys/revoke",
        "sys/tools/hash",
        "sys/tools/random",
        "sys/wrapping/lookup",
        "sys/wrapping/rewrap",
        "sys/wrapping/unwrap",
        "sys/wrapping/wrap",
    }
)
"""What Vault's own policy `default` lets every token write, and their likes."""
