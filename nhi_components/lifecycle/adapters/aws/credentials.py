"""AWS as a system of credentials: access keys of IAM users, and secrets of Secrets Manager."""

from __future__ import annotations

from dataclasses import replace

from nhi_components.core.connection import AwsConnection
from nhi_components.core.credential.places import PlaceSpec, SecretsManagerPlace
from nhi_components.core.credential.sources import AwsAccessKeySource, SourceSpec
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.aws.access_keys import AccessKeys
from nhi_components.lifecycle.adapters.aws.errors import translated
from nhi_components.lifecycle.adapters.aws.secret_place import SecretPlace
from nhi_components.lifecycle.adapters.aws.secrets import Secrets
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.credentials.ports import Home, NoSuchKind, Source
from nhi_components.lifecycle.ports import Caller


class Credentials:
    """One AWS account in one region, as `lifecycle.credentials.ports.CredentialSystem`."""

    def __init__(self, name: str, connection: AwsConnection) -> None:
        self._session = AwsSession(name, connection)

    def caller(self) -> Caller:
        """Tell whom the connection speaks for: its ARN and account."""
        identity = self._session.identity
        return Caller(System.AWS, self._session.name, identity.arn, identity.account)

    def source(self, spec: SourceSpec) -> Source:
        """Open the access keys of an IAM user."""
        if not isinstance(spec, AwsAccessKeySource):
            raise self._no_such(spec.kind, "source", "aws-access-key")
        return AccessKeys(self._session, spec)

    def place(self, spec: PlaceSpec) -> Home:
        """Open a secret of Secrets Manager."""
        if not isinstance(spec, SecretsManagerPlace):
            raise self._no_such(spec.kind, "place", "secrets-manager")
        return SecretPlace(self._session, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Find the secrets that bear the lease id; users with their keys are found by the adapter's survey."""
        with translated(self._session.name):
            names = list(Secrets(self._session.secrets).names_of(lease_id))
        links = [SecretsManagerPlace(secret=name, connection=self._session.name).link() for name in names]
        return [replace(link, connection=self._session.name) for link in links]

    def _no_such(self, kind: str, what: str, expected: str) -> NoSuchKind:
        return NoSuchKind(
            f"aws.{self._session.name}: got {kind}, expected {expected}; fix: correct the kind of the {what}"
        )
