"""GitHub, doubled, with secrets of a repository and of an environment as places."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import pytest

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.credential.places import GitHubSecretPlace
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.github.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import Material
from tools.doubles.github import GitHubDouble, Holder

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

REPOSITORY, ENVIRONMENT = "acme/orders", "prod/eu"
VARIABLES = {"access_key_id": "AWS_ACCESS_KEY_ID", "secret_access_key": "Aws_Secret_Access_Key"}


class GitHubSecretWorld:
    system = System.GITHUB
    keeps_lease = False
    tells_key = False
    compares = True
    keeps_older = False

    def __init__(self, setting: Setting, environment: str | None = None) -> None:
        self.double = setting.closing.enter_context(GitHubDouble())
        token, self._wrong = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.double.grant(token, "octo-deployer")
        self.repository = self.double.api.add_repository(REPOSITORY, "octo-deployer", environments=(ENVIRONMENT,))
        self._environment = environment
        self._variables: pytest.MonkeyPatch = setting.environment
        self._variables.setenv("GITHUB_TOKEN", token)
        self._variables.setenv("OTHER_TOKEN", self._wrong)
        self.credentials = [token, self._wrong]

    @property
    def holder(self) -> Holder:
        return self.repository.environments[ENVIRONMENT] if self._environment else self.repository

    def open(self) -> Credentials:
        return Credentials("default", GitHubConnection(endpoint=self.double.url))

    def open_wrong(self) -> Credentials:
        return Credentials("default", GitHubConnection(endpoint=self.double.url, token_variable="OTHER_TOKEN"))

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()

    def place(self, tags: LeaseTags) -> GitHubSecretPlace:
        return GitHubSecretPlace(repository=REPOSITORY, environment=self._environment, variables=VARIABLES)

    def material(self, key_id: str) -> Material:
        fields = {"access_key_id": key_id, "secret_access_key": f"{secrets.token_urlsafe(30)}\nü", "region": "eu"}
        self.credentials.append(fields["secret_access_key"])
        return Material(key_id, {name: fields[name] for name in VARIABLES})

    def values(self, spec: GitHubSecretPlace) -> Mapping[str, str] | None:
        found = {field: self.holder.secrets.get(name.upper()) for field, name in VARIABLES.items()}
        return {field: secret.value for field, secret in found.items() if secret} or None

    def change_by_hand(self, spec: GitHubSecretPlace) -> None:
        """As a person does it: never in the second of the write before."""
        time.sleep(1.05)
        with self.double.lock:
            self.double.api.write(self.holder, "AWS_SECRET_ACCESS_KEY", "by hand")

    def put_namesake(self, spec: GitHubSecretPlace) -> None:
        with self.double.lock:
            self.double.api.write(self.holder, "AWS_SECRET_ACCESS_KEY", "somebody else's")

    def everything(self, spec: GitHubSecretPlace) -> list[str]:
        return sorted(self.holder.secrets)


PLACES = {
    "github-secret": GitHubSecretWorld,
    "github-environment-secret": partial(GitHubSecretWorld, environment=ENVIRONMENT),
}
