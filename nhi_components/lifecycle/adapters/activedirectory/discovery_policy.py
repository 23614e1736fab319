"""What discovery must be allowed in a domain of Active Directory, by what it reads: rights on classes of objects.

Sources: Microsoft Learn, 'dsacls'; [MS-ADTS] 5.1.3.2 for the rights (`RP` is to read properties), and 3.1.1.3.1.3.1 for
that objects and attributes which may not be read are left out without a word.
"""

from __future__ import annotations

from typing import Final

ACCOUNTS: Final = ("RP;;user",)
GROUP_MANAGED: Final = ("RP;;msDS-GroupManagedServiceAccount",)
MANAGED: Final = ("RP;;msDS-ManagedServiceAccount",)
GROUPS: Final = ("RP;;group",)

_ALL: Final = (ACCOUNTS, GROUP_MANAGED, MANAGED, GROUPS)
_HEAD: Final = """\
rem What `nhi discover` reads of a domain; run it as an administrator of the domain, with its names put in.
rem In most domains every account may read this already. Where a domain was hardened, accounts see of each other neither
rem userAccountControl nor memberOf nor the times of passwords and logons, and what is unseen is told as such.
rem Protected accounts and groups take their rights from CN=AdminSDHolder,CN=System: grant these there too.
rem Of a forest of Windows Server 2025 or later also: RP;;msDS-DelegatedManagedServiceAccount
"""


def policy() -> str:
    """Write the commands of `dsacls` that let an account read it."""
    rights = sorted({right for each in _ALL for right in each})
    lines = (f'dsacls "DC=corp,DC=example,DC=com" /I:S /G "CORP\\nhi-discover:{right}"' for right in rights)
    return _HEAD + "\n".join(lines)
