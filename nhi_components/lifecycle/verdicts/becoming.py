"""By which names identities go, through all carriers of what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nhi_components.core.errors import NhiError
from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts.engines import keep, size

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

BOUNDARY: Final = "permissions-boundary"
"""The kind of carrier that gives nothing: it caps."""
APART: Final = (System.AWS, System.KUBERNETES, System.VAULT)
"""Systems in which what an identity holds counts only together; their readers go through its carriers themselves."""
_MOST: Final = 32


def going_by(estate: Estate, told: ibis.Table) -> ibis.Table:
    """Give who has what carries grants, itself or through others: `node`, `name`.

    Args:
        estate: the identities.
        told: names that readers have told besides the carriers of the inventory.

    Raises:
        NhiError: carriers carry one another deeper than is followed, so that what is beyond would be passed over.
    """
    carriers = estate["carriers"]
    apart = carriers.kind == BOUNDARY
    for system in APART:
        apart |= carriers.source.startswith(f"{system}/")
    own = carriers.filter(~apart).select(node=carriers.identity, name=carriers.carrier).distinct()
    both = own.union(told).distinct()
    return reached(estate, both.filter(both.node != both.name))


def reached(estate: Estate, steps: ibis.Table) -> ibis.Table:
    """Give what is reached by one step or more: `node`, `name`.

    Args:
        estate: the identities.
        steps: `node`, `name`, which is a node in turn.

    Raises:
        NhiError: carriers carry one another deeper than is followed, so that what is beyond would be passed over.
    """
    direct = keep(estate, steps)
    known = fresh = direct
    for _ in range(_MOST):
        above = direct.rename(through="node", above="name")
        further = fresh.join(above, fresh.name == above.through).select("node", name="above").distinct()
        further = further.filter(further.node != further.name)
        fresh = keep(estate, further.anti_join(known, ["node", "name"]))
        if not size(fresh):
            return known
        known = known.union(fresh)
    raise NhiError(f"verdicts: groups, policies and roles carry one another more than {_MOST} deep; see to it by hand")
