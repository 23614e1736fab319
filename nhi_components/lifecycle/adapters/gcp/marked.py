"""What is owned by its description alone: custom roles, pools and providers, which have no unique id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.ownership import refuse_foreign


class Marked(Protocol):
    """A role, pool or provider as it is now."""

    @property
    def name(self) -> str:
        """Its whole name."""

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""

    @property
    def kept_until(self) -> datetime | None:
        """Until when it can be brought back; None for one that is not deleted."""


Thing = TypeVar("Thing", bound=Marked)


def admit_marked(find: Callable[[str], Thing | None], lease: LeaseTags, link: Link) -> Thing:
    """Read something that the engine has just made, and see that it is the lease's.

    Raises:
        NhiError: it is not there, is deleted, is another lease's or nobody's.
    """
    found = appeared(lambda name: _undeleted(find(name)), link)
    refuse_foreign(lease.lease, found.lease, None, link)
    if found.lease is None:
        raise NhiError(
            f"{link}: found no mark of the lease, expected {description_mark(lease.lease)!r} in its description; "
            "fix: declare it through its component, which writes it"
        )
    return found


def _undeleted(found: Thing | None) -> Thing | None:
    return found if found and not found.kept_until else None
