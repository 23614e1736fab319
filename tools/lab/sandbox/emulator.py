"""Starts the emulator with what it gets wrong, and tests depend on, put right. Runs in the emulator's own environment.

CreateSecret: without a value AWS makes no version ('If you don't include SecretString or SecretBinary, no version is
created', CreateSecret API); the emulator makes an empty one and calls it the current.

AssumeRole: AWS tests a trust policy against the source identity that the caller gives, and asks for leave to set it
(IAM user guide, 'Monitor and control actions taken with assumed roles'); the emulator knows neither.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from ministack.app import main  # type: ignore[import-not-found] # installed in the emulator's environment only
from ministack.core import iam_evaluator  # type: ignore[import-not-found] # likewise
from ministack.services import secretsmanager, sts  # type: ignore[import-not-found] # likewise

_store = secretsmanager._store_new_secret


def _store_without_empty_version(name: str, secret_string: Any = None, secret_binary: Any = None, **fields: Any) -> Any:
    arn, version = _store(name, secret_string=secret_string, secret_binary=secret_binary, **fields)
    if secret_string is None and secret_binary is None:
        secretsmanager._secrets[name]["Versions"].clear()
        version = None
    return arn, version


secretsmanager._store_new_secret = _store_without_empty_version

_session_tags, _evaluate = sts._session_tags, iam_evaluator.evaluate_trust_policy
_source_identity: ContextVar[str | None] = ContextVar("source_identity", default=None)


def _note_source_identity(params: Any, **options: Any) -> Any:
    _source_identity.set(sts._p(params, "SourceIdentity", None))
    return _session_tags(params, **options)


def _evaluate_with_source_identity(trust: Any, caller: str, context: Any = None) -> bool:
    given = _source_identity.get()
    if context is None or given is None or context.action != "sts:AssumeRole":
        return bool(_evaluate(trust, caller, context))
    known = replace(context, service_context={**context.service_context, "sts:sourceidentity": given})
    setting = replace(known, action="sts:SetSourceIdentity")
    return bool(_evaluate(trust, caller, known)) and bool(_evaluate(trust, caller, setting))


sts._session_tags = _note_source_identity
iam_evaluator.evaluate_trust_policy = _evaluate_with_source_identity

if __name__ == "__main__":
    main()
