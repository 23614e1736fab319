"""parliament with its community auditors."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    analyze = import_module("parliament").analyze_policy_string
    findings = 0
    started = time.process_time()
    for line in lines:
        findings += len(analyze(line, include_community_auditors=True).findings)
    seconds = time.process_time() - started
    print(json.dumps({"documents": len(lines), "seconds": seconds, "findings": findings}))


main()
