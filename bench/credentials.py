"""How fast a fleet of credentials is rotated: by `nhi rotate`, and by a script that sends the same requests in turn.

Every credential is an access key in three places, replaced without overlap. Requests are counted at gates first, so
that both are seen to send the same ones. Servers on loopback answer at once, which no network does: each request is
held for a stated time before it is passed on, for both alike, and both are measured without that as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from bench.credential_fleet import Servers
from bench.credential_ways import Measured, measure
from tools.lab.console import say
from tools.lab.engine import ensure
from tools.lab.gate import Request
from tools.lab.sandbox import Sandbox

AIM = 5.0
SERVICE, SCRIPT, HURRY, NOTHING = "service", "every check", "in a hurry", "no-op"
NAMES = {
    SERVICE: "nhi rotate",
    SCRIPT: "script, same requests",
    HURRY: "script, in a hurry",
    NOTHING: "nhi rotate --due, 0",
}
WRITES_PER_SECOND = 50
"""Secrets Manager user guide, quotas: PutSecretValue and UpdateSecretVersionStage, with four others, in one region."""

_WRITES = ("PutSecretValue", "UpdateSecretVersionStage")
_IAM = ("GetUser", "ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey")
_BY_SERVICE, _BY_SCRIPT = "s", "h"


@dataclass(frozen=True, slots=True)
class Row:
    """One way at one distance.

    Attributes:
        way: which way.
        milliseconds: for how long each request was held.
        requests: how many one rotation takes, by what they ask for.
        measured: what was measured.
    """

    way: str
    milliseconds: float
    requests: Mapping[str, int]
    measured: Measured

    @property
    def each(self) -> float:
        """Seconds for each credential."""
        return self.measured.seconds / self.measured.count

    def per_second(self, *operations: str) -> float:
        """Requests in a second, of those operations; of all when none is named."""
        chosen = [count for name, count in self.requests.items() if name in operations or not operations]
        return sum(chosen) / self.each


def main() -> int:
    """Measure and print; never a verdict, for machines are shared and noisy."""
    parser = argparse.ArgumentParser(prog="python -m bench.credentials")
    parser.add_argument("--count", type=int, default=200, help="credentials that nhi rotates")
    parser.add_argument("--by-hand", type=int, default=25, help="credentials that each script rotates, in turn")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--milliseconds", type=float, default=40, help="for how long each request is held")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args()
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="nhi-bench-")))
        sandbox = closing.enter_context(Sandbox(ensure()))
        servers = closing.enter_context(Servers(sandbox, folder))
        _issue(servers, {_BY_SERVICE: options.count + 1, _BY_SCRIPT: options.by_hand + 1})
        requests = _requests(servers)
        environments = {0.0: servers.straight(), options.milliseconds: servers.far(options.milliseconds, closing)}
        rows = [
            row
            for milliseconds, environment in environments.items()
            for row in _rows(requests, milliseconds, environment, options)
        ]
    if options.output == "json":
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _show(rows, options.at_once)
    return 0


def _issue(servers: Servers, fleets: Mapping[str, int]) -> None:
    for fleet, count in fleets.items():
        say(f"issuing {count} credentials over 3 places each")
        servers.make_users(fleet, count)
        measure("issue", fleet, range(count), servers.straight())


def _requests(servers: Servers) -> dict[str, Counter[str]]:
    """Count the requests of one run each way, beyond those with which its process begins."""
    with ExitStack() as closing:
        environment, gates = servers.gated(closing)

        def seen(way: str, fleet: str, count: int) -> Counter[str]:
            for gate in gates:
                gate.seen.clear()
            measure(way, fleet, range(count), environment)
            return Counter(what(request) for gate in gates for request in gate.seen)

        fleets = {SERVICE: _BY_SERVICE, SCRIPT: _BY_SCRIPT, HURRY: _BY_SCRIPT, NOTHING: _BY_SERVICE}
        return {way: seen(way, fleet, 2) - seen(way, fleet, 1) for way, fleet in fleets.items()}


def what(request: Request) -> str:
    """Tell what a request asks for, without whose: an AWS operation, or method and the beginning of the path."""
    path = request.path.partition("?")[0].split("/nhi/dev/")[0].partition("/secrets/")[0]
    return request.operation or f"{request.method} {path}"


def _rows(
    requests: Mapping[str, Mapping[str, int]],
    milliseconds: float,
    environment: Mapping[str, str],
    options: argparse.Namespace,
) -> list[Row]:
    runs = [(SERVICE, _BY_SERVICE, options.count // part) for part in (4, 2, 1)]
    runs += [(NOTHING, _BY_SERVICE, options.count), (SCRIPT, _BY_SCRIPT, options.by_hand)]
    runs += [(HURRY, _BY_SCRIPT, options.by_hand)]
    rows = []
    for way, fleet, count in runs:
        say(f"{NAMES[way]}: {count}, each request held for {milliseconds:g} ms")
        measured = measure(way, fleet, range(count + 1), environment, options.at_once)
        rows.append(Row(way, milliseconds, requests[way], measured))
    return rows


def ratio(rows: Sequence[Row], way: str, milliseconds: float) -> float:
    """How many times faster the service rotates its whole fleet, by credential, than another way one of its own."""
    (other,) = [row.each for row in rows if (row.way, row.milliseconds) == (way, milliseconds)]
    own = [row for row in rows if (row.way, row.milliseconds) == (SERVICE, milliseconds)]
    return other / max(own, key=lambda row: row.measured.count).each


def _show(rows: Sequence[Row], at_once: int) -> None:
    table = Table(Column("way", no_wrap=True), "held", "count", "s", "ms each", "sent", "sent/s", "MiB")
    for row in rows:
        measured, sent = row.measured, sum(row.requests.values())
        figures = (f"{measured.seconds:.1f}", f"{row.each * 1000:.0f}", f"{sent}", f"{row.per_second():.0f}")
        table.add_row(NAMES[row.way], f"{row.milliseconds:g}", f"{measured.count}", *figures, f"{measured.peak:.0f}")
    console = Console()
    console.print(table)
    held = sorted({row.milliseconds for row in rows})
    ratios = Table("nhi rotate is faster than", *(f"held {each:g} ms" for each in held), "aim")
    for way, aim in ((SCRIPT, f"{AIM:.0f} x where it is far"), (HURRY, "none")):
        ratios.add_row(NAMES[way], *(f"{ratio(rows, way, each):.1f} x" for each in held), aim)
    console.print(ratios)
    own = [row for row in rows if row.way == SERVICE]
    writes, of_iam = (max(row.per_second(*chosen) for row in own) for chosen in (_WRITES, _IAM))
    print(
        "held: milliseconds for which each request was held; sent: requests for each credential; MiB: at most.\n"
        f"nhi works on {at_once} at once; each script on one. At most {writes:.0f} of its requests in a second\n"
        f"changed versions of secrets, of which Secrets Manager lets {WRITES_PER_SECOND} through, and {of_iam:.0f} "
        "went\nto IAM, for which AWS tells no figure; what is throttled is slowed down and sent again.\n"
        "AWS is emulated (ministack), the cluster is a double, Vault is a real OpenBao, all on this machine: what is\n"
        "not held is as fast as they are, not as a network is."
    )


if __name__ == "__main__":
    sys.exit(main())
