"""Two vendors come on; one is offboarded, with everything that it had, and the other works on."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, log_in, reads
from tests.engine.inventory import everything
from tests.engine.programs import assert_confirmed_gone, assert_gone, evidence, nhi
from tests.engine.stacks.conftest import PACK, Stack
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, OTHER_ACCOUNT

COURIER: dict[str, Any] = {
    "name": "courier",
    "purpose": "fetches the parcels to deliver",
    "account": OTHER_ACCOUNT,
    "until": {"after_days": 120},
    "approvers": ["Ada Example"],
}
PRINTER = {**COURIER, "name": "printer", "purpose": "prints the labels of parcels", "account": "333333333333"}
OFFBOARDING = ("--approver", "Grace Example", "--reason", "CHG-7: contract ended")


class Vendor:
    """A vendor at work, by what it was told.

    Attributes:
        token: a client that has logged in to Vault.
        session: a session that the vendor's own account has opened.
    """

    def __init__(self, sandbox: Sandbox, account: str, told: dict[str, Any]) -> None:
        self._own = partial(sandbox.aws.client, account=account)
        self._told = told
        self.session = self.open(told["external_id"])
        self.token = log_in(sandbox.vault.client, {"role": told["vault_role"], "role_id": told["vault_role_id"]})

    def open(self, external_id: str) -> RoleSession:
        """Open a session; a `ClientError` when AWS refuses."""
        return RoleSession(self._own, self._told["role_arn"], external_id)

    def fetches(self, queue_url: str = "") -> bool:
        """Tell whether it can fetch from a queue, its own by default."""
        return self.session.may("sqs", "receive_message", QueueUrl=queue_url or self._told["queue_url"])

    def signs(self, entry: str = "") -> bool:
        """Tell whether it can read a signing secret, its own by default."""
        return reads(self.token, entry or self._told["vault_secret"])


def onboard(stack: Stack, *vendors: dict[str, Any]) -> None:
    stack.configure(vendor__vendors=json.dumps(vendors))


def leases_of(told: dict[str, Any]) -> tuple[str, str]:
    return told["aws_lease"], told["vault_lease"]


def test_one_is_offboarded_and_the_other_works_on(stack: Callable[[str], Stack], sandbox: Sandbox) -> None:
    vendors = stack("vendor")
    onboard(vendors, COURIER, PRINTER)
    vendors.preview("--policy-pack", PACK)
    vendors.up()
    told = vendors.outputs()["tell"]
    courier, printer = (Vendor(sandbox, each["account"], told[each["name"]]) for each in (COURIER, PRINTER))
    for vendor, other in ((courier, told["printer"]), (printer, told["courier"])):
        assert vendor.fetches()
        assert vendor.signs()
        assert not vendor.fetches(other["queue_url"])
        assert not vendor.signs(other["vault_secret"])
        with pytest.raises(ClientError, match="AccessDenied"):
            vendor.open(other["external_id"])
    with pytest.raises(ClientError, match="AccessDenied"):
        RoleSession(partial(sandbox.aws.client, account=ACCOUNT), told["courier"]["role_arn"], "trial")

    offboarded = nhi(vendors, "retire", "courier.prod", *OFFBOARDING, "--up")
    assert offboarded.code == 0, offboarded.text
    assert not courier.fetches()
    assert not courier.signs()
    with pytest.raises(ClientError):
        courier.open(told["courier"]["external_id"])
    assert_confirmed_gone(vendors, *leases_of(told["courier"]))
    for lease in leases_of(told["courier"]):
        said = evidence(vendors, lease)
        assert (said["approver"]["value"], said["reason"]["value"]) == ("Grace Example", "CHG-7: contract ended")
        assert {revoked["verdict"] for revoked in said["revocations"]} == {"met"}
    after = vendors.outputs()["tell"]
    assert after["courier"]["role_arn"] is None
    assert after["printer"] == told["printer"]
    assert printer.fetches()
    assert printer.signs()

    onboard(vendors, PRINTER)
    vendors.up()
    assert vendors.outputs()["tell"] == {"printer": told["printer"]}
    assert printer.fetches()
    vendors.destroy()
    assert not printer.fetches()
    assert not printer.signs()
    assert everything(sandbox) == {}
    assert_gone(vendors, *leases_of(told["printer"]))


def test_a_vendor_that_nobody_else_approved_is_not_let_in(stack: Callable[[str], Stack], sandbox: Sandbox) -> None:
    vendors = stack("vendor")
    onboard(vendors, {**COURIER, "approvers": ["purchasing@example.com"], "until": {"after_days": 365}})
    refused = vendors.preview(check=False)
    assert refused.code != 0
    assert "identity.approvers" in refused.text
    assert "at most 180 days ahead" in refused.text
    onboard(vendors, {"name": "courier"})
    refused = vendors.preview(check=False)
    assert refused.code != 0
    assert all(place in refused.text for place in ("identity.purpose", "identity.expires", "vendor_account"))
    assert everything(sandbox) == {}
