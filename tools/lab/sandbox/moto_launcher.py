"""Starts moto with an administrator, and with what it gets wrong, and tests depend on, put right.

It runs in the emulators' own environment. An inactive access key is refused like one that does not exist (IAM user
guide, 'Managing access keys': a deactivated key can't be used for API calls); moto lets it in.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from moto.iam import access_control, iam_backends  # type: ignore[import-not-found] # in the emulators' environment only
from moto.server import main  # type: ignore[import-not-found] # likewise

_ADMINISTRATOR = "administrator"
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class _ActiveAccessKey(access_control.IAMUserAccessKey):  # type: ignore[misc] # its base is installed elsewhere
    def __init__(self, account_id: str, partition: str, access_key_id: str, headers: Any) -> None:
        super().__init__(account_id=account_id, partition=partition, access_key_id=access_key_id, headers=headers)
        keys = self.backend.get_user(self._owner_user_name).access_keys
        if any(key.access_key_id == access_key_id and key.status != "Active" for key in keys):
            raise access_control.CreateAccessKeyFailure(reason="InvalidId")


access_control.IAMUserAccessKey = _ActiveAccessKey


def _make_administrator() -> None:
    backend = iam_backends[os.environ["MOTO_ACCOUNT_ID"]]["aws"]
    backend.create_user("eu-central-1", _ADMINISTRATOR)
    backend.put_user_policy(_ADMINISTRATOR, "everything", json.dumps(_EVERYTHING))
    key = backend.create_access_key(_ADMINISTRATOR)
    key.secret_access_key = os.environ["NHI_MOTO_SECRET_KEY"]
    Path(os.environ["NHI_MOTO_KEY_FILE"]).write_text(key.access_key_id)


if __name__ == "__main__":
    _make_administrator()
    main(["-H", "127.0.0.1", "-p", os.environ["NHI_MOTO_PORT"]])
