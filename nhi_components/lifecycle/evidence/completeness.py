"""Whether a teardown accounts for everything that its lease ever had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from nhi_components.lifecycle.evidence.contents import (
    Content,
    CutOffRecord,
    IncompleteRecord,
    TeardownRecord,
)
from nhi_components.lifecycle.evidence.flaws import Flaw, FlawCode
from nhi_components.lifecycle.evidence.parts import LinkRecord, Unchecked

FACTS = ("disabled_at", "absent_at", "refused_at", "recoverable_until", "sessions_possible_until")


def incompleteness(teardown: TeardownRecord, earlier: Iterable[Content], path: str) -> list[Flaw]:
    """Find what a teardown does not account for.

    Suspensions and restorations ask for nothing: what they revoked was gone then, and what they name is in the ledger.

    Args:
        teardown: the teardown.
        earlier: what the same lease's earlier evidence says.
        path: the file, for messages.
    """
    required = {link.digest: (link, "the lease's ledger") for link in teardown.ledger}
    for content in earlier:
        if isinstance(content, CutOffRecord | IncompleteRecord):
            required |= {link.digest: (link, _origin(content)) for link in content.links}
    missing = [_missing(link, origin, teardown.links, path) for link, origin in required.values()]
    return [*(flaw for flaw in missing if flaw), *_repeated(teardown.links, path)]


def unchecked_facts(teardown: TeardownRecord) -> list[str]:
    """The facts that a teardown says were not checked, each with its reason."""
    unseen = [f"{row.system} {row.kind}: not looked for: {row.reason}" for row in teardown.unseen]
    return unseen + [
        f"{row.link}: {name} not checked: {fact.reason}"
        for row in teardown.removals
        for name in FACTS
        if isinstance(fact := getattr(row, name), Unchecked)
    ]


def _origin(content: CutOffRecord | IncompleteRecord) -> str:
    return "the incomplete teardown" if isinstance(content, IncompleteRecord) else "the snapshot of the cut-off"


def _missing(link: LinkRecord, origin: str, removed: Sequence[LinkRecord], path: str) -> Flaw | None:
    rows = [row for row in removed if row.key == link.key]
    if any(link.unique_id in (None, row.unique_id) for row in rows):
        return None
    got = f"rows for other unique ids only: {', '.join(str(row.unique_id) for row in rows)}" if rows else "no row"
    what = f"{link} in connection {link.connection}" + (f" with unique id {link.unique_id}" if link.unique_id else "")
    fix = "destroy again or run `nhi verify`, so that its removal is confirmed and recorded"
    return Flaw(FlawCode.INCOMPLETE, path, got, f"the five facts of {what}, which is in {origin}", fix)


def _repeated(removed: Sequence[LinkRecord], path: str) -> list[Flaw]:
    counts = Counter(link.digest for link in removed)
    fix = "record each linked resource once"
    return [
        Flaw(FlawCode.INCOMPLETE, path, f"{counts[link.digest]} rows for {link}", "one row", fix)
        for link in {link.digest: link for link in removed}.values()
        if counts[link.digest] > 1
    ]
