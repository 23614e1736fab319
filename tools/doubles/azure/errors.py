"""Errors as Entra, Microsoft Graph and Key Vault word them."""

from __future__ import annotations

from typing import Any

from tools.doubles.messages import Answer, Refusal


def entra(status: int, error: str, number: int, text: str) -> Refusal:
    """An error of the token endpoint, with its AADSTS number."""
    body = {"error": error, "error_description": f"AADSTS{number}: {text}", "error_codes": [number]}
    return Refusal(Answer(status, body))


def graph(status: int, code: str, message: str) -> Answer:
    """An error of Microsoft Graph."""
    return Answer(status, {"error": {"code": code, "message": message, "innerError": {}}})


def vault(status: int, code: str, message: str, inner: str = "") -> Answer:
    """An error of Key Vault."""
    error: dict[str, Any] = {"code": code, "message": message}
    return Answer(status, {"error": error | ({"innererror": {"code": inner}} if inner else {})})
