"""`json.loads` alone: no judge of JSON documents in Python is faster."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    started = time.process_time()
    for line in lines:
        json.loads(line)
    seconds = time.process_time() - started
    print(json.dumps({"documents": len(lines), "seconds": seconds, "findings": 0}))


main()
