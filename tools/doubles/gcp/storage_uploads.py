"""Cloud Storage, JSON v1: what an upload's request holds, of the types `media` and `multipart`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.messages import Request


@dataclass(frozen=True, slots=True)
class Upload:
    """One object that is about to be.

    Attributes:
        name: of the object.
        told: its metadata, as it was given.
        content: its content.
    """

    name: str
    told: dict[str, Any]
    content: bytes = field(repr=False)


def upload_of(request: Request) -> Upload:
    """Read an upload; its object's name is in the query, or in the metadata."""
    match request.query.get("uploadType"):
        case "media":
            kind = request.headers.get("content-type", "application/octet-stream")
            upload = Upload(request.query.get("name", ""), {"contentType": kind}, request.body)
        case "multipart":
            upload = _multipart(request)
        case other:
            raise json_refuse("invalid", f"the double knows no uploads of type {other}")
    if not upload.name:
        raise json_refuse("required", "Required object name.")
    return upload


def _multipart(request: Request) -> Upload:
    """Two parts, `multipart/related`: metadata as JSON, then the content (RFC 2387)."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + request.body).get_payload()
    if not isinstance(parts, list) or len(parts) != len(("metadata", "content")):
        raise json_refuse("invalid", "A multipart upload has two parts: metadata and content.")
    metadata, content = parts
    told = json.loads(_bytes(metadata) or b"{}")
    if isinstance(content, Message):
        told.setdefault("contentType", content.get_content_type())
    return Upload(request.query.get("name") or told.get("name", ""), told, _bytes(content))


def _bytes(part: Any) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
