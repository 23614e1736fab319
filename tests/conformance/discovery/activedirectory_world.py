"""Active Directory for the suite of discoveries: a domain controller of Samba's, asked by accounts of its domain."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundStep,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.lifecycle.adapters.activedirectory.discovery import Discovery
from nhi_components.lifecycle.adapters.activedirectory.discovery_policy import policy
from tests.conformance.directory import MANAGED, Administrator, ace, descriptor, new_password
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.lab.sandbox.samba import BASE, DOMAIN, ActiveDirectory

ACCOUNTS = f"OU=Service Accounts,{BASE}"
BUILT_IN = f"CN=Builtin,{BASE}"
USERS = f"CN=Users,{BASE}"
ENDS = datetime(2031, 1, 1, tzinfo=UTC)
_ROOT = datetime(1601, 1, 1, tzinfo=UTC)
_DONT_EXPIRE, _FOR_ANY_SERVICE = 0x1_0000, 0x8_0000
_COUNTED_BY_LOGONS = ("uSNChanged", "sAMAccountName")


class ActiveDirectoryDiscoveryWorld:
    """A domain that the suite owns."""

    def __init__(self, server: ActiveDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self._environment = server, monkeypatch
        self.admin = Administrator(server)
        self.secrets = [server.password]
        if not self.admin.find("(ou=Service Accounts)", "ou"):
            self.admin.add(ACCOUNTS, "organizationalUnit")
        self.moment = now()
        self._before = 0
        self.operator = self.caller()

    def plant(self) -> Planted:
        name = f"svc-{secrets.token_hex(3)}"
        identities, records = dict[str, str](), list[Record]()
        for each in (self._service(name), self._below(f"{name}-b"), self._group_managed(f"{name}-g"), self._managed()):
            identities |= each[0]
            records += each[1]
        self._before = self._highest()
        return Planted(identities, records)

    def changed(self) -> list[str]:
        """The objects that have changed, but for what a logon writes into the account that signs in."""
        found = self.admin.find(f"(uSNChanged>={self._before + 1})", *_COUNTED_BY_LOGONS)
        callers = [*self._callers, "Administrator"]
        return [dn for dn, each in found.items() if each.get("sAMAccountName", [b""])[0].decode() not in callers]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self.discovery_by(self.operator)

    def permissions_in(self, policy: str) -> set[str]:
        lines = [line for line in policy.splitlines() if not line.startswith("rem")]
        return {re.search(r':(\S+)"$', line)[1] for line in lines}  # type: ignore[index]

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        caller = self.caller()
        (dn,) = self.admin.find(f"(sAMAccountName={caller[0]})", "cn")
        sid = self.admin.sid_bytes(dn)
        for missing in self.permissions_in(policy()) - {*permissions}:
            name = missing.rpartition(";")[2]
            # A group managed account is a computer too, and a computer a user: each is told by its category alone.
            category = {"user": "Person", "group": "Group"}.get(name, name.replace("msDS-", "ms-DS-"))
            category = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", category)
            query = f"(objectCategory=CN={category},CN=Schema,CN=Configuration,{BASE})"
            for each in self.admin.find(query, "cn"):
                self.admin.deny(each, sid)
        return self.discovery_by(caller)

    def discovery_of_nobody(self) -> Discovery:
        return self.discovery_by(("nobody", "a-password-of-nobody"))

    def discovery_by(self, caller: tuple[str, str], **settings: Any) -> Discovery:
        return Discovery("corp", self.settings(caller, **settings), lambda: self.moment)

    def settings(
        self, caller: tuple[str, str], server: ActiveDirectory | None = None, **settings: Any
    ) -> ActiveDirectoryConnection:
        """A connection by somebody, whose password is read from a variable of its own."""
        server = server or self.server
        name, password = caller
        variable = f"AD_PASSWORD_{secrets.token_hex(4)}".upper()
        self._environment.setenv(variable, password)
        fields = {
            "servers": (server.url,),
            "user": f"{name}@{DOMAIN}",
            "password_variable": variable,
            "ca_file": str(server.ca_file),
            "service_account_bases": (ACCOUNTS,),
        }
        return ActiveDirectoryConnection(**{**fields, **settings})

    def caller(self) -> tuple[str, str]:
        """Somebody of the domain with no more rights than anybody has there."""
        name, password = f"reader-{secrets.token_hex(3)}", new_password()
        self.secrets.append(password)
        self._callers.append(name)
        self.admin.add_user(name, password, ACCOUNTS)
        return name, password

    @property
    def _callers(self) -> list[str]:
        known: list[str] = self.__dict__.setdefault("callers", [])
        return known

    def _highest(self) -> int:
        self.admin.session.search("", "(objectClass=*)", "BASE", attributes=["highestCommittedUSN"])
        return int(self.admin.session.response[0]["raw_attributes"]["highestCommittedUSN"][0])

    def _service(self, name: str) -> tuple[dict[str, str], list[Record]]:
        """A user with names of services, which is a server operator by a group in a group."""
        owner = self.admin.add_user(f"{name}-owner", new_password(), mail=f"{name}@example.com")
        password = new_password()
        self.secrets.append(password)
        certificate, fingerprint, begin, end = _certificate(name)
        http, sql = f"HTTP/{name}.{DOMAIN}", f"MSSQLSvc/{name}.{DOMAIN}:1433"
        dn = self.admin.add_user(
            name,
            password,
            servicePrincipalName=[http, sql],
            description="ships orders",
            manager=owner,
            department="payments",
            msDS_cloudExtensionAttribute3="tier 1",
            accountExpires=filetime(ENDS),
            userCertificate=certificate,
            msDS_AllowedToDelegateTo=[f"cifs/files.{DOMAIN}"],
        )
        self.admin.modify(dn, userAccountControl=512 | _FOR_ANY_SERVICE)
        inner = self.admin.add(f"CN={name}-inner,{USERS}", "group", sAMAccountName=f"{name}-inner")
        self.admin.join(dn, inner)
        self.admin.join(inner, f"CN=Server Operators,{BUILT_IN}")
        reader = self.admin.sid_bytes(owner)
        self.admin.modify(dn, msDS_AllowedToActOnBehalfOfOtherIdentity=descriptor(ace(reader, 0xF01FF, allowed=True)))
        key, carrier = f"{DOMAIN}/{name}", f"{DOMAIN}/{inner}"
        operators = f"{DOMAIN}/CN=Server Operators,{BUILT_IN}"
        return {key: self.admin.sid(dn)}, [
            FoundCredential(key, "certificate", fingerprint, begin, end),
            FoundCarrier(key, carrier, "group"),
            FoundCarrier(key, f"{DOMAIN}/CN=Domain Users,{USERS}", "group"),
            FoundCarrier(carrier, operators, "group"),
            FoundGrant(operators, "Server Operators", DOMAIN, via=f"CN=Server Operators,{BUILT_IN}"),
            FoundGrant(key, "unconstrained-delegation", DOMAIN, via="userAccountControl"),
            FoundGrant(key, "constrained-delegation", f"cifs/files.{DOMAIN}", via="msDS-AllowedToDelegateTo"),
            FoundStep(f"{DOMAIN}/{name}-owner", key, "act-on-behalf-of-others"),
            FoundDependent(key, "service", http),
            FoundDependent(key, "service", sql),
            Knowledge(key, Subject.OWNER, owner, "manager"),
        ]

    def _below(self, name: str) -> tuple[dict[str, str], list[Record]]:
        """A user without such a name, where such users are kept."""
        password = new_password()
        self.secrets.append(password)
        dn = self.admin.add_user(name, password, ACCOUNTS, userAccountControl=512 | _DONT_EXPIRE)
        return {f"{DOMAIN}/{name}": self.admin.sid(dn)}, []

    def _group_managed(self, name: str) -> tuple[dict[str, str], list[Record]]:
        hosts = self.admin.add(f"CN={name}-hosts,{USERS}", "group", sAMAccountName=f"{name}-hosts")
        entry = ace(self.admin.sid_bytes(hosts), 0xF01FF, allowed=True)
        dn = self.admin.add(
            f"CN={name},{MANAGED}",
            "msDS-GroupManagedServiceAccount",
            sAMAccountName=f"{name}$",
            dNSHostName=f"{name}.{DOMAIN}",
            userAccountControl=4096,
            managedBy=hosts,
            msDS_ManagedPasswordInterval=7,
            msDS_GroupMSAMembership=descriptor(entry),
        )
        key = f"{DOMAIN}/{name}$"
        return {key: self.admin.sid(dn)}, [
            FoundStep(f"{DOMAIN}/{hosts}", key, "read-managed-password"),
            Knowledge(key, Subject.OWNER, hosts, "managedBy"),
        ]

    def _managed(self) -> tuple[dict[str, str], list[Record]]:
        name = f"smsa-{secrets.token_hex(3)}"
        dn = self.admin.add(
            f"CN={name},{MANAGED}", "msDS-ManagedServiceAccount", sAMAccountName=f"{name}$", userAccountControl=4096
        )
        host = self.admin.add(
            f"CN={name}-host,CN=Computers,{BASE}",
            "computer",
            sAMAccountName=f"{name}-host$",
            userAccountControl=4096,
            msDS_HostServiceAccount=dn,
        )
        key = f"{DOMAIN}/{name}$"
        return {key: self.admin.sid(dn)}, [FoundDependent(key, "computer", f"{DOMAIN}/{host}")]


def filetime(at: datetime) -> int:
    return (at - _ROOT) // timedelta(microseconds=1) * 10


def _certificate(name: str) -> tuple[bytes, str, datetime, datetime]:
    """A certificate for signing in, its fingerprint, its begin and its end."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), begin, end)
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER), made.fingerprint(hashes.SHA256()).hex(), begin, end
