"""Credentials as secrets of GitHub Actions: of a repository, or of one of its environments.

The token needs the repository permission 'Secrets', for an environment 'Environments', to read and write. Secrets of
organizations are not supported: a credential belongs to one identity, and they reach many repositories.
"""

from __future__ import annotations

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.credential.places import GitHubSecretPlace, PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.github.secret_place import SecretsOfGitHub
from nhi_components.lifecycle.adapters.github.session import Denied, GitHubSession
from nhi_components.lifecycle.credentials.ports import NoSuchKind, NotSearchable, Place, Source
from nhi_components.lifecycle.ports import Caller

_INSTALLATION = "the installation of a GitHub App"


class Credentials:
    """One GitHub, as `CredentialSystem`."""

    def __init__(self, name: str, connection: GitHubConnection) -> None:
        self._session = GitHubSession(name, connection)

    def caller(self) -> Caller:
        """Tell the user; an App's installation is no user, and is asked what it may see instead."""
        try:
            answer = self._session.get("/user")
            login = str(answer.data["login"]) if answer else ""
        except Denied:
            self._session.get("/installation/repositories?per_page=1")
            login = _INSTALLATION
        return Caller(System.GITHUB, self._session.name, login, self._session.host)

    def source(self, spec: SourceSpec) -> Source:
        """Refuse: GitHub's own tokens are not issued by an API."""
        fix = "choose another source; a workflow has a token of its own, and OIDC for clouds"
        raise NoSuchKind(f"github.{self._session.name}: got {spec.kind}, expected github-secret; fix: {fix}")

    def place(self, spec: PlaceSpec) -> Place:
        """Open the secrets of a repository or an environment."""
        if not isinstance(spec, GitHubSecretPlace):
            raise NoSuchKind(
                f"github.{self._session.name}: got {spec.kind}, expected github-secret; fix: correct the place's kind"
            )
        return SecretsOfGitHub(self._session, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Refuse: GitHub keeps no marks on secrets."""
        raise NotSearchable(
            f"github.{self._session.name}: secrets of Actions bear no marks, so only those that are known by name can "
            "be looked for; fix: name each in the program"
        )
