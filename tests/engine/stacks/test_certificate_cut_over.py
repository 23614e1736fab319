"""A certificate is cut over by configuration: a TLS server admits old and new, then the new one alone, then none."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.engine.access import Clients, log_in, reads
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, evidence, evidence_folder, resource, summary
from tests.engine.stacks.conftest import Stack
from tools.lab.sandbox import Sandbox

BROKER = "broker.internal.example"
SERVICE = "settlement.internal.example"
GREETING = b"welcome"
ADMITTED, REVOKED = "admitted", "certificate revoked"
OVERLAP_SECONDS = 60
PATIENCE_SECONDS = 20
KEY_LENGTH = 24


class Authority:
    """A PKI engine of Vault at `pki/` with a CA, as a platform team has one."""

    def __init__(self, root: Any) -> None:
        self._root = root
        root.sys.enable_secrets_engine("pki", config={"max_lease_ttl": "8760h"})
        root.secrets.pki.generate_root("internal", "test authority", extra_params={"ttl": "8760h"})
        self.certificate: str = root.read("pki/cert/ca")["data"]["certificate"]

    def revocation_list(self) -> str:
        """The CRL as it is published now, as PEM."""
        return str(self._root.read("pki/cert/crl")["data"]["certificate"])

    def revoked_at(self, serial: str) -> datetime | None:
        """When a certificate was revoked, as the CRL says; None when it does not name it."""
        number = int(serial.replace(":", ""), 16)
        row = x509.load_pem_x509_crl(self.revocation_list().encode()).get_revoked_certificate_by_serial_number(number)
        return row.revocation_date_utc if row else None

    def issue_for_server(self, name: str) -> Mapping[str, str]:
        """Certificate and private key of a server that has nothing to do with the project."""
        options = {"allowed_domains": [name], "allow_bare_domains": True}
        self._root.secrets.pki.create_or_update_role("servers", options)
        made: Mapping[str, str] = self._root.secrets.pki.generate_certificate("servers", name)["data"]
        return made

    def names(self, kind: str) -> list[str]:
        """The names of the engine's `roles`, or the serial numbers of its `certs`."""
        answer = self._root.list(f"pki/{kind}")
        return list(answer["data"]["keys"]) if answer else []


class Broker:
    """A TLS server that admits who has a certificate of the authority that the CRL of the moment does not name."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self._authority, self._trust = authority, folder / "trusted.pem"
        folder.mkdir()
        self._own = write_pair(folder, authority.issue_for_server(BROKER))

    def answers(self, client: ssl.SSLContext) -> str:
        """Let a client connect; `admitted`, or why the server refuses the certificate."""
        verdicts: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE_SECONDS)
            serving = threading.Thread(target=self._serve, args=(listener, self._context(), verdicts))
            serving.start()
            greeted = _greeted(client, listener.getsockname())
            serving.join()
        assert greeted is (verdicts == [ADMITTED])
        return verdicts[0]

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._own)
        self._trust.write_text(f"{self._authority.certificate}\n{self._authority.revocation_list()}\n")
        context.load_verify_locations(self._trust)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        return context

    def _serve(self, listener: socket.socket, context: ssl.SSLContext, verdicts: list[str]) -> None:
        accepted, _ = listener.accept()
        accepted.settimeout(PATIENCE_SECONDS)
        try:
            with context.wrap_socket(accepted, server_side=True) as connection:
                connection.sendall(GREETING)
                verdicts.append(ADMITTED)
        except ssl.SSLCertVerificationError as refusal:
            accepted.close()
            verdicts.append(refusal.verify_message)


class Service:
    """What runs as `settlement`: it logs in to Vault by its AppRole and connects with what its entry holds."""

    def __init__(self, vault_client: Clients, outputs: Mapping[str, Any], folder: Path) -> None:
        self.vault = log_in(vault_client, outputs)
        self._folder = folder
        folder.mkdir()

    def reads(self, entry: str) -> Mapping[str, str]:
        """The newest version of the entry."""
        mount, path = entry.split("/", 1)
        answer = self.vault.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
        content: Mapping[str, str] = answer["data"]["data"]
        return content

    def holds(self, entry: str, content: Mapping[str, str]) -> bool:
        """Tell whether that is the newest version; a failing test shows no content by it."""
        return self.reads(entry) == content

    def client(self, content: Mapping[str, str]) -> ssl.SSLContext:
        """A TLS client with that certificate, which trusts the authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=content["ca_chain"])
        context.load_cert_chain(*write_pair(self._folder, content))
        return context


