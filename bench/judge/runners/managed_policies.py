"""The managed policies of AWS that moto bundles: `{name: document}` on standard output."""

from __future__ import annotations

import json
from importlib import import_module


def main() -> None:
    policies = json.loads(import_module("moto.iam.aws_managed_policies").aws_managed_policies_data)
    print(json.dumps({name: policy["Document"] for name, policy in sorted(policies.items())}))


main()
