"""cloudsplaining: its five kinds of risk in a policy document."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path

RISKS = (
    "allows_privilege_escalation",
    "permissions_management_without_constraints",
    "allows_data_exfiltration_actions",
    "credentials_exposure",
    "service_wildcard",
)


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    document_of = import_module("cloudsplaining.scan.policy_document").PolicyDocument
    findings = 0
    started = time.process_time()
    for line in lines:
        document = document_of(json.loads(line))
        findings += sum(len(getattr(document, risk)) for risk in RISKS)
    seconds = time.process_time() - started
    print(json.dumps({"documents": len(lines), "seconds": seconds, "findings": findings}))


main()
