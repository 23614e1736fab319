"""Write nhi_components/core/data/azure_*.json from the public iam-dataset (github.com/iann0036/iam-dataset, MIT).

    python tools/azure_operations.py CHECKOUT… --date 2026-08-22

Each checkout is a folder with `azure/built-in-roles-raw.json` or `azure/map.json`; of the roles, the first file
counts. Only names are taken: which operations Azure has, which of them are data actions, and what built-in roles grant.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "nhi_components/core/data"
OPERATION = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)+(/[a-z0-9.$_*-]+)*/(read|write|delete|action|\*)")
GRANTED = ("actions", "notActions", "dataActions", "notDataActions")
SOURCE = "Azure built-in roles and resource provider operations, by way of github.com/iann0036/iam-dataset"


def operations(names: Iterable[str]) -> dict[str, str]:
    """Group operations by provider, in lower case, as texts that are parted by spaces."""
    providers: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if OPERATION.fullmatch(name.lower()):
            provider, _, rest = name.lower().partition("/")
            providers[provider].add(rest)
    return {provider: " ".join(sorted(rest)) for provider, rest in sorted(providers.items())}


def texts(value: Any) -> Iterator[str]:
    """Yield every key and text of JSON data."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, str):
        yield value


def granted(roles: Iterable[Any], keys: Iterable[str]) -> Iterator[str]:
    for role in roles:
        for permission in role["permissions"]:
            for key in keys:
                yield from permission[key] or ()


def compact(roles: Iterable[Any]) -> dict[str, Any]:
    """Write every action once and refer to it by number."""
    numbers: dict[str, int] = {}
    rows = []
    for role in sorted(roles, key=lambda role: str(role["roleName"])):
        permissions = [
            [[numbers.setdefault(action, len(numbers)) for action in permission[key] or ()] for key in GRANTED]
            + ([permission["condition"]] if permission["condition"] else [])
            for permission in role["permissions"]
        ]
        rows.append([role["name"], role["roleName"], permissions])
    return {"actions": list(numbers), "roles": rows}


def write(name: str, content: dict[str, Any]) -> None:
    file = TARGET / name
    file.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{file.name}: {file.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--date", required=True, help="of the roles' checkout")
    given = parser.parse_args()
    head = {"source": SOURCE, "date": given.date}
    role_files = [path for each in given.checkouts if (path := each / "azure/built-in-roles-raw.json").exists()]
    roles = json.loads(role_files[0].read_text())
    maps = [json.loads(path.read_text()) for each in given.checkouts if (path := each / "azure/map.json").exists()]
    control = {*texts(maps), *granted(roles, GRANTED[:2])}
    data = set(granted(roles, GRANTED[2:]))
    write("azure_roles.json", {**head, **compact(roles)})
    write("azure_operations.json", {**head, "control": operations(control), "data": operations(data)})


if __name__ == "__main__":
    main()
