"""How what is in a domain is called in the whole organisation: accounts by their logon names, groups by where they are.

A key is `<domain>/<sAMAccountName>`: unique in the domain, and the same when the account is moved. Groups are told by
their distinguished names, as accounts name them; so is what is of another domain.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nhi_components.lifecycle.adapters.activedirectory.entries import Entry, escaped
from nhi_components.lifecycle.adapters.activedirectory.session import Directory, dns_name

_EVERYBODY: Final = {
    "S-1-1-0": "Everyone",
    "S-1-5-7": "Anonymous",
    "S-1-5-9": "Enterprise Domain Controllers",
    "S-1-5-10": "Self",
    "S-1-5-11": "Authenticated Users",
    "S-1-5-18": "Local System",
}
"""[MS-DTYP] 2.4.2.4."""
_AT_A_TIME: Final = 50


def key_of(domain: str, entry: Entry) -> str:
    """Tell the key of an account."""
    return f"{domain}/{entry.text('sAMAccountName')}"


def carrier_of(dn: str) -> str:
    """Tell the name of a group, or of any object, by its distinguished name."""
    return f"{dns_name(dn)}/{dn}"


def names_of_sids(directory: Directory, sids: Iterable[str]) -> dict[str, str]:
    """Tell keys of accounts and names of groups for SIDs; what the domain does not know keeps its SID."""
    domain, named = directory.domain, dict[str, str]()
    wanted = list(dict.fromkeys(sids))
    for start in range(0, len(wanted), _AT_A_TIME):
        asked = wanted[start : start + _AT_A_TIME]
        query = "".join(f"(objectSid={escaped(sid)})" for sid in asked)
        found = directory.search(domain.base, f"(|{query})", ["objectSid", "sAMAccountName", "groupType"])
        for entry in found:
            is_group = entry.has("groupType")
            named[entry.sid()] = carrier_of(entry.dn) if is_group else key_of(domain.name, entry)
    return {sid: named.get(sid) or _EVERYBODY.get(sid, sid) for sid in wanted}
