"""Credentials as CI/CD variables of GitLab projects.

The token's user needs the role Maintainer in each project, and the token the scope `api`. A lease is looked for in
every project in which that user has it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nhi_components.core.connection import GitLabConnection
from nhi_components.core.credential.places import GitLabVariablePlace, PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.gitlab.marks import mark_of
from nhi_components.lifecycle.adapters.gitlab.session import Denied, GitLabSession
from nhi_components.lifecycle.adapters.gitlab.variable_place import VariablesOfGitLab
from nhi_components.lifecycle.credentials.ports import NoSuchKind, NotSearchable, Place, Source
from nhi_components.lifecycle.ports import Caller

_MAINTAINER = "40"


class Credentials:
    """One GitLab, as `CredentialSystem`."""

    def __init__(self, name: str, connection: GitLabConnection) -> None:
        self._session = GitLabSession(name, connection)

    def caller(self) -> Caller:
        """Tell the user; the account is GitLab's URL."""
        return Caller(System.GITLAB, self._session.name, self._session.who(), self._session.address)

    def source(self, spec: SourceSpec) -> Source:
        """Refuse: a job has tokens of its own."""
        fix = "choose another source; a job has a token of its own, and ID tokens for clouds"
        raise NoSuchKind(f"gitlab.{self._session.name}: got {spec.kind}, expected gitlab-variable; fix: {fix}")

    def place(self, spec: PlaceSpec) -> Place:
        """Open the variables of a project and a scope."""
        if not isinstance(spec, GitLabVariablePlace):
            raise NoSuchKind(
                f"gitlab.{self._session.name}: got {spec.kind}, expected gitlab-variable; fix: correct the place's kind"
            )
        return VariablesOfGitLab(self._session, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Read the descriptions of the variables of every project that the token maintains."""
        query = {"membership": "true", "min_access_level": _MAINTAINER, "simple": "true", "per_page": "100"}
        projects = self._session.pages("/projects", query)
        return [link for project in projects for link in self._links(project, lease_id)]

    def _links(self, project: dict[str, Any], lease_id: str) -> list[Link]:
        path = str(project["path_with_namespace"])
        try:
            variables = self._session.pages(f"/projects/{project['id']}/variables", {"per_page": "100"})
        except Denied as denied:
            raise NotSearchable(str(denied)) from None
        groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
        for variable in variables:
            mark = mark_of(variable)
            if mark and mark.lease == lease_id:
                groups[mark.place, str(variable.get("environment_scope", "*"))][mark.field] = variable
        return [self._link(path, scope, found) for (_, scope), found in groups.items()]

    def _link(self, project: str, scope: str, found: dict[str, dict[str, Any]]) -> Link:
        spec = GitLabVariablePlace(
            connection=self._session.name,
            project=project,
            environment_scope=scope,
            protected=all(variable.get("protected") for variable in found.values()),
            variables={field: str(variable["key"]) for field, variable in found.items()},
        )
        return spec.link()
