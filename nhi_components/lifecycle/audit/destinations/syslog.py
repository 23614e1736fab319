"""Events to a syslog receiver: messages of RFC 5424 with octet counting over TCP (RFC 6587) or TLS (RFC 5425).

Syslog acknowledges nothing. So each batch has a connection of its own, of which our half is closed after the last
message; the batch is taken when the receiver has read up to there and closes its half, too. Over TLS that is its
close_notify, with which RFC 5425, section 4.4, has every receiver answer ours.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from nhi_components.core.errors import Problem
from nhi_components.lifecycle.audit.destinations.ports import Busy, Refused
from nhi_components.lifecycle.audit.ocsf_classes import Severity
from nhi_components.lifecycle.audit.ocsf_drafts import APP_NAME
from nhi_components.lifecycle.audit.trail import Outgoing

CONNECT_SECONDS: Final = 10.0
SECONDS: Final = 60.0
"""How long a batch may take to be sent, and the receiver to close after it."""

_LOG_AUDIT: Final = 13
"""The facility 'log audit' (RFC 5424, table 1)."""
_SEVERITIES: Final = {Severity.INFORMATIONAL: 6, Severity.LOW: 5, Severity.MEDIUM: 4, Severity.HIGH: 3}
"""Informational, notice, warning, error (RFC 5424, table 2)."""
_LONGEST_HOST, _LONGEST_MESSAGE_ID = 255, 32
_READ: Final = 4096


class SyslogDestination:
    """One receiver.

    Args:
        name: as the user wrote it.
        address: host and port.
        tls: how it is spoken to over TLS; None for plain TCP.
        seconds: see `SECONDS`.
    """

    def __init__(
        self, name: str, address: tuple[str, int], tls: ssl.SSLContext | None, seconds: float = SECONDS
    ) -> None:
        self._name = name
        self._address = address
        self._tls = tls
        self._seconds = seconds
        self._host = _printable(socket.gethostname(), _LONGEST_HOST)

    @property
    def name(self) -> str:
        """The receiver, as the user wrote it."""
        return self._name

    def send(self, events: Sequence[Outgoing]) -> None:
        """Send one batch over one connection, and wait until the receiver closes it."""
        content = b"".join(_framed(self._message(event)) for event in events)
        try:
            with socket.create_connection(self._address, CONNECT_SECONDS) as plain:
                if self._tls is None:
                    self._over(plain, content)
                else:
                    with self._tls.wrap_socket(plain, server_hostname=self._address[0]) as secure:
                        self._over_tls(secure, content)
        except ssl.SSLCertVerificationError as error:
            fix = "name the authority of its certificate with --ca, or give the host that the certificate is for"
            got = f"a certificate that is not trusted: {error.verify_message}"
            raise Refused(Problem(self._name, got, "a trusted certificate", fix)) from None
        except OSError as error:
            got = f"not read to the end ({error.strerror or type(error).__name__})"
            expected = f"a receiver that reads everything, and closes within {self._seconds:g} s"
            raise Busy(Problem(self._name, got, expected, "see the receiver's log; correct host and port")) from None

    def close(self) -> None:
        """Nothing is open."""

    def _over(self, connection: socket.socket, content: bytes) -> None:
        connection.settimeout(self._seconds)
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(_READ):
            pass

    def _over_tls(self, connection: ssl.SSLSocket, content: bytes) -> None:
        connection.settimeout(self._seconds)
        connection.sendall(content)
        connection.unwrap().close()

    def _message(self, outgoing: Outgoing) -> bytes:
        event = outgoing.event
        priority = _LOG_AUDIT * 8 + _SEVERITIES[Severity(event["severity_id"])]
        time = datetime.fromtimestamp(event["time"] / 1000, UTC).isoformat(timespec="milliseconds")
        message_id = _printable(str(event["metadata"]["event_code"]), _LONGEST_MESSAGE_ID)
        time = time.replace("+00:00", "Z")
        return f"<{priority}>1 {time} {self._host} {APP_NAME} - {message_id} - ".encode("ascii") + outgoing.line


def _framed(message: bytes) -> bytes:
    return b"%d %b" % (len(message), message)


def _printable(text: str, longest: int) -> str:
    """Keep what a field of the header may hold: printable ASCII but for the space; `-` for nothing."""
    return "".join(character for character in text if "!" <= character <= "~")[:longest] or "-"
