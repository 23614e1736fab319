"""How `nhi inventory` shows identities: as a table, one by one with everything that is known, or for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from datetime import datetime

    from nhi_components.core.inventory.owning import Owner
    from nhi_components.core.inventory.records import Use
    from nhi_components.lifecycle.inventory.details import Details
    from nhi_components.lifecycle.inventory.reading import Declared, Listed


def document(each: Listed, more: Details | None) -> dict[str, Any]:
    """Write an identity for programs."""
    told = {
        "key": each.key,
        "uniqueId": each.unique_id,
        "system": each.system,
        "place": each.place,
        "kind": each.kind,
        "name": each.name,
        "lease": each.lease,
        "createdAt": _time(each.created_at),
        **_use(each.use),
        "disabled": each.disabled,
        "guard": each.guard,
        "goneAt": _time(each.gone_at),
        "usableCredentials": each.credentials,
        "dependents": each.dependents,
        "owners": [
            {"value": own.who, "source": own.source, "presence": own.presence, "since": _time(own.since)}
            for own in each.owned_by
        ],
        "declaredBy": [
            {
                "manager": by.manager,
                "where": by.where,
                "address": by.address,
                "repository": by.repository,
                "commit": by.commit,
            }
            for by in each.declared_by
        ],
        "said": {
            subject: [{"value": said.value, "source": said.source} for said in all_]
            for subject, all_ in each.said.items()
        },
    }
    return {**told, "details": _details(more)} if more else told


def _details(more: Details) -> dict[str, Any]:
    return {
        "credentials": [
            {
                "kind": each.kind,
                "id": each.id,
                "createdAt": _time(each.created_at),
                "expiresAt": _time(each.expires_at),
                "disabled": each.disabled,
                **_use(each.use),
            }
            for each in more.credentials
        ],
        "grants": [
            {
                "privilege": held.grant.privilege,
                "target": held.grant.target,
                "denied": held.grant.denied,
                "condition": held.grant.condition,
                "via": held.grant.via,
                "through": list(held.through),
            }
            for held in more.grants
        ],
        "waysIn": [{"from": each.source, "how": each.how, "condition": each.condition} for each in more.ways_in],
        "dependents": [{"kind": each.kind, "name": each.name} for each in more.dependents],
        "changes": [
            {"at": _time(each.at), "what": each.what, "before": each.before, "after": each.after}
            for each in more.changes
        ],
    }


def show(found: Sequence[Listed]) -> None:
    """Show identities as a table, the owner that counts first before the others."""
    table = _table("where", "kind", "name", "owner", "declared by", "last used", "keys", "dependents", "notes")
    for each in found:
        notes = [f"lease {each.lease}" if each.lease else "", *_notes(each)]
        _add(
            table,
            f"{each.system}/{each.place}",
            each.kind,
            each.name,
            "\n".join(_owner(own) for own in each.owned_by) or "nobody",
            "\n".join(_declared(by) for by in each.declared_by),
            _used(each.use, each.created_at),
            str(each.credentials or ""),
            str(each.dependents or ""),
            ", ".join(filter(None, notes)),
        )
    Console().print(table)


def show_details(each: Listed, more: Details) -> None:
    """Show everything that is known of one identity, and who says it."""
    console = Console()
    facts = _table("", "", title=escape(each.key))
    said = [(subject, f"{one.value}  ({one.source})") for subject, all_ in sorted(each.said.items()) for one in all_]
    lines = [
        ("where", f"{each.system}/{each.place}"),
        ("kind", each.kind),
        ("name", each.name),
        ("unique id", each.unique_id),
        ("lease", each.lease or "none"),
        ("created", _day(each.created_at)),
        ("last used", _used(each.use, each.created_at)),
        ("notes", ", ".join(filter(None, _notes(each)))),
        *(("owner", _owner(own)) for own in each.owned_by),
        *(line for line in said if line[0] != "owner"),
        *(("declared by", f"{_declared(by)} {by.address} {by.repository} {by.commit}") for by in each.declared_by),
    ]
    for line in lines:
        _add(facts, *line)
    console.print(facts)
    for table in _tables(more):
        if table.row_count:
            console.print(table)


def _tables(more: Details) -> list[Table]:
    credentials = _table("kind", "id", "created", "ends", "last used", "notes", title="credentials")
    for key in more.credentials:
        notes = "disabled" if key.disabled else ""
        ends = _day(key.expires_at) if key.expires_at else "never"
        _add(credentials, key.kind, key.id, _day(key.created_at), ends, _used(key.use, key.created_at), notes)
    grants = _table("may", "on", "condition", "by", title="grants")
    for held in more.grants:
        grant = held.grant
        by = " > ".join([*held.through, grant.via] if grant.via not in held.through else held.through)
        _add(grants, f"{'not ' if grant.denied else ''}{grant.privilege}", grant.target, grant.condition, by)
    ways = _table("who", "how", "condition", title="ways in")
    for step in more.ways_in:
        _add(ways, step.source, step.how, step.condition)
    dependents = _table("kind", "name", title="dependents")
    for each in more.dependents:
        _add(dependents, each.kind, each.name)
    changes = _table("when", "what", "before", "after", title="changes")
    for change in more.changes:
        _add(changes, f"{change.at:%Y-%m-%d %H:%M}", change.what, change.before or "", change.after or "")
    return [credentials, grants, ways, dependents, changes]


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(*columns, title=title, show_header=any(columns))
    for column in table.columns:
        column.overflow = "fold"
    return table


def _add(table: Table, *cells: str) -> None:
    """Add a row; what systems and files tell may look like markup."""
    table.add_row(*(escape(cell) for cell in cells))


def _owner(own: Owner) -> str:
    presence = {"present": "", "left": f", left {_day(own.since)}".rstrip(), "unknown": ", in no directory"}
    return f"{own.who}  ({own.source}{presence[own.presence]})"


def _declared(by: Declared) -> str:
    return f"{by.manager} {by.where}"


def _notes(each: Listed) -> list[str]:
    return [each.guard or "", "disabled" if each.disabled else "", "gone" if each.gone_at else ""]


def _used(use: Use, made: datetime | None) -> str:
    if use.at:
        return _day(use.at)
    if use.watched_since is None:
        return "not told"
    return f"not since {_day(max(use.watched_since, made or use.watched_since))}"


def _use(use: Use) -> dict[str, Any]:
    return {
        "lastUsedAt": _time(use.at),
        "useWatchedSince": _time(use.watched_since),
        "useToldUntil": _time(use.as_of),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
