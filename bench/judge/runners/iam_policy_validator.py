"""iam-policy-validator with its four checks that ask no service: whole and service wildcards, NotAction, NotResource.

Its own models and checks are called in process, without its report, its progress bar and its look-ups.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from importlib import import_module
from pathlib import Path

CHECKS = {
    "full_wildcard": "FullWildcardCheck",
    "service_wildcard": "ServiceWildcardCheck",
    "wildcard_action": "WildcardActionCheck",
    "not_action_not_resource": "NotActionNotResourceCheck",
}


async def judge(lines: list[str]) -> tuple[float, int]:
    checks = [getattr(import_module(f"iam_validator.checks.{module}"), name)() for module, name in CHECKS.items()]
    config_of = import_module("iam_validator.core.check_registry").CheckConfig
    configs = [config_of(check_id=check.check_id) for check in checks]
    model = import_module("iam_validator.core.models").IAMPolicy
    findings = 0
    started = time.process_time()
    for line in lines:
        policy = model.model_validate(json.loads(line))
        for position, statement in enumerate(policy.statement or ()):
            for check, config in zip(checks, configs, strict=True):
                findings += len(await check.execute(statement, position, None, config))
    return time.process_time() - started, findings


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    seconds, findings = asyncio.run(judge(lines))
    print(json.dumps({"documents": len(lines), "seconds": seconds, "findings": findings}))


main()