def write_pair(folder: Path, content: Mapping[str, str]) -> tuple[Path, Path]:
    """Put certificate and private key into files, as `ssl` takes them."""
    name = content["serial_number"].replace(":", "-")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_text(content["certificate"])
    key.touch(mode=0o600)
    key.write_text(content["private_key"])
    return certificate, key


@pytest.fixture
def authority(sandbox: Sandbox, vault_client: Clients) -> Authority:
    return Authority(vault_client())


def test_old_and_new_are_admitted_in_the_overlap_then_the_new_one_alone_and_in_the_end_none(
    stack: Callable[[str], Stack], authority: Authority, sandbox: Sandbox, vault_client: Clients, tmp_path: Path
) -> None:
    broker = Broker(authority, tmp_path / "broker")
    settlement = stack("certificate_cut_over")
    settlement.configure(certificate__overlap_seconds=str(OVERLAP_SECONDS))
    said = [settlement.up("--logtostderr", "-v=9").text]
    first = settlement.outputs()
    service = Service(vault_client, first, tmp_path / "service")
    old_content = service.reads(first["secret_path"])
    old = service.client(old_content)
    assert broker.answers(old) == ADMITTED
    settlement.up("--expect-no-changes")
    assert service.holds(first["secret_path"], old_content)

    settlement.configure(certificate__generation="2")
    said.append(settlement.preview("--diff").text)
    rotated = settlement.up("--logtostderr", "-v=9")
    assert summary(rotated)["updated"] == 1
    second = settlement.outputs()
    assert second == first | {"serial": second["serial"], "secret_version": first["secret_version"] + 1}
    new_content = service.reads(second["secret_path"])
    assert [old_content["serial_number"], new_content["serial_number"]] == [first["serial"], second["serial"]]
    new = service.client(new_content)
    assert [broker.answers(old), broker.answers(new)] == [ADMITTED, ADMITTED]
    settlement.up("--expect-no-changes")
    assert [broker.answers(old), broker.answers(new)] == [ADMITTED, ADMITTED]

    _wait_until(_due(settlement))
    ended = settlement.up()
    assert summary(ended)["updated"] == 1
    assert [broker.answers(old), broker.answers(new)] == [REVOKED, ADMITTED]
    assert settlement.outputs() == second
    assert service.holds(second["secret_path"], new_content)
    settlement.up("--expect-no-changes")

    said += [rotated.text, ended.text, settlement.pulumi("stack", "export", "--show-secrets").text]
    revoked_before = authority.revoked_at(first["serial"])
    said.append(settlement.destroy("--diff").text)
    assert [broker.answers(old), broker.answers(new)] == [REVOKED, REVOKED]
    assert not reads(service.vault, second["secret_path"])
    assert everything(sandbox) == {}
    assert authority.names("roles") == ["servers"]
    assert_gone(settlement, first["lease"])
    told = {row["link"]["unique_id"]: row for row in _removed_certificates(settlement, first["lease"])}
    assert told.keys() == {first["serial"], second["serial"]}
    assert {row["refused_at"]["state"] for row in told.values()} == {"at"}
    assert _time(told[first["serial"]]["disabled_at"]).replace(microsecond=0) == revoked_before
    assert _time(told[second["serial"]]["disabled_at"]) >= _time(told[first["serial"]]["disabled_at"])
    places = [*said, *_texts(sandbox.record.state), *_texts(evidence_folder(settlement)), *_texts(settlement.directory)]
    assert _leaks(places, old_content, new_content) == []


