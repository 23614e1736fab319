"""Opens the destination that a user has written down."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from nhi_components.core.errors import Problem, SpecError
from nhi_components.lifecycle.audit.destinations.file import FileDestination
from nhi_components.lifecycle.audit.destinations.http import Collector, HttpDestination
from nhi_components.lifecycle.audit.destinations.ports import Destination
from nhi_components.lifecycle.audit.destinations.syslog import SyslogDestination
from nhi_components.lifecycle.evidence.parts import names_a_credential

SYSLOG_TLS_PORT: Final = 6514
"""RFC 5425, section 4.1."""

_FORMS: Final = "file:PATH, syslog://HOST:PORT, syslog+tls://HOST[:6514], https://HOST/PATH"


@dataclass(frozen=True, slots=True)
class Options:
    """What goes beside the destination.

    Attributes:
        authorization: the environment variable with the value of the header Authorization.
        lines: send lines of JSON to a collector rather than an array.
        authority: file with the certificates to trust, in PEM.
        certificate: file with our own certificate and its key, in PEM.
    """

    authorization: str | None = None
    lines: bool = False
    authority: Path | None = None
    certificate: Path | None = None


def open_destination(written: str, options: Options) -> Destination:
    """Open a destination; nothing is sent or made yet.

    Raises:
        SpecError: it is none, or the options do not fit.
    """
    scheme, _, rest = written.partition(":")
    problems = _misfits(scheme, options)
    if scheme == "file":
        path = rest[2:] if rest.startswith("///") else rest
        if not path or path.startswith("//"):
            problems.append(_problem("no path", "file:PATH", "write file:audit.jsonl or file:/var/log/nhi.jsonl"))
        _refuse(problems)
        return FileDestination(Path(path).expanduser().absolute())
    try:
        split = urlsplit(written)
        port = split.port
    except ValueError:
        split, port = urlsplit(""), None
    problems += _in_url(split, port)
    _refuse(problems)
    host = split.hostname or ""
    if split.scheme == "syslog":
        return SyslogDestination(written, (host, port or 0), None)
    if split.scheme == "syslog+tls":
        return SyslogDestination(written, (host, port or SYSLOG_TLS_PORT), _context(options))
    authority = str(options.authority) if options.authority else None
    certificate = str(options.certificate) if options.certificate else None
    return HttpDestination(Collector(written, options.authorization, options.lines, authority, certificate))


def _in_url(split: SplitResult, port: int | None) -> list[Problem]:
    problems = []
    if split.scheme not in ("syslog", "syslog+tls", "http", "https") or not split.hostname:
        return [_problem("no destination of a known form", _FORMS, "write it in one of these forms")]
    if split.username is not None or split.password is not None:
        fix = "name the variable that holds it with --authorization-from; command lines are seen by others"
        problems.append(_problem("a user or password in it", "a URL without credentials", fix))
    if any(names_a_credential(name) for name, _ in parse_qsl(split.query, keep_blank_values=True)):
        fix = "name the variable that holds the header with --authorization-from"
        problems.append(_problem("a credential in its query", "a URL without credentials", fix))
    if split.scheme == "syslog" and not port:
        problems.append(_problem("no port", "syslog://HOST:PORT", "write the port, such as 601"))
    if split.scheme == "http" and not _is_loopback(split.hostname):
        problems.append(_problem("http", "https, but for this machine", f"write https://{split.hostname}"))
    if split.scheme.startswith("syslog") and (split.path.strip("/") or split.query):
        problems.append(_problem("more than host and port", "syslog://HOST:PORT", "leave the path away"))
    return problems


def _misfits(scheme: str, options: Options) -> list[Problem]:
    given = {
        "--authorization-from": (options.authorization is not None, ("http", "https")),
        "--ndjson": (options.lines, ("http", "https")),
        "--ca": (options.authority is not None, ("https", "syslog+tls")),
        "--client-certificate": (options.certificate is not None, ("https", "syslog+tls")),
    }
    return [
        Problem(option, f"given with a destination {scheme[:20]}", " or ".join(fitting), "leave it away")
        for option, (is_given, fitting) in given.items()
        if is_given and scheme not in fitting
    ]


def _context(options: Options) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=options.authority)
        if options.certificate:
            context.load_cert_chain(options.certificate)
    except (OSError, ssl.SSLError) as error:
        expected, fix = "certificates in PEM", "correct --ca or --client-certificate"
        raise SpecError("nhi audit export", [Problem("certificates", type(error).__name__, expected, fix)]) from None
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(got: str, expected: str, fix: str) -> Problem:
    return Problem("--to", got, expected, fix)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise SpecError("nhi audit export", problems)
