"""Which principals are administrators, as good as one, or hold more than they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from nhi_components.facts.aws.administration import administers
from nhi_components.facts.aws.escalating import methods_open_to
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import CHANGES, EVERY_OF_SERVICE
from nhi_components.lifecycle.verdicts.readings.aws.held import Bundle, Held
from nhi_components.lifecycle.verdicts.readings.rows import ENDS, Degree, Rows


def tell_powers(held: Held, rows: Rows) -> frozenset[Bundle]:
    """Tell the power of every principal; what several hold alike is judged once.

    Returns:
        What makes its holder an administrator, or as good as one.
    """
    alike: dict[Bundle, list[str]] = defaultdict(list)
    for key in held.principals:
        alike[held.bundle(key)].append(key)
        for policy in held.unread_by(key):
            rows.power(key, Degree.UNJUDGED, f"holds {policy}, which was not read")
    strong = set()
    for number, (bundle, keys) in enumerate(alike.items()):
        found = list(_powers(held, bundle))
        if any(degree in ENDS for degree, _ in found):
            strong.add(bundle)
        name = keys[0] if len(keys) == 1 else f"aws: what {len(keys)} hold alike, {number}"
        for degree, how in found:
            rows.power(name, degree, how)
        if found and len(keys) > 1:
            for key in keys:
                rows.name(key, name)
    return frozenset(strong)


def _powers(held: Held, bundle: Bundle) -> Iterator[tuple[Degree, str]]:
    for number in (*bundle.documents, *(bundle.boundary or ())):
        if unjudged := held.parsed(number).unjudged:
            yield Degree.UNJUDGED, f"holds what cannot be judged: {unjudged}"
    if not bundle.documents:
        return
    together = held.holder(bundle, "").combined
    administration = administers(together)
    if administration is not None:
        yield Degree.ADMINISTRATOR, f"is administrator ({administration[1]})"
        return
    methods = methods_open_to(together)
    if methods:
        yield Degree.SELF_ESCALATING, f"may {methods[0].name}, on whatever it likes"
    wide = _widest(together)
    if wide:
        yield Degree.WILDCARD, f"may do everything of a service ({wide})"


def _widest(together: GrantDocument) -> str:
    """Tell by which pattern all of a service may be changed, on resources that are not named; empty for none."""
    if not together.permissions.wide_traits & EVERY_OF_SERVICE:
        return ""
    for permission in together.permissions.each:
        for action in permission.held_widely(EVERY_OF_SERVICE):
            if permission.traits_of(action) & CHANGES:
                return f"{action} on {permission.wide[0]}"
    return ""
