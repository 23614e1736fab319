"""Google Cloud as far as credentials go: keys of service accounts, secrets of Secret Manager."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from urllib.parse import quote

from nhi_components.core.connection import GcpConnection
from nhi_components.core.credential.places import GcpSecretPlace, PlaceSpec
from nhi_components.core.credential.sources import GcpServiceAccountKeySource, SourceSpec
from nhi_components.core.links import Link, System
from nhi_components.core.tags import lease_of_description
from nhi_components.lifecycle.adapters.gcp.keys import ServiceAccountKeys
from nhi_components.lifecycle.adapters.gcp.place import SecretHome
from nhi_components.lifecycle.adapters.gcp.secrets import Secrets
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession
from nhi_components.lifecycle.credentials.ports import NoSuchKind, NotSearchable
from nhi_components.lifecycle.ports import Caller


class Credentials:
    """Google Cloud through one connection.

    Attributes:
        session: the connection.
    """

    def __init__(self, name: str, connection: GcpConnection) -> None:
        self.session = GcpSession(name, connection)
        self._lock = Lock()
        self._named = bool(connection.projects)
        self._projects = set(connection.projects)

    def caller(self) -> Caller:
        """Tell whose token the connection gets."""
        principal = self.session.principal()
        return Caller(System.GCP, self.session.name, principal, self.session.project)

    def source(self, spec: SourceSpec) -> ServiceAccountKeys:
        """Open the keys of a service account."""
        if not isinstance(spec, GcpServiceAccountKeySource):
            raise NoSuchKind(f"gcp issues no {spec.kind}")
        return ServiceAccountKeys(self.session, spec)

    def place(self, spec: PlaceSpec) -> SecretHome:
        """Open a secret."""
        if not isinstance(spec, GcpSecretPlace):
            raise NoSuchKind(f"gcp keeps no {spec.kind}")
        with self._lock:
            self._projects.add(spec.project)
        return SecretHome(self.session, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Look through the connection's projects, or the ambient one, and those of the places that were opened.

        Raises:
            NotSearchable: when no project is known: secrets can only be listed project by project.
        """
        with self._lock:
            # Where the connection names none, the ambient project is looked through beside those of the places.
            ambient = set[str]() if self._named else {self.session.project} - {""}
            projects = sorted(self._projects | ambient)
        if not projects:
            raise NotSearchable(
                f"gcp.{self.session.name}: no project is known, expected one to look through; "
                "fix: name the connection's `projects`, or set GOOGLE_CLOUD_PROJECT"
            )
        return [link for project in projects for link in self._search_in(project, lease_id)]

    def _search_in(self, project: str, lease_id: str) -> Iterator[Link]:
        name = self.session.name
        for secret in Secrets(self.session).of_lease(project, lease_id):
            yield GcpSecretPlace(project=project, secret=secret, connection=name).link()
        for account in self._accounts(project, lease_id):
            if self._has_keys(account):
                yield GcpServiceAccountKeySource(account=account, connection=name).link()

    def _accounts(self, project: str, lease_id: str) -> Iterator[str]:
        path, query = f"/v1/projects/{project}/serviceAccounts", {"pageSize": "100"}
        while True:
            reply = self.session.look(IAM, path, needs="iam.serviceAccounts.list", query=query)
            for told in reply.body.get("accounts", []) if reply else []:
                if lease_of_description(told.get("description", "")) == lease_id:
                    yield str(told["email"])
            if reply is None or not reply.body.get("nextPageToken"):
                return
            query = {**query, "pageToken": str(reply.body["nextPageToken"])}

    def _has_keys(self, account: str) -> bool:
        path, query = f"/v1/projects/-/serviceAccounts/{quote(account)}/keys", {"keyTypes": "USER_MANAGED"}
        reply = self.session.look(IAM, path, needs="iam.serviceAccountKeys.list", query=query)
        return bool(reply and reply.body.get("keys"))
