"""GitLab, doubled, with CI/CD variables of a project as places: hidden ones, and those of a GitLab before 17.4."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from nhi_components.core.connection import GitLabConnection
from nhi_components.core.credential.places import GitLabVariablePlace
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gitlab.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import Material
from tools.doubles.gitlab import MAINTAINER, GitLabDouble

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

PROJECT, SCOPE = "acme/shop/orders", "prod/*"
VARIABLES = {"role_id": "VAULT_ROLE_ID", "secret_id": "VAULT_SECRET_ID"}


class GitLabVariableWorld:
    system = System.GITLAB
    keeps_lease = True
    tells_key = True
    compares = True
    keeps_older = False

    def __init__(self, setting: Setting, *, hides: bool = True) -> None:
        self.double = setting.closing.enter_context(GitLabDouble())
        self.double.hides = hides
        token, wrong = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.double.grant(token, "project_1_bot")
        self.project = self.double.api.add_project(PROJECT, project_1_bot=MAINTAINER)
        setting.environment.setenv("GITLAB_TOKEN", token)
        setting.environment.setenv("OTHER_TOKEN", wrong)
        self.credentials = [token, wrong]

    def open(self) -> Credentials:
        return Credentials("default", GitLabConnection(endpoint=self.double.url))

    def open_wrong(self) -> Credentials:
        return Credentials("default", GitLabConnection(endpoint=self.double.url, token_variable="OTHER_TOKEN"))

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()

    def place(self, tags: LeaseTags) -> GitLabVariablePlace:
        return GitLabVariablePlace(project=PROJECT, environment_scope=SCOPE, variables=VARIABLES)

    def material(self, key_id: str) -> Material:
        fields = {"role_id": secrets.token_hex(8), "secret_id": f"{secrets.token_urlsafe(30)}$HOME"}
        self.credentials += fields.values()
        return Material(key_id, fields)

    def values(self, spec: GitLabVariablePlace) -> Mapping[str, str] | None:
        found = {field: self.project.variables.get((key, SCOPE)) for field, key in VARIABLES.items()}
        return {field: variable["value"] for field, variable in found.items() if variable} or None

    def change_by_hand(self, spec: GitLabVariablePlace) -> None:
        """What GitLab lets be seen: besides the value, a flag. A value alone would not show; see the place."""
        with self.double.lock:
            self.project.variables["VAULT_SECRET_ID", SCOPE] |= {"value": "by-hand-by-hand", "protected": False}

    def put_namesake(self, spec: GitLabVariablePlace) -> None:
        self._put("VAULT_SECRET_ID", "somebody-else-s")

    def everything(self, spec: GitLabVariablePlace) -> list[str]:
        return sorted("@".join(key) for key in self.project.variables)

    def _put(self, key: str, value: str) -> None:
        flags = {"protected": True, "masked": True, "raw": True, "hidden": False, "variable_type": "env_var"}
        with self.double.lock:
            made = {"key": key, "value": value, "environment_scope": SCOPE, "description": "for the shop", **flags}
            self.project.variables[key, SCOPE] = made


PLACES = {
    "gitlab-variable": GitLabVariableWorld,
    "gitlab-variable-shown": partial(GitLabVariableWorld, hides=False),
}
