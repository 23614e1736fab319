"""Lists in chunks. Source: Kubernetes API concepts, 'Retrieving large results sets in chunks'.

A `continue` token tells the version at which the list was begun and the object after which it goes on. The server
shows a list as it was then; this double shows it as it is, and does not serve the token by which a client may go on
after 410.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from tools.doubles.kubernetes.answers import bad, status
from tools.doubles.messages import Refusal

Object = dict[str, Any]


def paged(
    query: Mapping[str, str], found: Sequence[Object], version: int, forgotten: int
) -> tuple[list[Object], dict[str, Any]]:
    """Choose the objects of a page.

    Args:
        query: the request's, with `limit` and `continue`.
        found: all objects, by namespace and name.
        version: of the cluster at present.
        forgotten: versions before it are gone.

    Returns:
        The objects, and the metadata of the list.
    """
    rest, begun = list(found), version
    if query.get("continue"):
        begun, after = _read(query["continue"])
        if begun < forgotten:
            text = "The provided continue parameter is too old to display a consistent list result."
            raise Refusal(status(HTTPStatus.GONE, "Expired", text))
        rest = [each for each in rest if _place(each) > after]
    limit = int(query.get("limit") or 0) or len(rest)
    metadata: dict[str, Any] = {"resourceVersion": str(begun)}
    if limit < len(rest):
        metadata["continue"] = _token(begun, rest[limit - 1])
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(rest) - limit
    return rest[:limit], metadata


def _place(found: Object) -> tuple[str, str]:
    return found["metadata"].get("namespace", ""), found["metadata"]["name"]


def _token(version: int, last: Object) -> str:
    told = {"v": "meta.k8s.io/v1", "rv": version, "start": "/".join(_place(last)) + "\0"}
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, tuple[str, str]]:
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = told["start"].rstrip("\0").partition("/")
        return int(told["rv"]), (namespace, name)
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad("continue key is not valid") from None
