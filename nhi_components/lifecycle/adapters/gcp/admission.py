"""Taking links into a lease: what Google knows each by, that it is the lease's, an earlier cut-off undone."""

from __future__ import annotations

from collections.abc import Sequence

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts
from nhi_components.lifecycle.adapters.gcp.adopted_accounts import supersede
from nhi_components.lifecycle.adapters.gcp.canary import CanaryWay
from nhi_components.lifecycle.adapters.gcp.marked import admit_marked
from nhi_components.lifecycle.adapters.gcp.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.gcp.pools import Pools
from nhi_components.lifecycle.adapters.gcp.roles import CustomRoles
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.ownership import admitted


class Admission:
    """Admits links of one lease; of an adopted account, what its own links supersede leaves."""

    def __init__(self, session: GcpSession, lease: LeaseTags, links: Sequence[Link]) -> None:
        self._session = session
        self._lease = lease
        self._links = links

    def admitted(self, link: Link) -> Link:
        """Admit one link and return it with its unique id, if it has one.

        Raises:
            NhiError: when it is not there, is somebody else's, or is of a kind that is not of Google Cloud.
        """
        match link.kind:
            case LinkKind.GCP_SERVICE_ACCOUNT:
                account = Accounts(self._session).admit(self._lease, link)
                CanaryWay(self._session, account, self._lease.lease).close()
                supersede(self._session, self._lease.lease, link, self._links)
                return admitted(link, account.unique_id, EVERYWHERE)
            case LinkKind.GCP_CUSTOM_ROLE:
                admit_marked(CustomRoles(self._session).find, self._lease, link)
                return admitted(link, None, EVERYWHERE)
            case LinkKind.GCP_WORKLOAD_IDENTITY_POOL | LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER:
                admit_marked(Pools(self._session).find, self._lease, link)
                return admitted(link, None, EVERYWHERE)
            case LinkKind.GCP_SECRET:
                OwnSecrets(self._session).admit(self._lease, link)
                return link
            case LinkKind.GCP_BINDING:
                return link
            case _:
                raise not_ours(link)


EVERYWHERE = ""
"""Where a link of Google Cloud lives: its name tells that wholly, whatever the connection's own project is."""


def not_ours(link: Link) -> NhiError:
    """Make the error for a link of another system."""
    return NhiError(
        f"{link}: got a kind that is not of Google Cloud, expected one of Google Cloud; fix: link it to its own system"
    )
