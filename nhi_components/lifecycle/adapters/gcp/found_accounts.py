"""The service accounts of a project: what each is, its keys, and who may become it.

An account's key in the inventory is its name as a member of bindings, `serviceAccount:ADDRESS`. IAM does not tell when
an account was made. Sources: IAM API, REST reference `projects.serviceAccounts.list` (at most 100 a page),
`….keys.list` (`USER_MANAGED`: those that people made; Google's own are left out), `….getIamPolicy`; IAM documentation,
'Roles for service account authentication'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from nhi_components.core.gcp_catalogue import permissions_of
from nhi_components.core.inventory.records import (
    UNWATCHED,
    FoundCredential,
    FoundDocument,
    FoundIdentity,
    FoundStep,
    Guard,
    Record,
    Use,
)
from nhi_components.core.links import System
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER, description_mark, lease_of_description
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.lifecycle.adapters.gcp.discovery_policy import ACCOUNTS, KEYS, WAYS_IN
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks, Told
from nhi_components.lifecycle.adapters.gcp.found_uses import OF_ACCOUNTS, OF_KEYS, Uses
from nhi_components.lifecycle.adapters.gcp.grants_of_policy import conditions, grants_on
from nhi_components.lifecycle.adapters.gcp.marks import without_cut_off
from nhi_components.lifecycle.adapters.gcp.policy_calls import VERSION
from nhi_components.lifecycle.discovery.ports import Page, Section

ACCOUNTS_AT_ONCE = 100
"""Accounts on a page of them."""
AT_ONCE = 25
"""Accounts on a page for which each of them is asked for by itself."""

_NEVER: Final = 9999
"""The year in `validBeforeTime` of a key that does not end."""
_GOOGLES: Final = frozenset({Kind.DEFAULT_ACCOUNT, Kind.SERVICE_AGENT})
_BY: Final = (
    ("iam.serviceAccounts.getAccessToken", "impersonate"),
    ("iam.serviceAccounts.signJwt", "sign"),
    ("iam.serviceAccounts.signBlob", "sign"),
    ("iam.serviceAccountKeys.create", "make-key"),
    ("iam.serviceAccounts.setIamPolicy", "let-in"),
    ("iam.serviceAccounts.getOpenIdToken", "identity-token"),
    ("iam.serviceAccounts.implicitDelegation", "delegate"),
    ("iam.serviceAccounts.actAs", "attach"),
)
"""Of which permission on an account lets become it, the strongest first, and how."""


def key_of(email: str) -> str:
    """Name an account in the whole organisation."""
    return f"serviceAccount:{email}"


def accounts(looks: Looks, uses: Uses, name: str, project: str) -> Section:
    """Make the section of a project's service accounts."""

    def read(cursor: str | None) -> Page:
        part = looks.accounts(project, ACCOUNTS_AT_ONCE, needs=ACCOUNTS[0], cursor=cursor)
        used = uses.of(project, OF_ACCOUNTS, is_last=part.next is None)
        return Page([_identity(looks, each, used.get(each["uniqueId"], UNWATCHED)) for each in part.items], part.next)

    return Section(name, f"service accounts of {project}", ACCOUNTS, read)


def keys(looks: Looks, uses: Uses, name: str, project: str) -> Section:
    """Make the section of the keys that people made, or uploaded, for a project's service accounts."""

    def read(cursor: str | None) -> Page:
        part = looks.accounts(project, AT_ONCE, needs=ACCOUNTS[0], cursor=cursor)
        used = uses.of(project, OF_KEYS, is_last=part.next is None)
        found: list[Record] = []
        for account in part.items:
            path, query = f"{_path(account)}/keys", {"keyTypes": "USER_MANAGED"}
            listed = looks.about("GET", path, needs=KEYS[0], query=query).get("keys", ())
            found += [_credential(account, each, used) for each in listed]
        return Page(found, part.next)

    return Section(name, f"keys of service accounts of {project}", KEYS, read)


def ways_in(looks: Looks, name: str, project: str) -> Section:
    """Make the section of who may become a project's service accounts, by what is bound on each of them."""

    def read(cursor: str | None) -> Page:
        part = looks.accounts(project, AT_ONCE, needs=ACCOUNTS[0], cursor=cursor)
        body = {"options": {"requestedPolicyVersion": VERSION}}
        found: list[Record] = []
        for account in part.items:
            policy = looks.about("POST", f"{_path(account)}:getIamPolicy", needs=WAYS_IN[0], body=body)
            found += _let_in(account, policy)
        return Page(found, part.next)

    return Section(name, f"who may become service accounts of {project}", WAYS_IN, read)


def _identity(looks: Looks, account: Told, use: Use) -> FoundIdentity:
    email = str(account["email"])
    guard = Guard.SERVICE_LINKED if classify(key_of(email)).kind in _GOOGLES else None
    return FoundIdentity(
        key=key_of(email),
        system=System.GCP,
        place=str(account["projectId"]),
        kind="service-account",
        name=email,
        unique_id=str(account["uniqueId"]),
        disabled=bool(account.get("disabled")),
        use=use,
        marks=_marks(account),
        guard=Guard.CALLER if looks.principal in (email, account["uniqueId"]) else guard,
    )


def _marks(account: Told) -> dict[str, str]:
    """An account takes no labels: what its description says of its lease is as a label would be."""
    description = str(account.get("description", ""))
    lease = lease_of_description(description)
    words = without_cut_off(description.replace(description_mark(lease), "") if lease else description)
    told = {"description": words, "display-name": str(account.get("displayName", ""))}
    ours = {LEASE: lease, MANAGED_BY: MANAGER} if lease else {}
    return {mark: value for mark, value in told.items() if value} | ours


def _credential(account: Told, key: Told, used: Mapping[str, Use]) -> FoundCredential:
    key_id = str(key["name"]).rpartition("/")[2]
    ends = datetime.fromisoformat(key["validBeforeTime"]) if "validBeforeTime" in key else None
    return FoundCredential(
        identity=key_of(account["email"]),
        kind="service-account-key",
        id=key_id,
        created_at=datetime.fromisoformat(key["validAfterTime"]),
        expires_at=None if ends is None or ends.year == _NEVER else ends,
        disabled=bool(key.get("disabled")),
        use=used.get(key_id, UNWATCHED),
    )


def _let_in(account: Told, policy: Told) -> Iterator[Record]:
    bindings = policy.get("bindings", ())
    if not bindings:
        return
    key = key_of(account["email"])
    yield FoundDocument(key, "trust policy", "allow policy", json.dumps({"bindings": bindings}, sort_keys=True))
    yield from grants_on(f"projects/{account['projectId']}/serviceAccounts/{account['email']}", bindings)
    for binding in bindings:
        how = _how(str(binding["role"]))
        # Whoever is deleted gets in no more, whatever is bound to the address.
        alive = [member for member in binding["members"] if how and not member.startswith("deleted:")]
        yield from (FoundStep(member, key, how, conditions(binding)) for member in alive)


def _how(role: str) -> str:
    """Tell how a role on an account lets become it; empty when it does not.

    A custom role, whose permissions are told elsewhere, and one that is newer than the data are not taken for harmless.
    """
    held = permissions_of(role)
    if held is None:
        return "unknown-role" if role.startswith("roles/") else "custom-role"
    return next((how for permission, how in _BY if permission in held), "")


def _path(account: Told) -> str:
    """Where IAM has this very account, whatever stands at its address."""
    return f"/v1/projects/{quote(account['projectId'])}/serviceAccounts/{account['uniqueId']}"
