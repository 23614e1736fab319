"""This project's judge, every rule on."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.rules import Judge, JudgeConfig

WARM_UP = '{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}'


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    judge, now = Judge(JudgeConfig()), datetime.now(UTC)
    findings = 0
    # Loading is start-up, which is measured by itself, as it is for the peers.
    judge.find(Facts(read_document(DocumentKind.POLICY_DOCUMENT, "document", WARM_UP)), now)
    started = time.process_time()
    for line in lines:
        facts = Facts(read_document(DocumentKind.POLICY_DOCUMENT, "document", line))
        findings += len(judge.find(facts, now))
    seconds = time.process_time() - started
    print(json.dumps({"documents": len(lines), "seconds": seconds, "findings": findings}))


main()
