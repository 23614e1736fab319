"""Starts the emulator with what it gets wrong, and tests depend on, put right. Runs in the emulator's own environment.

CreateSecret: without a value AWS makes no version ('If you don't include SecretString or SecretBinary, no version is
created', CreateSecret API); the emulator makes an empty one and calls it the current.
"""

from __future__ import annotations

from typing import Any

from ministack.app import main  # type: ignore[import-not-found] # installed in the emulator's environment only
from ministack.services import secretsmanager  # type: ignore[import-not-found] # likewise

_store = secretsmanager._store_new_secret


def _store_without_empty_version(name: str, secret_string: Any = None, secret_binary: Any = None, **fields: Any) -> Any:
    arn, version = _store(name, secret_string=secret_string, secret_binary=secret_binary, **fields)
    if secret_string is None and secret_binary is None:
        secretsmanager._secrets[name]["Versions"].clear()
        version = None
    return arn, version


secretsmanager._store_new_secret = _store_without_empty_version

if __name__ == "__main__":
    main()
