"""Whether what is asked for may be read: a directory leaves out what may not be, without a word.

So objects are asked for that every domain has, and attributes that every object has. Objects that can be listed but
show no class are told too. What an organisation hides of single objects elsewhere, nothing shows.

Source: [MS-ADTS] 3.1.1.3.1.3.1; 5.1.3.3.4 for reads; well-known RIDs: [MS-DTYP] 2.4.2.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from nhi_components.lifecycle.adapters.activedirectory.entries import Entry
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.discovery.ports import NotSeen

OF_ALL: Final = ("objectClass", "objectGUID", "objectSid", "sAMAccountName", "whenCreated", "uSNCreated")
OF_ACCOUNTS: Final = (*OF_ALL, "userAccountControl", "primaryGroupID", "pwdLastSet", "accountExpires")
"""Of the property set 'account restrictions' too, which a hardened domain hides."""
OF_GROUPS: Final = (*OF_ALL, "groupType")

_LOGONS: Final = "(|(lastLogonTimestamp=*)(logonCount=*))"
"""Of 'logon information', which is another set that is hidden; `logonCount` is kept by the server that made a user."""
_GUEST, _DOMAIN_GUESTS = 501, 514
"""A user and a group that every domain has and that no template of protection covers; both are members of a group."""


def require_users(directory: Directory, rights: Sequence[str]) -> None:
    """Refuse to read users whose attributes are hidden.

    Raises:
        NotSeen: with what is hidden.
    """
    own = "".join(f"(!(objectSid={sid}))" for sid in own_sids(directory))
    of_users = f"(objectCategory=person)(!(adminCount=1)){own}"
    shown = {"memberOf": f"(&{of_users}(memberOf=*))", "logons": f"(&{of_users}{_LOGONS})"}
    _require(directory, _GUEST, OF_ACCOUNTS, shown, rights)


def require_groups(directory: Directory, rights: Sequence[str]) -> None:
    """Refuse to read groups whose attributes are hidden.

    Raises:
        NotSeen: with what is hidden.
    """
    shown = {"memberOf": "(&(objectClass=group)(memberOf=*)(!(adminCount=1)))"}
    _require(directory, _DOMAIN_GUESTS, OF_GROUPS, shown, rights)


def hidden_below(directory: Directory, bases: Iterable[str]) -> list[str]:
    """Name the objects below some places that can be listed but show no class, and places that are not shown."""
    hidden = list[str]()
    for base in bases:
        found = directory.search(base, "(objectClass=*)", ["objectClass"])
        hidden += [f"{entry.dn} shows nothing" for entry in found if not entry.has("objectClass")]
        hidden += [] if found else [f"{base} is not shown"]
    return hidden


def missing_of(entry: Entry, always: Sequence[str]) -> list[str]:
    """Name the attributes that every object of the kind has and that this one does not show."""
    absent = [name for name in always if not entry.has(name)]
    return [f"{entry.dn} shows no {', '.join(absent)}"] if absent else []


def not_seen(directory: Directory, what: Sequence[str], rights: Sequence[str]) -> NotSeen:
    """Make the error that tells what is hidden."""
    shown = "; ".join(what[:5]) + (f"; and {len(what) - 5} more" if len(what) > 5 else "")
    fix = f"let {directory.settings.user} read it ({', '.join(rights)}), as `nhi permissions activedirectory` prints"
    return NotSeen(f"{directory.where}: {shown}; expected all that every such object has; fix: {fix}")


def own_sids(directory: Directory) -> list[str]:
    """The SIDs of the domain that whoever asks has: its own, of which it may read more, and those of its groups."""
    return sorted(sid for sid in directory.root().sids if sid.startswith(f"{directory.domain.sid}-"))


def _require(
    directory: Directory, rid: int, always: Sequence[str], some: Mapping[str, str], rights: Sequence[str]
) -> None:
    """Ask for an object that every domain has, and for any object that shows what not every one has."""
    domain = directory.domain
    found = directory.search(domain.base, f"(objectSid={domain.sid}-{rid})", always)
    hidden = missing_of(found[0], always) if found else [f"{domain.sid}-{rid}, which every domain has, is not shown"]
    for what, query in some.items() if not hidden else ():
        if not directory.search(domain.base, query, ["objectClass"], most=1):
            hidden.append(f"nothing below {domain.base} shows {what}")
    if hidden:
        raise not_seen(directory, hidden, rights)
