"""What the retirements of all systems have in common: how they tell what they can't see, and whose they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.inventory.records import FoundDependent
from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.ports import Target
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen, Section

_LATER = "try again later"
_NOT_SEEN = "leave to see all of it: what can't be seen is not called free of dependents"


@contextmanager
def seen(system: System, connection: str) -> Iterator[None]:
    """Tell as `SystemUnreachable` what discovery tells as not seen or busy.

    Args:
        system: the kind of system.
        connection: the name of the connection.

    Raises:
        SystemUnreachable: something is denied, or the system asks to be asked later.
    """
    try:
        yield
    except (NotSeen, Busy) as failure:
        place = f"{system}.{connection}"
        got, _, fix = str(failure).removeprefix(f"{place}: ").partition("; fix: ")
        expected = _NOT_SEEN if isinstance(failure, NotSeen) else "an answer"
        raise SystemUnreachable(system, Problem(place, got, expected, fix or _LATER)) from None


def dependents_in(sections: Iterable[Section], key: str) -> tuple[str, ...]:
    """Read through sections of discovery what depends on an identity, each as `KIND NAME`.

    Args:
        sections: those that tell of dependents.
        key: of the identity.
    """
    return tuple(dict.fromkeys(each for section in sections for each in _dependents(section, key)))


def _dependents(section: Section, key: str) -> Iterator[str]:
    cursor = None
    while True:
        page = section.read(cursor)
        for record in page.records:
            if isinstance(record, FoundDependent) and record.identity == key:
                yield f"{record.kind} {record.name}"
        cursor = page.next
        if cursor is None:
            return


def not_there(connection: str, target: Target) -> NhiError:
    """Make the error for a change of what is gone, or in whose place another one stands."""
    return NhiError(
        f"{target.system}.{connection}: {target.kind} {target.name}: got none with the unique id {target.unique_id}, "
        "expected the one that was decided on; fix: run `nhi discover`, and decide on what it finds"
    )


def unknown_kind(connection: str, target: Target, kinds: Iterable[str]) -> NhiError:
    """Make the error for an identity of a kind that is not retired here."""
    return NhiError(
        f"{target.system}.{connection}: {target.name}: got the kind {target.kind}, expected one of "
        f"{', '.join(sorted(kinds))}; fix: remove it by hand"
    )


def elsewhere(connection: str, target: Target, place: str) -> NhiError:
    """Make the error for an identity of another account, cluster or server than the connection reaches."""
    return NhiError(
        f"{target.system}.{connection}: {target.name}: got an identity of {target.place}, expected one of {place}, "
        "which this connection reaches; fix: name the connection that reaches it"
    )
