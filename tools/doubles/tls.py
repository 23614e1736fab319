"""Certificates for doubles whose clients refuse plain HTTP: an authority of the test's own, for 127.0.0.1 only.

A test names the authority's certificate to the clients by their usual environment variables, REQUESTS_CA_BUNDLE and
SSL_CERT_FILE; so no product code knows of doubles.
"""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


@cache
def _made() -> tuple[bytes, bytes]:
    """The authority's certificate; the server's certificate with its key. Made once a process."""
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("nhi doubles", "127.0.0.1")
    )
    now = datetime.now(UTC)

    def begun(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        authority_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        builder = builder.not_valid_before(now - _DAY).not_valid_after(now + _DAY)
        return builder.add_extension(identifier, critical=False).add_extension(authority_identifier, critical=False)

    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root = begun(issuer, authority).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root_certificate = root.add_extension(usage, critical=True).sign(authority, hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = begun(subject, server).add_extension(names, critical=False).sign(authority, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    key = server.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    return root_certificate.public_bytes(pem), certificate.public_bytes(pem) + key


def server_context() -> ssl.SSLContext:
    """What a double listens with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(_made()[1])
        file.flush()
        context.load_cert_chain(file.name)
    return context


def write_authority(folder: Path) -> Path:
    """Write the authority's certificate, for REQUESTS_CA_BUNDLE and SSL_CERT_FILE."""
    file = folder / "doubles-authority.pem"
    file.write_bytes(_made()[0])
    return file
