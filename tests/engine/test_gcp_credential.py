"""A service account with a key on Google Cloud, by the double: made, rotated, destroyed, and told nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from tests.engine.gcp import PUBLISH, GoogleCloud, gcp_bundle, gcp_program, topic
from tests.engine.gcp_access import SCOPES, Session, ask, assert_gone, everything
from tests.engine.programs import evidence, evidence_folder, nhi, with_identity
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

WHY = "the label printer's firmware takes a key file and nothing else"
BY = ("--approver", "dana@example.com", "--reason", "CHG-7")
READABLE = 32
"""A key is looked for by a part of each of its lines: a cut one would give most of it away."""


class KeyHolder:
    """What the double itself tells of the identity's keys, and what holds one of them."""

    def __init__(self, gcp: GoogleCloud, outputs: Mapping[str, Any]) -> None:
        self.gcp, self.email = gcp, outputs["email"]
        (name,) = everything(gcp)["secrets"]
        self.secret = name

    def held(self) -> dict[str, str]:
        """The key that the secret holds, as its firmware reads it."""
        told = ask(self.gcp, "GET", f"/v1/{self.secret}/versions/latest:access")["payload"]["data"]
        content: dict[str, str] = json.loads(json.loads(base64.b64decode(told))["key_file"])
        return content

    def keys(self) -> set[str]:
        """The ids of the account's keys."""
        path = f"/v1/projects/{PROJECT}/serviceAccounts/{self.email}/keys?keyTypes=USER_MANAGED"
        return {each["name"].rpartition("/")[2] for each in ask(self.gcp, "GET", path).get("keys", [])}

    def session(self, held: Mapping[str, str]) -> Session | None:
        """A session that a key makes; None when Google does not take the key."""
        # A key file names where tokens come from, which is Google's own place in every real one.
        told = {**held, "token_uri": f"{self.gcp.double.url}/token"}
        kind: Any = service_account.Credentials
        made = kind.from_service_account_info(told, scopes=SCOPES)
        try:
            made.refresh(Request())
        except GoogleAuthError:
            return None
        return Session(self.gcp, made.token)


def test_a_key_is_made_rotated_and_destroyed_and_is_told_nowhere(
    project: Callable[..., Project], gcp: GoogleCloud, sandbox: Sandbox
) -> None:
    identity = with_identity(name="printer", kind="service-account")
    outputs = {"email": "email", "key": "key_id", "version": "credential_version"}
    kind, why = "ServiceAccountKeyIdentity", repr(WHY)
    bundle = gcp_bundle(
        gcp, "printer", kind=kind, identity=identity, outputs=outputs, why_not_federated=why, grants=PUBLISH
    )
    stack = gcp.reached_by(project(gcp_program(topic(), bundle)))
    said = [stack.preview("--diff").text, stack.up("--logtostderr", "-v=9").text]
    told = stack.outputs()["printer"]
    holder = KeyHolder(gcp, told)
    first = holder.held()
    assert holder.keys() == {told["key"]}
    session = holder.session(first)
    assert session is not None
    assert (session.publishes(), session.deletes()) == (True, False)

    rotated = nhi(stack, "rotate", "printer", *BY, "--output", "json")
    assert rotated.code == 0, rotated.text
    second = holder.held()
    # The key before goes on working for a while, unless it leaked.
    assert holder.keys() == {first["private_key_id"], second["private_key_id"]}
    assert all(holder.session(key) for key in (first, second))
    exposed = nhi(stack, "rotate", "printer", "--exposed", *BY, "--output", "json")
    assert exposed.code == 0, exposed.text
    third = holder.held()
    assert holder.keys() == {third["private_key_id"]}
    assert [bool(holder.session(key)) for key in (first, second, third)] == [False, False, True]
    said += [rotated.text, exposed.text, stack.up("--diff", "--json").text]
    last = stack.outputs()["printer"]
    assert (last["key"], last["version"]) == (third["private_key_id"], 3)

    said += [stack.pulumi("stack", "export", "--show-secrets").text]
    said += [nhi(stack, "repair", "--dry-run").text, stack.destroy("--diff").text]
    said += [nhi(stack, "evidence", *command).text for command in (("show", "-o", "json"), ("verify",))]
    assert everything(gcp) == {}
    assert not session.knows()
    assert holder.session(third) is None
    assert_gone(gcp, stack, told["lease"])
    keys = [row for row in evidence(stack, told["lease"])["removals"] if "key" in row["link"]["kind"]]
    assert {row["link"]["name"].rpartition("/")[2] for row in keys} >= {third["private_key_id"]}

    places = {f"output {number}": text for number, text in enumerate(said)}
    for folder in (sandbox.record.state, evidence_folder(stack), stack.directory):
        places |= dict(_files(folder))
    values = [line for key in (first, second, third) for line in _lines(key)]
    assert values
    assert [name for name, text in places.items() if any(value in text for value in values)] == []


def _lines(key: Mapping[str, str]) -> list[str]:
    """Parts of a private key that would be told if any of it was."""
    return [line[:READABLE] for line in key["private_key"].splitlines() if len(line) >= READABLE and "-" not in line]


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_text(errors="replace")
