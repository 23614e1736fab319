"""The documents that are judged: the managed policies of AWS, changed anew for every run."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

Document = Mapping[str, Any]


def managed_policies() -> dict[str, Document]:
    """The managed policies by name, as moto 5.2.5 bundles them (1,582) and the judge knows them."""
    packed = (resources.files("nhi_components.facts.aws") / "data/managed_policies.json.xz").read_bytes()
    policies: dict[str, Document] = json.loads(lzma.decompress(packed))["policies"]
    return policies


def mutated(document: Document, chance: random.Random) -> dict[str, Any]:
    """The same grants in another text, so that nothing that knows whole documents or statements helps.

    Statements and actions change their order, and every statement gets another Sid.
    """
    statements = document["Statement"]
    changed = [
        _mutated_statement(one, chance) for one in (statements if isinstance(statements, list) else [statements])
    ]
    chance.shuffle(changed)
    return {**document, "Statement": changed}


def _mutated_statement(statement: Document, chance: random.Random) -> dict[str, Any]:
    changed = {**statement, "Sid": f"S{chance.getrandbits(64):016x}"}
    for name in ("Action", "NotAction"):
        if isinstance(statement.get(name), list):
            changed[name] = chance.sample(statement[name], len(statement[name]))
    return changed


def write_documents(documents: Iterable[Document], file: Path, chance: random.Random) -> None:
    """Write each document, changed, on a line of its own."""
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(mutated(document, chance)) + "\n" for document in documents)


def write_requests(policies: Mapping[str, Document], count: int, file: Path, chance: random.Random) -> None:
    """Write lines for `nhi lint --format jsonl`: the set over and over, changed each time, until there are `count`."""
    names = list(policies)
    with file.open("w", encoding="utf-8") as stream:
        for number in range(count):
            name = names[number % len(names)]
            line = {
                "id": f"{name}-{number}",
                "cloud": "aws",
                "kind": "policy_document",
                "document": mutated(policies[name], chance),
            }
            stream.write(json.dumps(line) + "\n")
