"""Active Directory for the suite of retirements: a domain controller of Samba's, asked by its administrator."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.activedirectory.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.decommission.world import Planted
from tests.conformance.directory import MANAGED, Administrator, new_password
from tests.conformance.world import now
from tools.lab.sandbox.samba import ADMINISTRATOR, BASE, DOMAIN, ActiveDirectory

USERS = f"CN=Users,{BASE}"
USER, GROUP_MANAGED_ACCOUNT, MANAGED_ACCOUNT = "user", "group-managed-service-account", "managed-service-account"
_CLASSES = {GROUP_MANAGED_ACCOUNT: "msDS-GroupManagedServiceAccount", MANAGED_ACCOUNT: "msDS-ManagedServiceAccount"}
_MOVING = (
    "whenChanged",
    "uSNChanged",
    "lastLogon",
    "lastLogonTimestamp",
    "logonCount",
    "badPwdCount",
    "badPasswordTime",
)
"""What any change, or any logon, changes."""


class ActiveDirectoryRetirementWorld:
    """A domain that the suite owns."""

    def __init__(self, server: ActiveDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self._environment = server, monkeypatch
        self.admin = Administrator(server)
        self.secrets = [server.password]

    def plant(self, kind: str) -> Planted:
        name, password = f"svc-{secrets.token_hex(3)}", new_password()
        self.secrets.append(password)
        if kind == USER:
            dn = self._user(name, password)
        else:
            dn, name = self._managed(kind, name, password), f"{name}$"
        return self._planted(kind, name, password, dn)

    def plant_guarded(self) -> Target:
        """The account by which the connection signs in."""
        return Target(
            f"{DOMAIN}/Administrator",
            self.admin.sid(f"CN=Administrator,{USERS}"),
            System.ACTIVE_DIRECTORY,
            DOMAIN,
            USER,
            "Administrator",
        )

    def add_dependent(self, planted: Planted) -> str:
        service = f"HTTP/{planted.target.name.rstrip('$')}.{DOMAIN}"
        self.admin.modify(self.dn_of(planted.target.name), servicePrincipalName=service)
        return f"service {service}"

    def replace(self, planted: Planted) -> Callable[[], Any]:
        name, kind = planted.target.name, planted.target.kind
        self.retirement().delete(planted.target)
        password = new_password()
        self.secrets.append(password)
        dn = self._user(name, password) if kind == USER else self._managed(kind, name.rstrip("$"), password)
        return lambda: self.documents(dn)

    def retirement(self) -> Retirement:
        return self.retirement_by(ADMINISTRATOR, self.server.password)

    def retirement_of_nobody(self) -> Retirement:
        self.secrets.append("a-password-of-nobody")
        return self.retirement_by(f"nobody@{DOMAIN}", "a-password-of-nobody")

    def retirement_by(self, user: str, password: str, **settings: Any) -> Retirement:
        variable = f"AD_PASSWORD_{secrets.token_hex(4)}".upper()
        self._environment.setenv(variable, password)
        return Retirement(
            "corp",
            ActiveDirectoryConnection(
                servers=(self.server.url,),
                user=user,
                password_variable=variable,
                ca_file=str(self.server.ca_file),
                **settings,
            ),
            now,
        )

    def dn_of(self, name: str) -> str:
        (dn,) = self.admin.find(f"(sAMAccountName={name})", "cn")
        return dn

    def documents(self, dn: str) -> dict[str, Any]:
        found: Mapping[str, Any]
        (found,) = self.admin.find("(objectClass=*)", base=dn).values()
        return {name: sorted(values) for name, values in found.items() if name not in _MOVING}

    def _user(self, name: str, password: str) -> str:
        dn = self.admin.add_user(
            name, password, description="ships orders", info="call Dana\r\nbefore you touch it", department="payments"
        )
        group = self.admin.add(
            f"CN={name}-{secrets.token_hex(3)},{USERS}", "group", sAMAccountName=secrets.token_hex(6)
        )
        self.admin.join(dn, group)
        return dn

    def _managed(self, kind: str, name: str, password: str) -> str:
        more = {"msDS_ManagedPasswordInterval": 7} if kind == GROUP_MANAGED_ACCOUNT else {}
        quoted = f'"{password}"'.encode("utf-16-le")
        values = {"sAMAccountName": f"{name}$", "userAccountControl": 4096, "unicodePwd": quoted, **more}
        return self.admin.add(f"CN={name},{MANAGED}", _CLASSES[kind], **values)

    def _planted(self, kind: str, name: str, password: str, dn: str) -> Planted:
        target = Target(f"{DOMAIN}/{name}", self.admin.sid(dn), System.ACTIVE_DIRECTORY, DOMAIN, kind, name)
        return Planted(
            target,
            lambda: self.admin.lets_in(name, password),
            lambda: self.documents(dn),
            lambda: list(self.admin.find(f"(sAMAccountName={name})", "cn")),
        )
