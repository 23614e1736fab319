"""Vault in the story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tools.demo.access import VaultLogin
from tools.demo.clouds.cloud import Cloud, Ready, Session
from tools.lab.sandbox import Sandbox


@contextmanager
def _ready(sandbox: Sandbox, _: Path) -> Iterator[Ready]:
    yield Ready(partial(_use, sandbox))


def _use(sandbox: Sandbox, made: Mapping[str, Any]) -> Session:
    login = VaultLogin.open(sandbox, made["role"])
    claims = (
        ("its Vault token reads its own path", login.reads(made["secret"])),
        ("its Vault token is refused at another path", not login.reads("secret/nhi/demo/somebody-else")),
    )
    return Session(claims, login.works)


VAULT = Cloud("vault", "Vault", "a real server (OpenBao)", "vault.root-path", _ready)
