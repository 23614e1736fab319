"""A service that speaks the protocol of hooks: behind a declared command, and behind a web hook."""

from __future__ import annotations

import json
import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nhi_components.core.connection import HookConnection
from nhi_components.core.credential.sources import CommandSource, HttpSource, SourceSpec
from nhi_components.core.lease_id import new_lease_id
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_credentials
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Material
from tools.doubles import hooked
from tools.doubles.server import HttpDouble, Request, route

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

PROGRAM = Path(hooked.__file__)
VALUE = "api_key"


class _HookWorld(ABC):
    """What both have in common."""

    system = System.HOOK
    can_disable = True
    tells_use = True
    caller_proves = False
    """No hook is known before a source is opened, so the caller is a user of this machine, and proves nothing."""

    def __init__(self, setting: Setting) -> None:
        self._environment = setting.environment
        self.token = secrets.token_urlsafe(16)
        self.credentials = [self.token]
        setting.environment.setenv(hooked.TOKEN_VARIABLE, self.token)

    @contextmanager
    @abstractmethod
    def service(self) -> Iterator[hooked.Service]:
        """The service itself, as its administrator sees it."""

    @abstractmethod
    def spec(self, account: str) -> SourceSpec:
        """A source that issues for an account of the service."""

    def open(self) -> CredentialSystem:
        return open_credentials(self.system, "default", HookConnection())

    def open_wrong(self) -> CredentialSystem:
        self._environment.setenv(hooked.TOKEN_VARIABLE, "another-token")
        return self.open()

    def source(self, tags: LeaseTags) -> SourceSpec:
        return self._with_account(tags)

    def foreign_source(self, tags: LeaseTags) -> SourceSpec:
        return self._with_account(replace(tags, lease=new_lease_id(b"somebody else")))

    def create_by_hand(self, spec: SourceSpec) -> str:
        with self.service() as service:
            key_id, value = service.make_key(_account(spec))
        self.credentials.append(value)
        return key_id

    def ids(self, spec: SourceSpec) -> list[str]:
        with self.service() as service:
            return list(service.accounts[_account(spec)]["keys"])

    def accepts(self, spec: SourceSpec, material: Material) -> bool:
        with self.service() as service:
            return service.accepts(_account(spec), material.key_id, material.fields[VALUE])

    def _with_account(self, tags: LeaseTags) -> SourceSpec:
        name = f"{tags.identity}-{tags.lease}"
        with self.service() as service:
            service.make_account(name, tags.lease)
        return self.spec(name)


class CommandWorld(_HookWorld):
    """The command keeps everything in a file."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._file, self._away = setting.folder / "service.json", setting.folder / "service.away"
        self._file.write_text(json.dumps({"token": self.token, "accounts": {}}))

    @contextmanager
    def service(self) -> Iterator[hooked.Service]:
        kept = json.loads(self._file.read_text())
        yield hooked.Service(kept["accounts"])
        self._file.write_text(json.dumps(kept))

    def spec(self, account: str) -> SourceSpec:
        return CommandSource(command=(sys.executable, str(PROGRAM), str(self._file)), account=account)

    def stop(self) -> None:
        self._file.rename(self._away)

    def start(self) -> None:
        self._away.rename(self._file)


class WebHook(HttpDouble):
    """A web hook in front of the service."""

    def __init__(self) -> None:
        super().__init__()
        self.service = hooked.Service()
        self.mount(self)

    @route("POST", "/hook")
    def answer(self, request: Request) -> object:
        return self.service.answer(request.json())


class HttpWorld(_HookWorld):
    """The web hook keeps everything in memory."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.double = setting.closing.enter_context(WebHook())
        self.double.grant(self.token, "nhi")

    @contextmanager
    def service(self) -> Iterator[hooked.Service]:
        with self.double.lock:
            yield self.double.service

    def spec(self, account: str) -> SourceSpec:
        return HttpSource(url=f"{self.double.url}/hook", account=account, token_variable=hooked.TOKEN_VARIABLE)

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()


def _account(spec: SourceSpec) -> str:
    assert isinstance(spec, CommandSource | HttpSource)
    return spec.account


SOURCES = {"hook_command": CommandWorld, "hook_http": HttpWorld}