def test_destroyed_in_the_overlap_neither_is_admitted(
    stack: Callable[[str], Stack], authority: Authority, sandbox: Sandbox, vault_client: Clients, tmp_path: Path
) -> None:
    broker = Broker(authority, tmp_path / "broker")
    settlement = stack("certificate_cut_over")
    settlement.up()
    first = settlement.outputs()
    service = Service(vault_client, first, tmp_path / "service")
    clients = [service.client(service.reads(first["secret_path"]))]
    settlement.configure(certificate__generation="2")
    settlement.up()
    clients.append(service.client(service.reads(first["secret_path"])))
    assert [broker.answers(client) for client in clients] == [ADMITTED, ADMITTED]
    serials = {first["serial"], settlement.outputs()["serial"]}

    settlement.destroy()
    assert [broker.answers(client) for client in clients] == [REVOKED, REVOKED]
    assert everything(sandbox) == {}
    assert_gone(settlement, first["lease"])
    told = {row["link"]["unique_id"]: row for row in _removed_certificates(settlement, first["lease"])}
    assert told.keys() == serials
    assert {row["refused_at"]["state"] for row in told.values()} == {"at"}


def test_a_name_with_a_wildcard_is_refused_before_anything_is_made(
    stack: Callable[[str], Stack], authority: Authority, sandbox: Sandbox
) -> None:
    issued = authority.names("certs")
    settlement = stack("certificate_cut_over")
    settlement.configure(certificate__dns_name="*.internal.example")
    failed = settlement.up(check=False)
    assert failed.code != 0
    told = re.sub(r"\s+", " ", failed.text)
    assert "got: *.internal.example expected: a whole DNS name in lower case" in told
    assert "fix: write it like `orders.internal.example`" in told
    assert {r["type"] for r in settlement.resources()} <= {"pulumi:pulumi:Stack"}
    assert everything(sandbox) == {}
    assert (authority.names("roles"), authority.names("certs")) == ([], issued)


def _greeted(client: ssl.SSLContext, address: tuple[str, int]) -> bool:
    """Tell whether a server lets a client in: by TLS 1.3 a refusal comes with the first answer only."""
    with socket.create_connection(address, PATIENCE_SECONDS) as opened:
        try:
            with client.wrap_socket(opened, server_hostname=BROKER) as connection:
                return connection.recv(len(GREETING)) == GREETING
        except (ssl.SSLError, ConnectionResetError):
            return False


def _due(settlement: Stack) -> datetime:
    """When the seal says that something has to be done about a link."""
    admitted = resource(settlement, "Seal")["outputs"]["admitted"]
    (due,) = (link["attributes"]["due"] for link in admitted if "due" in link.get("attributes", {}))
    return datetime.fromisoformat(due)


def _wait_until(due: datetime) -> None:
    left = (due - datetime.now(UTC)).total_seconds()
    assert left <= OVERLAP_SECONDS
    time.sleep(max(left, 0))


def _removed_certificates(settlement: Stack, lease: str) -> list[dict[str, Any]]:
    removals = evidence(settlement, lease)["removals"]
    return [row for row in removals if row["link"]["kind"] == "vault-certificate"]


def _time(fact: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(fact["time"])


def _texts(folder: Path) -> list[str]:
    return [file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file()]


def _leaks(places: list[str], *contents: Mapping[str, str]) -> list[str]:
    """The beginnings of the texts that hold a part of a private key, as they are or as a JSON string."""
    lines = [line for content in contents for line in content["private_key"].splitlines()[1:3]]
    return [place[:80] for place in places if any(line[:KEY_LENGTH] in place for line in lines)]
