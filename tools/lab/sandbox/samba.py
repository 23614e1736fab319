"""An Active Directory on loopback: a domain controller of Samba's, with a domain of its own.

Samba is Debian's; its LDAP server can't be told another port than 389 and 636, so each one has an address of its own
in 127.0.0.0/8. Of the controller's services only LDAP runs: no Kerberos, no name server, no file server.

The domain is provisioned once, which takes some 8 s, kept in the laboratory's cache, and copied for each start.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools.lab import cache
from tools.lab.console import step
from tools.lab.errors import LabError
from tools.lab.sandbox.keeper import Keeper, Server, write_private
from tools.lab.sandbox.ports import ServerDiedError, wait_until

NAME = "samba"
DOMAIN = "corp.example.com"
NETBIOS = "CORP"
BASE = "DC=corp,DC=example,DC=com"
ADMINISTRATOR = f"Administrator@{DOMAIN}"
_SOURCE = Path(__file__).resolve()
_PACKAGES = ("samba", "samba-ad-dc", "samba-ad-provision", "samba-dsdb-modules", "ldb-tools")
_PROGRAMS = ("samba", "samba-tool", "ldbmodify")
_TEMPLATES = Path("/usr/share/samba/setup")
"""Of which a domain is made; a package of its own."""
_WRITABLE = f"""\
dn: CN=ms-DS-Allowed-To-Act-On-Behalf-Of-Other-Identity,CN=Schema,CN=Configuration,{BASE}
changetype: modify
replace: systemOnly
systemOnly: FALSE
"""
"""Samba's schema lets nobody write who may act on behalf of others; a Windows server's does."""
_PORTS = (389, 636)
_ATTEMPTS = 3
_TAIL = 800
_CERTIFICATE_DAYS = 2
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def ensure() -> Path:
    """Return the folder with a provisioned domain, to be copied; install Samba and provision when it is missing.

    Raises:
        LabError: Samba is missing and can't be installed, or the domain can't be made.
    """
    root = cache.root().resolve()
    with cache.exclusive(root / "samba.lock", "Samba"):
        _install()
        version = _run(["samba", "--version"], "Samba").strip()
        target = root / NAME / cache.digest({"version": version, "domain": DOMAIN}, [_SOURCE], _SOURCE.parent)
        return cache.publish(target, _provision)


class ActiveDirectory:
    """A domain controller of its own; use it as a context manager.

    Attributes:
        address: its address on loopback.
        password: the password of `ADMINISTRATOR`.
        ca_file: what its certificate is trusted by.
    """

    def __init__(self) -> None:
        provisioned = ensure()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._start(provisioned)
            except ServerDiedError as error:
                # Another process may have taken the address between its choice and its use.
                if attempt == _ATTEMPTS:
                    raise LabError(NAME, got=f"it ended: {error}", expected="it serves", fix="see its log") from error
            else:
                return

    @property
    def url(self) -> str:
        """Where it is asked over TLS."""
        return f"ldaps://{self.address}"

    @property
    def plain_url(self) -> str:
        """Where it is asked, and TLS begun on the way."""
        return f"ldap://{self.address}"

    def start(self) -> None:
        """Start it; everything is as it was when it stopped."""
        self._keeper.start(NAME)
        wait_until(self._answers, lambda: self._keeper.alive(NAME), self._log)

    def stop(self) -> None:
        """Take it away; its data stay."""
        self._keeper.stop(NAME)

    def close(self) -> None:
        """Stop it and remove its folder."""
        self._keeper.close()

    def __enter__(self) -> ActiveDirectory:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _start(self, provisioned: Path) -> None:
        directory = Path(tempfile.mkdtemp(prefix="nhi-samba-"))
        self._folder, self._log = directory / NAME, directory / "server.log"
        shutil.copytree(provisioned, self._folder)
        self.password = (self._folder / "password").read_text()
        self.address = _free_address()
        self.ca_file = self._folder / "ca.pem"
        _write_certificate(self._folder, self.address)
        settings = self._folder / "smb.conf"
        settings.write_text(_settings(self._folder, self.address))
        command = ["samba", "-F", "--no-process-group", "--debug-stdout", "-M", "single", "-s", str(settings)]
        self._keeper = Keeper(directory, {NAME: Server(command, _ENVIRONMENT, str(self._log))})
        try:
            self.start()
            self._keeper.require(NAME)
        except BaseException:
            self._keeper.close()
            raise

    def _answers(self) -> bool:
        for port in _PORTS:
            try:
                socket.create_connection((self.address, port), timeout=1).close()
            except OSError:
                return False
        return True


def _install() -> None:
    programs = all(shutil.which(name, path=_ENVIRONMENT["PATH"]) for name in _PROGRAMS)
    if programs and _TEMPLATES.is_dir():
        return
    if os.geteuid() or not shutil.which("apt-get"):
        needs = f"apt-get install {' '.join(_PACKAGES)}, as root; it has to run as root too, for its port"
        raise LabError(NAME, got="not all of it on this machine", expected="Samba's domain controller", fix=needs)
    with step("Installing Samba's domain controller"):
        _run(["apt-get", "update", "-qq"], "apt-get")
        _run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", *_PACKAGES], "apt-get")


def _provision(folder: Path) -> None:
    """Make a domain; its administrator's password never expires, as the domain may be old when it is copied."""
    password = f"{secrets.token_urlsafe(20)}-Aa1"
    options = [f"--realm={DOMAIN.upper()}", f"--domain={NETBIOS}", "--server-role=dc", "--dns-backend=NONE"]
    names = ["--host-name=dc1", "--host-ip=127.0.0.1", f"--option=posix:eadb={folder / 'eadb.tdb'}"]
    command = ["samba-tool", "domain", "provision", "--configfile=/dev/null", f"--targetdir={folder}", *options, *names]
    with step("Provisioning a domain of Active Directory"):
        # Without a password on the command line it makes one by itself, and does not keep it.
        _run(command, "samba-tool domain provision")
        database = str(folder / "private" / "sam.ldb")
        made = str(folder / "etc" / "smb.conf")
        local = ["-H", database, "-s", made]
        _run(["samba-tool", "user", "setpassword", "Administrator", *local], "samba-tool", f"{password}\n{password}\n")
        _run(["samba-tool", "user", "setexpiry", "Administrator", "--noexpiry", *local], "samba-tool")
        options = [f"--configfile={made}", "--option=dsdb:schema update allowed=yes"]
        _run(["ldbmodify", "-H", database, *options], "ldbmodify", _WRITABLE)
    write_private(folder / "password", password)


