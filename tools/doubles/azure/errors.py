"""Errors as Entra, Microsoft Graph, Key Vault, Azure Resource Manager and the data planes word them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from tools.doubles.messages import Answer, Refusal


def entra(status: int, error: str, number: int, text: str) -> Refusal:
    """An error of the token endpoint, with its AADSTS number."""
    trace = str(uuid4())
    said = f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace}"
    body = {"error": error, "error_description": said, "error_codes": [number], "trace_id": trace}
    return Refusal(Answer(status, body | {"correlation_id": trace}))


def graph(status: int, code: str, message: str) -> Answer:
    """An error of Microsoft Graph."""
    return Answer(status, {"error": {"code": code, "message": message, "innerError": {}}})


def vault(status: int, code: str, message: str, inner: str = "") -> Answer:
    """An error of Key Vault."""
    error: dict[str, Any] = {"code": code, "message": message}
    return Answer(status, {"error": error | ({"innererror": {"code": inner}} if inner else {})})


def arm(status: int, code: str, message: str) -> Refusal:
    """An error of Azure Resource Manager or a resource provider behind it."""
    return Refusal(Answer(status, {"error": {"code": code, "message": message}}, {"x-ms-failure-cause": "gateway"}))


def storage(status: int, code: str, message: str) -> Refusal:
    """An error of the blob service, as XML."""
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="utf-8"?>{text}'
    return Refusal(Answer(status, body, {"Content-Type": "application/xml", "x-ms-error-code": code}))


def messaging(status: int, message: str) -> Refusal:
    """An error of Service Bus or Event Hubs, as XML."""
    body = f"<Error><Code>{status}</Code><Detail>{escape(message)}</Detail></Error>"
    return Refusal(Answer(status, body, {"Content-Type": "application/xml; charset=utf-8"}))


def cosmos(status: int, code: str, message: str) -> Refusal:
    """An error of Cosmos DB."""
    return Refusal(Answer(status, {"code": code, "message": message}))


def registry(status: int, code: str, message: str, detail: Any = None) -> Refusal:
    """An error of a container registry."""
    return Refusal(Answer(status, {"errors": [{"code": code, "message": message, "detail": detail}]}))
