"""The bundle's own secret of Secret Manager: admitting it with its first value, finding and deleting it.

What a credential is delivered to is a place instead (`place`); both bear the lease in their labels.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.gcp.secrets import Conflict, Secret, Secrets
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

GENERATE_BYTES = "generate_bytes"
"""The attribute that asks for a first value, made of that many random bytes."""

CONFLICT_SECONDS = 10
"""For how long a change is tried that others get in the way of: our own figure."""


class OwnSecrets:
    """The secrets that one connection reaches, by their relative names `projects/P/secrets/S`."""

    def __init__(self, session: GcpSession) -> None:
        self._secrets = Secrets(session)

    def find(self, name: str) -> Secret | None:
        """Read a secret; None when there is none."""
        return self._secrets.find(_path(name))

    def of_lease(self, project: str, lease_id: str) -> Iterator[str]:
        """List the names of a project's secrets that bear a lease id."""
        return (f"projects/{project}/secrets/{id_}" for id_ in self._secrets.of_lease(project, lease_id))

    def admit(self, lease: LeaseTags, link: Link) -> None:
        """Take a secret into the lease: mark it, and give it its first value where its link asks for one."""
        secret = appeared(self.find, link)
        refuse_foreign(lease.lease, secret.lease, None, link)
        if secret.lease is None:
            self._mark(lease, link)
        if GENERATE_BYTES in link.attributes and not self._secrets.has_versions(_path(link.name)):
            self._secrets.add(_path(link.name), secrets.token_urlsafe(int(link.attributes[GENERATE_BYTES])).encode())

    def delete(self, name: str, lease_id: str) -> None:
        """Delete a secret that bears the lease, with all its versions; another's is left alone."""

        def deleted() -> None:
            secret = self.find(name)
            if secret and secret.lease == lease_id:
                self._secrets.delete(_path(name), secret)

        _patiently(deleted)

    def _mark(self, lease: LeaseTags, link: Link) -> None:

        def marked() -> None:
            secret = self.find(link.name)
            if secret and secret.lease != lease.lease:
                refuse_foreign(lease.lease, secret.lease, None, link)
                self._secrets.change(_path(link.name), secret, lease, secret.annotations)

        _patiently(marked)


def _patiently(change: Callable[[], None]) -> None:
    """Change a secret; again, with pauses, when somebody else did meanwhile, or a read lagged behind.

    Raises:
        Conflict: others got in the way each time.
    """
    Retrying(
        retry=retry_if_exception_type(Conflict),
        stop=stop_after_delay(CONFLICT_SECONDS),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    )(change)


def _path(name: str) -> str:
    return f"/v1/{name}"
