"""Groups as carriers: each has the groups that it is a member of, and the powerful ones are grants.

Sources: [MS-DTYP] 2.4.2.4 and [MS-ADTS] 6.1.1.6 for well-known groups and their RIDs; Microsoft Learn, 'Active
Directory security groups', for what each may do; DnsAdmins has no RID of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.inventory.records import FoundCarrier, FoundGrant
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry
from nhi_components.lifecycle.adapters.activedirectory.names import carrier_of
from nhi_components.lifecycle.adapters.activedirectory.session import Domain

GROUP: Final = "group"
ATTRIBUTES: Final = ("memberOf",)
_OF_DOMAIN: Final[Mapping[int, str]] = MappingProxyType(
    {
        512: "Domain Admins",
        516: "Domain Controllers",
        517: "Cert Publishers",
        518: "Schema Admins",
        519: "Enterprise Admins",
        520: "Group Policy Creator Owners",
        526: "Key Admins",
        527: "Enterprise Key Admins",
    }
)
_BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "S-1-5-32-544": "Administrators",
        "S-1-5-32-548": "Account Operators",
        "S-1-5-32-549": "Server Operators",
        "S-1-5-32-550": "Print Operators",
        "S-1-5-32-551": "Backup Operators",
        "S-1-5-32-552": "Replicator",
        "S-1-5-32-557": "Incoming Forest Trust Builders",
    }
)
_BY_NAME: Final = ("DnsAdmins",)
_OF_FOREST: Final = ("Schema Admins", "Enterprise Admins", "Enterprise Key Admins")


def told_of_group(domain: Domain, entry: Entry) -> Iterator[FoundCarrier | FoundGrant]:
    """Yield what a group is a member of, and what it may do by being what it is."""
    name = carrier_of(entry.dn)
    for above in entry.texts("memberOf"):
        yield FoundCarrier(name, carrier_of(above), GROUP)
    if privilege := _privilege(domain, entry):
        target = domain.root if privilege in _OF_FOREST else domain.name
        yield FoundGrant(name, privilege, target, via=entry.dn)


def _privilege(domain: Domain, entry: Entry) -> str:
    sid = entry.sid()
    if sid in _BUILT_IN:
        return _BUILT_IN[sid]
    of, _, rid = sid.rpartition("-")
    if of == domain.sid and int(rid) in _OF_DOMAIN:
        return _OF_DOMAIN[int(rid)]
    return next((name for name in _BY_NAME if entry.text("sAMAccountName").casefold() == name.casefold()), "")
