"""Certificates on the real engine and OpenBao: issued, used, rotated, renewed, suspended, destroyed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.engine.access import log_in, reads
from tests.engine.programs import assert_gone, evidence, evidence_folder, program, summary, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

NAME = "orders-tls"
HOST = "orders.internal.example"
KEY_LENGTH = 24


class Authority:
    """A PKI engine at `pki/` with a CA of its own."""

    def __init__(self, vault_client: Callable[..., Any]) -> None:
        self.root = vault_client()
        self.root.sys.enable_secrets_engine("pki")
        self.root.secrets.pki.generate_root("internal", "test", extra_params={"ttl": "8000h"})

    def on_crl(self, serial: str) -> bool:
        found = x509.load_pem_x509_crl(self.root.read("pki/cert/crl")["data"]["certificate"].encode())
        return found.get_revoked_certificate_by_serial_number(int(serial.replace(":", ""), 16)) is not None

    def entry(self, outputs: dict[str, Any]) -> dict[str, str]:
        """What stands in the identity's KV entry, in the version that the outputs name."""
        mount, path = outputs["path"].split("/", 1)
        found: dict[str, str] = self.root.secrets.kv.v2.read_secret_version(
            path=path, mount_point=mount, version=outputs["version"], raise_on_deleted_version=True
        )["data"]["data"]
        return found


@pytest.fixture
def authority(sandbox: Sandbox, vault_client: Callable[..., Any]) -> Authority:
    return Authority(vault_client)


def bundle(*, identity: dict[str, Any] | None = None, **arguments: Any) -> str:
    given = "".join(f", {name}={value!r}" for name, value in arguments.items())
    return program(
        f"tls = vault.CertificateIdentity({NAME!r}, identity={with_identity(**identity or {})!r}, names=[{HOST!r}], "
        f"certificate_ttl_seconds=86400{given})",
        f"pulumi.export({NAME!r}, {{'lease': tls.lease_id, 'role': tls.role_name, 'role_id': tls.role_id, "
        "'path': tls.secret_path, 'version': tls.secret_version, 'serial': tls.certificate_serial})",
    )


def test_a_certificate_is_delivered_used_rotated_and_revoked_and_its_key_is_nowhere_else(
    project: Callable[..., Project], authority: Authority, sandbox: Sandbox, vault_client: Callable[..., Any]
) -> None:
    stack = project(bundle())
    said = [stack.preview("--diff").text, stack.up("--logtostderr", "-v=9").text]
    first = stack.outputs()[NAME]
    entry = authority.entry(first)
    certificate = x509.load_pem_x509_certificate(entry["certificate"].encode())
    key = serialization.load_pem_private_key(entry["private_key"].encode(), None)
    assert certificate.public_key() == key.public_key()
    assert (first["version"], first["serial"]) == (1, entry["serial_number"])
    assert reads(log_in(vault_client, first), first["path"])
    assert stack.up("--expect-no-changes").code == 0

    stack.write({"__main__.py": bundle(generation=2)})
    assert stack.preview("--json").code == 0
    rotated = stack.up()
    assert summary(rotated)["updated"] == 1
    second = stack.outputs()[NAME]
    assert (second["version"], second["lease"]) == (2, first["lease"])
    assert authority.entry(second)["serial_number"] == second["serial"]
    assert (authority.on_crl(first["serial"]), authority.on_crl(second["serial"])) == (True, False)
    stack.up("--expect-no-changes")

    said += [rotated.text, stack.pulumi("stack", "export", "--show-secrets").text]
    keys = [entry["private_key"], authority.entry(second)["private_key"]]
    said.append(stack.destroy("--diff").text)
    assert authority.on_crl(second["serial"])
    assert_gone(stack, first["lease"])
    rows = {row["link"]["kind"]: row for row in evidence(stack, first["lease"])["removals"]}
    assert rows["vault-certificate"]["refused_at"]["state"] == "at"
    assert rows["vault-certificate"]["link"]["unique_id"] == second["serial"]
    places = [*said, *_texts(sandbox.record.state), *_texts(evidence_folder(stack)), *_texts(stack.directory)]
    secret = [line[:KEY_LENGTH] for key in keys for line in key.splitlines()[1:3]]
    assert [place[:80] for place in places if any(line in place for line in secret)] == []


def test_with_an_overlap_the_first_up_after_it_revokes_the_one_before(
    project: Callable[..., Project], authority: Authority
) -> None:
    stack = project(bundle())
    stack.up()
    first = stack.outputs()[NAME]["serial"]
    stack.write({"__main__.py": bundle(generation=2, overlap_seconds=5)})
    stack.up()
    outputs = stack.outputs()[NAME]
    assert outputs["serial"] != first
    assert not authority.on_crl(first)
    time.sleep(5)
    assert not authority.on_crl(first)
    assert summary(stack.up())["updated"] == 1
    assert (authority.on_crl(first), authority.on_crl(outputs["serial"])) == (True, False)
    assert stack.outputs()[NAME] == outputs
    stack.up("--expect-no-changes")
    stack.destroy()
    assert_gone(stack, outputs["lease"])


def test_suspended_it_is_revoked_and_a_new_one_is_issued_when_it_is_restored(
    project: Callable[..., Project], authority: Authority, vault_client: Callable[..., Any]
) -> None:
    stack = project(bundle())
    stack.up()
    first = stack.outputs()[NAME]
    client = log_in(vault_client, first)
    stack.write({"__main__.py": bundle(identity={"state": "suspended"})})
    stack.up()
    assert authority.on_crl(first["serial"])
    assert not reads(client, first["path"])
    stack.up("--expect-no-changes")
    stack.write({"__main__.py": bundle()})
    stack.up()
    second = stack.outputs()[NAME]
    assert second["serial"] != first["serial"]
    assert not authority.on_crl(second["serial"])
    assert authority.entry(second)["serial_number"] == second["serial"]
    stack.destroy()
    assert authority.on_crl(second["serial"])
    assert_gone(stack, first["lease"])


def test_without_a_ca_nothing_is_created(project: Callable[..., Project], vault_client: Callable[..., Any]) -> None:
    vault_client().sys.enable_secrets_engine("pki")
    stack = project(bundle())
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "a PKI engine with a CA" in failed.text
    assert "have a CA made or imported there" in failed.text
    assert [r["type"] for r in stack.resources() if r["type"].startswith("vault:")] == []


def _texts(folder: Path) -> list[str]:
    return [file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file()]
