"""What an administrator does in the domain that Samba's controller has: make accounts and groups, and hide them."""

from __future__ import annotations

import secrets
import ssl
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPBindError
from ldap3.protocol.microsoft import security_descriptor_control

from nhi_components.lifecycle.adapters.activedirectory.entries import sid_text
from tools.lab.sandbox.samba import ADMINISTRATOR, BASE, DOMAIN, ActiveDirectory

MANAGED = f"CN=Managed Service Accounts,{BASE}"
READ_PROPERTIES = 0x10
_ONLY_LIST = security_descriptor_control(sdflags=4)


def new_password() -> str:
    return f"{secrets.token_urlsafe(18)}-aA1"


class Administrator:
    """The domain's administrator, who signs in with ldap3."""

    def __init__(self, server: ActiveDirectory) -> None:
        self._tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(server.ca_file))
        self.server = server
        self.session: Any = self.connect(ADMINISTRATOR, server.password)

    def connect(self, user: str, password: str) -> ldap3.Connection:
        """Sign somebody in; raises when the password is refused."""
        server = ldap3.Server(self.server.url, tls=self._tls, get_info=ldap3.NONE)
        return ldap3.Connection(server, user, password, auto_bind=True, check_names=False, raise_exceptions=False)

    def lets_in(self, name: str, password: str) -> bool:
        try:
            self.connect(f"{name}@{DOMAIN}", password).unbind()
        except LDAPBindError:
            return False
        return True

    def add(self, dn: str, of_class: str, **attributes: Any) -> str:
        """Make an object; underscores in names of attributes stand for hyphens. Returns its name."""
        values = {name.replace("_", "-"): value for name, value in attributes.items() if value is not None}
        self.session.add(dn, [of_class], values)
        self._done(f"add {dn}")
        return dn

    def add_user(self, name: str, password: str, below: str = f"CN=Users,{BASE}", **attributes: Any) -> str:
        quoted = f'"{password}"'.encode("utf-16-le")
        values = {"sAMAccountName": name, "userAccountControl": 512, **attributes}
        return self.add(f"CN={name},{below}", "user", unicodePwd=quoted, **values)

    def modify(self, dn: str, **attributes: Any) -> None:
        """Set attributes; an empty list takes one away."""
        changes = {
            name.replace("_", "-"): [(ldap3.MODIFY_REPLACE, value if isinstance(value, list) else [value])]
            for name, value in attributes.items()
        }
        self.session.modify(dn, changes)
        self._done(f"modify {dn}")

    def join(self, member: str, group: str) -> None:
        self.session.modify(group, {"member": [(ldap3.MODIFY_ADD, [member])]})
        self._done(f"join {group}")

    def leave(self, member: str, group: str) -> None:
        self.session.modify(group, {"member": [(ldap3.MODIFY_DELETE, [member])]})
        self._done(f"leave {group}")

    def delete(self, dn: str) -> None:
        self.session.delete(dn)
        self._done(f"delete {dn}")

    def find(self, query: str, *attributes: str, base: str = BASE) -> dict[str, Mapping[str, Sequence[bytes]]]:
        """The values of objects that fit a filter, by their names."""
        found: dict[str, Mapping[str, Sequence[bytes]]] = {}
        for each in self.session.extend.standard.paged_search(
            base, query, attributes=list(attributes) or ["*"], paged_size=500, generator=True
        ):
            if each["type"] == "searchResEntry":
                found[each["dn"]] = {name: value for name, value in each["raw_attributes"].items() if value}
        return found

    def sid_bytes(self, dn: str) -> bytes:
        self.session.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["objectSid"])
        value: bytes = self.session.response[0]["raw_attributes"]["objectSid"][0]
        return value

    def sid(self, dn: str) -> str:
        return sid_text(self.sid_bytes(dn))

    def deny(self, dn: str, whom: bytes, mask: int = READ_PROPERTIES, of: bytes = b"") -> None:
        """Refuse somebody, by SID, rights on an object, or on the attributes that a GUID stands for."""
        self._put(dn, ace(whom, mask, allowed=False, of=of))

    def allow(self, dn: str, whom: bytes, mask: int, attribute: str = "") -> None:
        """Give somebody, by SID, rights on an object, or on one of its attributes."""
        schema = f"CN=Schema,CN=Configuration,{BASE}"
        query = f"(lDAPDisplayName={attribute})"
        found = self.find(query, "schemaIDGUID", base=schema).values() if attribute else ()
        (of,) = [each["schemaIDGUID"][0] for each in found] or [b""]
        self._put(dn, ace(whom, mask, allowed=True, of=of))

    def _put(self, dn: str, entry: bytes) -> None:
        self.session.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["nTSecurityDescriptor"], controls=_ONLY_LIST)
        held: bytes = self.session.response[0]["raw_attributes"]["nTSecurityDescriptor"][0]
        (control,), (at,) = struct.unpack_from("<H", held, 2), struct.unpack_from("<I", held, 16)
        revision, size, count = (
            *struct.unpack_from("<B", held, at),
            *struct.unpack_from("<HH", held, at + 2),
        )
        acl = struct.pack("<BBHHH", revision, 0, size + len(entry), count + 1, 0) + entry + held[at + 8 : at + size]
        changed = struct.pack("<BBHIIII", 1, 0, control, 0, 0, 0, 20) + acl
        changes = {"nTSecurityDescriptor": [(ldap3.MODIFY_REPLACE, [changed])]}
        self.session.modify(dn, changes, controls=_ONLY_LIST)
        self._done(f"rights on {dn}")

    def _done(self, what: str) -> None:
        if self.session.result["result"] != 0:
            raise AssertionError(f"{what}: {self.session.result}")


def ace(whom: bytes, mask: int, *, allowed: bool, of: bytes = b"") -> bytes:
    """One entry of a list of access rights: [MS-DTYP] 2.4.4.2 to 2.4.4.5."""
    kind = (0 if allowed else 1) + (5 if of else 0)
    body = struct.pack("<I", mask) + (struct.pack("<I", 1) + of if of else b"") + whom
    return struct.pack("<BBH", kind, 0, 4 + len(body)) + body


def descriptor(*entries: bytes) -> bytes:
    """A security descriptor that nobody owns, with a list of entries: [MS-DTYP] 2.4.6, in self-relative form."""
    acl = struct.pack("<BBHHH", 4, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    return struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 20) + acl