def _settings(folder: Path, address: str) -> str:
    state = {
        "netbios name": "DC1",
        "realm": DOMAIN.upper(),
        "workgroup": NETBIOS,
        "server role": "active directory domain controller",
        "server services": "ldap",
        "interfaces": f"{address}/8",
        "bind interfaces only": "yes",
        "private dir": str(folder / "private"),
        "state directory": str(folder / "state"),
        "ncalrpc dir": str(folder / "ncalrpc"),
        **{f"{name} directory": str(folder) for name in ("lock", "cache", "pid")},
        "tls enabled": "yes",
        "tls keyfile": str(folder / "key.pem"),
        "tls certfile": str(folder / "ca.pem"),
        "tls cafile": str(folder / "ca.pem"),
    }
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in state.items())]) + "\n"


def _write_certificate(folder: Path, address: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"dc1.{DOMAIN}")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = (
        builder.not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(folder / "key.pem", key.private_bytes(*form).decode())
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _free_address() -> str:
    while True:
        address = ".".join(["127", *(str(secrets.randbelow(253) + 1) for _ in range(3))])
        try:
            for port in _PORTS:
                socket.create_server((address, port)).close()
        except PermissionError as error:
            fix = "run as root, or let everybody have ports from 389 on (net.ipv4.ip_unprivileged_port_start)"
            raise LabError(NAME, got=str(error), expected="ports 389 and 636 of loopback", fix=fix) from error
        except OSError:
            continue
        return address


def _run(command: list[str], what: str, told: str = "") -> str:
    done = subprocess.run(command, input=told, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        got = (done.stderr or done.stdout).strip()[-_TAIL:]
        raise LabError(what, got=got, expected="it succeeds", fix="see what it says")
    return done.stdout
