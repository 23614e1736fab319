"""A client secret of Entra in a Key Vault, by the double: made, rotated with overlap, destroyed, and told nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from tests.engine.azure import QUEUE, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import Session, ask, assert_gone, everything
from tests.engine.azure_by_hand import VAULT, make_queues, make_vault
from tests.engine.programs import evidence, evidence_folder, nhi, with_identity
from tools.doubles.azure.audiences import ARM, SERVICE_BUS
from tools.doubles.azure.audiences import VAULT as KEY_VAULT
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

WHY = "the warehouse product signs in with a client secret, and with nothing else"
BY = ("--approver", "dana@example.com", "--reason", "CHG-7")
READABLE = 16
"""A secret is looked for by its beginning: a cut one would give most of it away."""


class Holder:
    """What the double itself tells of an application's secrets, and what holds one of them."""

    def __init__(self, azure: AzureCloud, outputs: Mapping[str, Any]) -> None:
        self.azure, self.client = azure, outputs["client"]
        # Beside the secret lie its notes, under a longer name.
        self.place = min(everything(azure)["secrets"], key=len)

    def held(self) -> dict[str, str]:
        """The fields that the vault holds, as the product reads them."""
        vault, _, name = self.place.partition("/")
        content: dict[str, str] = json.loads(ask(self.azure, "GET", f"/vaults/{vault}/secrets/{name}")["value"])
        return content

    def keys(self) -> set[str]:
        """The ids of the application's secrets."""
        with self.azure.double.lock:
            application = self.azure.double.applications.by_client(self.client)
            return {each["keyId"] for each in application["passwordCredentials"]} if application else set()

    def session(self, held: Mapping[str, str]) -> Session | None:
        """A session that a secret opens; None when Entra does not take it."""
        tokens = {audience: self._token(held, audience) for audience in (ARM, SERVICE_BUS, KEY_VAULT)}
        return Session(self.azure, tokens) if all(tokens.values()) else None

    def _token(self, held: Mapping[str, str], audience: str) -> str:
        asked = {name: held[name] for name in ("client_id", "client_secret")}
        form = {**asked, "grant_type": "client_credentials", "scope": f"{audience}/.default"}
        url = f"{self.azure.double.url}/{held['tenant_id']}/oauth2/v2.0/token"
        authority = self.azure.environment["REQUESTS_CA_BUNDLE"]
        answer = requests.post(url, data=form, verify=authority, timeout=20)
        assert answer.ok or answer.status_code in (400, 401), answer.text
        return str(answer.json()["access_token"]) if answer.ok else ""


def test_a_secret_is_made_rotated_and_destroyed_and_is_told_nowhere(
    project: Callable[..., Project], azure: AzureCloud, sandbox: Sandbox
) -> None:
    make_vault(azure)
    make_queues(azure)
    bundle = azure_bundle(
        azure,
        "printer",
        identity=with_identity(name="printer", kind="service-account"),
        kind="AppIdentity",
        resource_group="None",
        outputs={"client": "client_id", "key": "key_id", "version": "credential_version"},
        why_not_federated=repr(WHY),
        places=f"[{{'kind': 'key-vault', 'vault': {VAULT!r}}}]",
        grants=f"azure.intents.servicebus.send_to_queue({QUEUE!r})",
    )
    stack = azure.reached_by(project(azure_program(bundle)))
    said = [stack.preview("--diff").text, stack.up("--logtostderr", "-v=9").text]
    told = stack.outputs()["printer"]
    holder = Holder(azure, told)
    first = holder.held()
    assert (holder.keys(), told["version"]) == ({told["key"]}, 1)
    session = holder.session(first)
    assert session is not None
    assert (session.sends(), session.takes(), session.reads(holder.place)) == (True, False, False)

    rotated = nhi(stack, "rotate", "printer", *BY, "--output", "json")
    assert rotated.code == 0, rotated.text
    second = holder.held()
    # The secret before goes on working for a while, unless it leaked.
    assert len(holder.keys()) == len({each["client_secret"] for each in (first, second)}) == 2
    assert all(holder.session(each) for each in (first, second))
    exposed = nhi(stack, "rotate", "printer", "--exposed", *BY, "--output", "json")
    assert exposed.code == 0, exposed.text
    third = holder.held()
    assert [bool(holder.session(each)) for each in (first, second, third)] == [False, False, True]
    # The vault can't delete a version alone, so that the ones before are disabled.
    with azure.double.lock:
        kept = azure.double.vaults.by_name[VAULT, holder.place.partition("/")[2]].versions
        assert [version.enabled for version in kept] == [False, False, True]
    said += [rotated.text, exposed.text, stack.up("--diff", "--json").text]
    last = stack.outputs()["printer"]
    assert (holder.keys(), last["version"]) == ({last["key"]}, 3)

    said += [stack.pulumi("stack", "export", "--show-secrets").text]
    said += [nhi(stack, "repair", "--dry-run").text, stack.destroy("--diff").text]
    said += [nhi(stack, "evidence", *command).text for command in (("show", "-o", "json"), ("verify",))]
    assert everything(azure) == {}
    assert azure.double.applications.by_client(told["client"]) is None
    assert not azure.double.applications.restorable()
    assert holder.session(third) is None
    # A token that a secret got before can't be ended; nothing is assigned to it any more.
    assert (session.knows(), session.sends()) == (True, False)
    assert_gone(azure, stack, told["lease"])
    rows = {row["link"]["name"].rpartition("/")[2]: row for row in evidence(stack, told["lease"])["removals"]}
    assert rows[last["key"]]["refused_at"]["state"] == "at"
    assert "60 to 90 min" in rows[last["key"]]["sessions_possible_until"]["reason"]
    cut_off = evidence(stack, told["lease"], "cut-off")["rows"]
    assert [row["link"]["kind"] for row in cut_off if row["found_out_of_band"]] == []

    places = {f"output {number}": text for number, text in enumerate(said)}
    for folder in (sandbox.record.state, evidence_folder(stack), stack.directory):
        places |= dict(_files(folder))
    values = [each["client_secret"][:READABLE] for each in (first, second, third)]
    assert all(len(value) == READABLE for value in values)
    assert len([name for name in places if "history" in name]) >= 2
    assert [name for name, text in places.items() if any(value in text for value in values)] == []


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_text(errors="replace")
