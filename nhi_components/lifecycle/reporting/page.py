"""The page: one file of HTML that asks no network, with its style, its script and what it tells.

What it tells are names that strangers have chosen: it is embedded so that no text can end its element, the script shows
it as text only, and the policy of the page lets nothing run or load but the page's own style and script, by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any, Final

SCRIPTS: Final = ("base", "inventory", "detail", "charts", "graph", "proof", "main")
"""The parts of the script, in their order; each is a file of `assets`."""
_ESCAPED: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def page(told: Mapping[str, Any]) -> bytes:
    """Write the page.

    Args:
        told: the report, as `document` gives it.
    """
    style = _asset("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(_asset(f"{name}.js") for name in SCRIPTS) + "})();\n"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    whole = Template(_asset("page.html"))
    return whole.substitute(policy=policy, style=style, script=script, told=embedded(_slim(told))).encode()


def embedded(told: object) -> str:
    """Write JSON that may stand in an element `script`: it holds no `<`, `>`, `&`, and nothing beyond ASCII."""
    return json.dumps(told, ensure_ascii=True, separators=(",", ":")).translate(_ESCAPED)


def _slim(value: Any) -> Any:
    """Leave out what is empty, which the script takes what is missing for; a score of 0 is none of that."""
    if isinstance(value, Mapping):
        slim = {str(name): _slim(inner) for name, inner in value.items()}
        return {name: inner for name, inner in slim.items() if inner not in (None, "", [], {}) and inner is not False}
    return [_slim(inner) for inner in value] if isinstance(value, list) else value


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"sha256-{digest}"
