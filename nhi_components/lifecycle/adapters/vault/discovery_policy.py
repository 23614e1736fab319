"""What discovery must be allowed on Vault, by what it reads: each as a capability and a path.

Source: Vault documentation, 'Policies': `+` stands for one segment, a `*` at the end for any continuation; listing the
accessors of tokens needs `sudo` ('Policies: Root protected API endpoints'). A list of which a `+` is part is asked for
with a slash at its end: without it the rule for what is listed would decide (measured on OpenBao 2.7.2). Two lookups
are written with POST and so need `update`; they change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

MOUNTS: Final = ("read sys/auth", "read sys/mounts")
ENTITIES: Final = ("list identity/entity/id", "read identity/entity/id/+")
GROUPS: Final = ("list identity/group/id", "read identity/group/id/+")
POLICIES: Final = ("list sys/policies/acl", "read sys/policies/acl/+")
TOKENS: Final = ("list auth/token/accessors", "sudo auth/token/accessors", "update auth/token/lookup-accessor")
ROLES: Final = ("list auth/+/role/", "read auth/+/role/+")
APPROLES: Final = (*ROLES, "read auth/+/role/+/role-id")
FEDERATED: Final = (*ROLES, "read auth/+/config")
SECRET_IDS: Final = (
    "list auth/+/role/",
    "list auth/+/role/+/secret-id/",
    "update auth/+/role/+/secret-id-accessor/lookup",
)
CERTIFICATES: Final = ("list auth/+/certs/", "read auth/+/certs/+")
USERS: Final = ("list auth/+/users/", "read auth/+/users/+")
TOKEN_ROLES: Final = ("list auth/token/roles", "read auth/token/roles/+")
ISSUERS: Final = ("list +/roles/", "read +/roles/+")
STATIC_ROLES: Final = ("list +/static-roles/", "read +/static-roles/+")
ENTRIES: Final = ("list +/metadata/*", "read +/metadata/*")

_ALL: Final = (
    *(MOUNTS, ENTITIES, GROUPS, POLICIES, TOKENS, APPROLES, FEDERATED, SECRET_IDS),
    *(CERTIFICATES, USERS, TOKEN_ROLES, ISSUERS, STATIC_ROLES, ENTRIES),
)
_HEAD: Final = """\
# What `nhi discover` reads of one Vault, or of one namespace; the token needs the policy `default` as well.
# Role ids are read for their fingerprints: where a role takes no secret id, its role id is enough to log in.
# A `+` stands for a mount whose path has no slash: for `team/kv/` write the lines again with `team/kv` in its place.
"""


def policy() -> str:
    """Write an ACL policy in HCL; no value of a secret can be read by it."""
    by_path: dict[str, set[str]] = defaultdict(set)
    for permission in {permission for each in _ALL for permission in each}:
        capability, path = permission.split(" ", 1)
        by_path[path].add(capability)
    return _HEAD + "".join(_rule(path, sorted(capabilities)) for path, capabilities in sorted(by_path.items()))


def _rule(path: str, capabilities: list[str]) -> str:
    listed = ", ".join(f'"{capability}"' for capability in capabilities)
    return f'\npath "{path}" {{\n  capabilities = [{listed}]\n}}\n'
