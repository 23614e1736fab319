"""Write nhi_components/core/data/gcp_roles.json: Google Cloud's predefined roles and the permissions in them.

Run it on a checkout of the public data set https://github.com/iann0036/iam-dataset (MIT):
`python tools/gcp_roles.py CHECKOUT --date 2026-08-22`. Only names are taken: which permissions there are, by service
and type, and which of them each predefined role has.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

TARGET = Path(__file__).parent.parent / "nhi_components/core/data/gcp_roles.json"
NO_LONGER_IN_A_ROLE = ("serviceusage.apiKeys.create", "serviceusage.apiKeys.list")
"""Permissions of the published escalation methods that today's predefined roles no longer have."""


def read_roles(folder: Path) -> dict[str, frozenset[str]]:
    found = {}
    for file in sorted(folder.glob("*.json")):
        role = json.loads(file.read_text(encoding="utf-8"))
        found[role["name"].removeprefix("roles/")] = frozenset(role.get("includedPermissions", ()))
    return found


def by_service(permissions: frozenset[str]) -> dict[str, dict[str, list[str]]]:
    """Give the verbs by service and by type, in the order in which roles number them."""
    services: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for permission in sorted(permissions):
        service, _, rest = permission.partition(".")
        kind, _, verb = rest.rpartition(".")
        services[service][kind].append(verb)
    return services


def mask_of(permissions: frozenset[str], services: Mapping[str, Mapping[str, list[str]]]) -> str:
    """Write a role's permissions as `service:bits` with one bit for each permission of the service, in hexadecimal."""
    masks = []
    for service in sorted({permission.partition(".")[0] for permission in permissions}):
        names = [f"{service}.{kind}.{verb}" for kind, verbs in services[service].items() for verb in verbs]
        bits = sum(1 << number for number, name in enumerate(names) if name in permissions)
        masks.append(f"{service}:{bits:x}")
    return " ".join(masks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--date", required=True, help="the day of the checkout's newest commit, YYYY-MM-DD")
    given = parser.parse_args()
    roles = read_roles(given.checkout / "gcp/roles")
    services = by_service(frozenset().union(*roles.values(), NO_LONGER_IN_A_ROLE))
    content = {
        "source": "https://github.com/iann0036/iam-dataset, gcp/roles",
        "date": given.date,
        "permissions": {
            service: {kind: " ".join(verbs) for kind, verbs in kinds.items()} for service, kinds in services.items()
        },
        "roles": {name: mask_of(permissions, services) for name, permissions in roles.items()},
    }
    TARGET.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(roles)} roles, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
