"""What the API server fills in and refuses, by kind."""

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus
from typing import Any

from tools.doubles.kubernetes.answers import Key, invalid, status
from tools.doubles.kubernetes.kinds import RBAC, kind_of, named
from tools.doubles.messages import Refusal

Object = dict[str, Any]
_DNS = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", re.ASCII)
_PATH_SEGMENTS = {"roles", "rolebindings", "clusterroles", "clusterrolebindings"}
_FIXED = {
    "secrets": ("type",),
    "rolebindings": ("roleRef",),
    "clusterrolebindings": ("roleRef",),
}
"""What can't be changed once it is there."""


def normal(key: Key, body: Object) -> Object:
    """Fill in what the server fills in, and refuse what it refuses."""
    kinds, _, name = key
    kind = kind_of(str(body.get("apiVersion", "")).rpartition("/")[0], kinds) or named(kinds)
    kept = {each: value for each, value in body.items() if each != "stringData"}
    made = {"apiVersion": kind.version, "kind": kind.name, **kept}
    _refuse_name(kinds, name)
    for label, value in (body["metadata"].get("labels") or {}).items():
        if not _LABEL.fullmatch(str(value)):
            raise invalid(
                kinds, name, "metadata.labels", f'Invalid value: "{value}": a valid label of {label} is needed'
            )
    match kinds:
        case "secrets":
            return _secret(body, made)
        case "roles" | "clusterroles":
            return {**made, "rules": _rules(kinds, name, body)}
        case "rolebindings" | "clusterrolebindings":
            return _binding(kinds, name, made)
    return made


def refuse_immutable(key: Key, before: Object, after: Object) -> None:
    """Refuse a change of what is fixed."""
    fixed = ("data", "immutable") if before.get("immutable") else ()
    for field in (*fixed, *_FIXED.get(key[0], ())):
        if before.get(field) != after.get(field):
            told = {"type": "field is immutable", "roleRef": "cannot change roleRef"}
            why = told.get(field, "field is immutable when `immutable` is set")
            what = "Invalid value" if field == "roleRef" else "Forbidden"
            raise invalid(key[0], key[2], field, f"{what}: {why}")


def _refuse_name(kinds: str, name: str) -> None:
    fits = not set("/%") & set(name) and name not in (".", "..") if kinds in _PATH_SEGMENTS else _DNS.fullmatch(name)
    if not fits:
        raise invalid(kinds, name, "metadata.name", f'Invalid value: "{name}"')


def _secret(body: Object, made: Object) -> Object:
    told = body.get("stringData") or {}
    added = {name: base64.b64encode(value.encode()).decode() for name, value in told.items()}
    data = {**(body.get("data") or {}), **added}
    for value in data.values():
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            text = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data'
            raise Refusal(status(HTTPStatus.BAD_REQUEST, "BadRequest", text)) from None
    return {"type": "Opaque", **made, "data": data}


def _rules(kinds: str, name: str, body: Object) -> list[Object]:
    rules: list[Object] = body.get("rules") or []
    for index, rule in enumerate(rules):
        for field, why in (
            ("verbs", "verbs must contain at least one value"),
            ("apiGroups", "resource rules must supply at least one api group"),
            ("resources", "resource rules must supply at least one resource"),
        ):
            if not rule.get(field):
                raise invalid(kinds, name, f"rules[{index}].{field}", f"Required value: {why}")
    return rules


def _binding(kinds: str, name: str, made: Object) -> Object:
    reference = made.get("roleRef") or {}
    allowed = {"ClusterRole"} if kinds == "clusterrolebindings" else {"Role", "ClusterRole"}
    if reference.get("apiGroup", RBAC) != RBAC or reference.get("kind") not in allowed:
        raise invalid(kinds, name, "roleRef.kind", f'Unsupported value: "{reference.get("kind", "")}"')
    if not reference.get("name"):
        raise invalid(kinds, name, "roleRef.name", "Required value")
    subjects = [_subject(kinds, name, index, each) for index, each in enumerate(made.get("subjects") or [])]
    whole = {**made, "roleRef": {"apiGroup": RBAC, **reference}}
    return {**whole, "subjects": subjects} if "subjects" in made else whole


def _subject(kinds: str, name: str, index: int, subject: Object) -> Object:
    if subject.get("kind") not in ("User", "Group", "ServiceAccount"):
        raise invalid(kinds, name, f"subjects[{index}].kind", f'Unsupported value: "{subject.get("kind", "")}"')
    if not subject.get("name"):
        raise invalid(kinds, name, f"subjects[{index}].name", "Required value")
    if subject["kind"] == "ServiceAccount":
        if not subject.get("namespace"):
            raise invalid(kinds, name, f"subjects[{index}].namespace", "Required value")
        return subject
    return {"apiGroup": RBAC, **subject}
