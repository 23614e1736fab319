"""The programs that docs/credentials.md shows make whole bundles, with the keys and places that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs/credentials.md").read_text(encoding="utf-8")
USER, OTHERS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def credentials(registered: Any, text: str) -> list[dict[str, Any]]:
    made = registered(lambda: exec(compile(text, "docs/credentials.md", "exec"), {"__name__": "__main__"}))  # noqa: S102 - our own page
    leases = [each for each in made if each["type"] == "nhi:index:Lease"]
    seals = [each for each in made if each["type"] == "nhi:index:Seal"]
    found = [each["inputs"]["credential"] for each in made if each["type"] == "nhi:index:Credential"]
    assert len(leases) == len(seals) == len(found)
    return found


def places(credential: dict[str, Any]) -> list[str]:
    return [place["kind"] for place in credential["places"]]


def test_the_user_has_a_key_in_two_places(registered: Any) -> None:
    (credential,) = credentials(registered, USER)
    assert credential["source"]["kind"] == "aws-access-key"
    assert places(credential) == ["vault-kv", "secrets-manager"]
    assert (credential["rotation"]["every"], credential["rotation"]["overlap"]) == ("7d", "1d")


def test_the_others_have_the_keys_that_are_told(registered: Any) -> None:
    found = {credential["source"]["kind"]: credential for credential in credentials(registered, OTHERS)}
    assert {kind: places(credential) for kind, credential in found.items()} == {
        "vault-secret-id": ["vault-kv", "kubernetes-secret"],
        "api-key": ["vault-kv"],
        "command": ["secrets-manager", "github-secret"],
    }
    assert [dependent["name"] for dependent in found["vault-secret-id"]["dependents"]] == ["orders-api"]
