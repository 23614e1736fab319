"""Which users count as service accounts, and which are for emergencies, as filters and as SIDs.

Source: [MS-ADTS] 3.1.1.3.1.3.1 for the rule 1.2.840.113556.1.4.1941, which follows groups in groups.
"""

from __future__ import annotations

import re
from typing import Final

from nhi_components.core.errors import Problem, SpecError
from nhi_components.lifecycle.adapters.activedirectory.entries import escaped
from nhi_components.lifecycle.adapters.activedirectory.seeing import own_sids
from nhi_components.lifecycle.adapters.activedirectory.session import Directory

USERS: Final = "(&(objectCategory=person)(objectClass=user))"
_ADMINISTRATOR: Final = 500
_NAMES: Final = re.compile(r"\(([A-Za-z][\w-]*)[^=()]*=", re.ASCII)
_IN_GROUPS: Final = "memberOf:1.2.840.113556.1.4.1941:"


def is_service_account(directory: Directory) -> str:
    """Write the filter that fits service accounts among users, wherever they are."""
    settings = directory.settings
    sids = [f"{directory.domain.sid}-{_ADMINISTRATOR}", *own_sids(directory)]
    special = "".join(f"(objectSid={each})" for each in dict.fromkeys(sids))
    emergency = _in_group(settings.break_glass_group) if settings.break_glass_group else ""
    return f"(|(servicePrincipalName=*){special}{emergency}{settings.service_account_filter or ''})"


def require_filter(directory: Directory) -> None:
    """Refuse a filter by attributes that the schema does not have: a server would find it true of nothing.

    Raises:
        SpecError: the connection's is such a one.
    """
    query = directory.settings.service_account_filter or ""
    named = {name.lower(): name for name in _NAMES.findall(query)}
    if not named:
        return
    wanted = "".join(f"(lDAPDisplayName={name})" for name in named.values())
    found = directory.search(f"CN=Schema,{directory.domain.configuration}", f"(|{wanted})", ["lDAPDisplayName"])
    unknown = set(named) - {each.text("lDAPDisplayName").lower() for each in found}
    if unknown:
        got = ", ".join(sorted(named[name] for name in unknown))
        problem = Problem("service_account_filter", got, "attributes that the schema has", "correct the filter")
        raise SpecError(directory.where, [problem])


def emergency_accounts(directory: Directory) -> frozenset[str]:
    """Tell the SIDs of all that is in the group for emergencies, also by groups in it; none where none is named.

    Raises:
        SpecError: the group that the connection names is not there, or may not be read.
    """
    group = directory.settings.break_glass_group
    if group is None:
        return frozenset()
    if not directory.search(group, "(objectClass=group)", ["objectSid"], only=True):
        problem = Problem("break_glass_group", f"{group}, which is not shown", "a group of the domain", "correct it")
        raise SpecError(directory.where, [problem])
    members = directory.search(directory.domain.base, _in_group(group), ["objectSid"])
    return frozenset(each.sid() for each in members)


def _in_group(dn: str) -> str:
    return f"({_IN_GROUPS}={escaped(dn)})"
