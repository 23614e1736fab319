"""A vendor with a key and accounts elsewhere, on the real engine: made, suspended, restored, removed by one destroy."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.programs import assert_gone, evidence, program, summary, with_identity
from tools.doubles import hooked
from tools.doubles.scim import ScimDouble
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import OTHER_ACCOUNT

SCIM_TOKEN = "a-token-of-the-identity-provider"
ACCOUNT = "shop-courier"
USER = "courier@example.com"


class Service:
    """The service behind the command, as its administrator sees it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.token = folder / "service.json", secrets.token_urlsafe(16)
        self.file.write_text(json.dumps({"token": self.token, "accounts": {}}))

    @property
    def command(self) -> list[str]:
        return [sys.executable, hooked.__file__, str(self.file)]

    @property
    def accounts(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self.file.read_text())["accounts"]
        return kept


def source(service: Service, provider: ScimDouble, state: str = "active") -> str:
    hook = {"kind": "command", "command": service.command}
    identity = with_identity(name="courier", kind="third-party", state=state)
    return program(
        "from nhi_components.core.connection import ScimConnection",
        f"corp = ScimConnection(endpoint={provider.endpoint!r})",
        "provider = nhi.Provider('nhi', scim={'corp': corp})",
        f"vendor = aws.ThirdPartyIdentity('courier', identity={identity!r}, vendor_account={OTHER_ACCOUNT!r},",
        f" source={{**{hook!r}, 'account': {ACCOUNT!r}}}, places=[{{'kind': 'vault-kv'}}],",
        f" saas_account={{'hook': {hook!r}, 'account': {ACCOUNT!r}}},",
        f" idp_account={{'connection': 'corp', 'user_name': {USER!r}}},",
        " opts=pulumi.ResourceOptions(providers=[provider]))",
        "pulumi.export('lease', vendor.lease_id)",
        "pulumi.export('key', vendor.key_id)",
    )


def test_everything_comes_and_goes_with_the_vendor(
    project: Callable[..., Project], vault_client: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    service = Service(tmp_path)
    with ScimDouble() as provider:
        provider.grant(SCIM_TOKEN, "provisioner")
        stack = project(source(service, provider))
        stack.environment |= {"SCIM_TOKEN": SCIM_TOKEN, hooked.TOKEN_VARIABLE: service.token}
        stack.up()
        outputs = stack.outputs()
        lease, key = outputs["lease"], outputs["key"]
        account, user = service.accounts[ACCOUNT], provider.named(USER)
        assert user is not None
        assert (account["lease"], account["active"], list(account["keys"])) == (lease, True, [key])
        assert (user["externalId"], user["active"]) == (lease, True)
        path = f"nhi/test/courier/{lease}"
        held = vault_client().secrets.kv.v2.read_secret_version(path=path, raise_on_deleted_version=True)
        value = held["data"]["data"]["api_key"]
        assert hooked.Service(service.accounts).accepts(ACCOUNT, key, value)
        assert value not in json.dumps(stack.export())
        assert summary(stack.up()).get("unchanged")

        stack.write({"__main__.py": source(service, provider, "suspended")})
        stack.up()
        assert provider.users[user["id"]]["active"] is False
        assert service.accounts[ACCOUNT]["active"] is False
        assert not hooked.Service(service.accounts).accepts(ACCOUNT, key, value)

        stack.write({"__main__.py": source(service, provider)})
        stack.up()
        assert provider.users[user["id"]]["active"] is True
        assert service.accounts[ACCOUNT]["active"] is True
        assert (service.accounts[ACCOUNT]["id"], provider.named(USER)) == (account["id"], provider.users[user["id"]])

        stack.destroy()
        assert service.accounts == {}
        assert provider.users == {}
        kinds = {row["link"]["kind"] for row in evidence(stack, lease)["removals"]}
        assert {"scim-user", "hook-account", "vault-kv-path", "iam-role"} <= kinds
        assert_gone(stack, lease)
