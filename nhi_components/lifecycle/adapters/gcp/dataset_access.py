"""Access to a BigQuery dataset: a list of entries, read and written here as an allow policy.

Source: BigQuery, REST reference, `datasets`: `access[]`, whose roles come back in their older names where they have
one, and `accessPolicyVersion`, which must be 3 where entries have conditions; `datasets.patch` compares the etag of an
`If-Match` header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from nhi_components.lifecycle.adapters.gcp.session import GcpSession, Reply

API, READS, WRITES = "bigquery", "bigquery.datasets.get", "bigquery.datasets.update"
_VERSION: Final = MappingProxyType({"accessPolicyVersion": "3"})
_OLDER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "OWNER": "roles/bigquery.dataOwner",
        "WRITER": "roles/bigquery.dataEditor",
        "READER": "roles/bigquery.dataViewer",
    }
)
_SPECIAL: Final[Mapping[str, str]] = MappingProxyType({"allAuthenticatedUsers": "allAuthenticatedUsers"})


def read_dataset(session: GcpSession, resource: str) -> Reply | None:
    """Read a dataset; None when it is not there."""
    return session.look(API, f"/bigquery/v2/{resource}", needs=READS, query=_VERSION)


def write_bindings(
    session: GcpSession, resource: str, dataset: Mapping[str, Any], bindings: Sequence[Mapping[str, Any]]
) -> None:
    """Keep those of a dataset's entries that are among the bindings, or are none, if nothing has changed since.

    Raises:
        Refused: also when something was.
    """
    entries = [(entry, binding_of(entry)) for entry in dataset.get("access", [])]
    access = [entry for entry, binding in entries if binding is None or binding in bindings]
    headers, path = {"If-Match": str(dataset.get("etag", ""))}, f"/bigquery/v2/{resource}"
    body = {"access": access}
    session.ask("PATCH", API, path, needs=WRITES, query=_VERSION, body=body, headers=headers)


def bindings_of(dataset: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Read a dataset's entries as bindings of one member each, without those that are of a view or a routine."""
    return tuple(binding for entry in dataset.get("access", []) if (binding := binding_of(entry)))


def binding_of(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read an entry as a binding of one member; None for one that is of a view, a routine or another dataset."""
    role, member = str(entry.get("role", "")), _member_of(entry)
    if not role or not member:
        return None
    condition = {"condition": entry["condition"]} if entry.get("condition") else {}
    return {"role": _OLDER_NAMES.get(role, role), "members": [member], **condition}


def _member_of(entry: Mapping[str, Any]) -> str:
    if email := entry.get("userByEmail"):
        kind = "serviceAccount" if str(email).endswith("gserviceaccount.com") else "user"
        return f"{kind}:{email}"
    if group := entry.get("groupByEmail"):
        return f"group:{group}"
    if domain := entry.get("domain"):
        return f"domain:{domain}"
    return str(entry.get("iamMember") or _SPECIAL.get(str(entry.get("specialGroup", "")), ""))
