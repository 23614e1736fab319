"""AWS: what roles, users and groups hold together, and who may become whom."""

from __future__ import annotations

from nhi_components.lifecycle.verdicts.readings.aws.doors import Doors
from nhi_components.lifecycle.verdicts.readings.aws.held import gather
from nhi_components.lifecycle.verdicts.readings.aws.powers import tell_powers
from nhi_components.lifecycle.verdicts.readings.aws.trusts import Trusts
from nhi_components.lifecycle.verdicts.readings.federation import Federation
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.rows import Rows

__all__ = ["read"]


def read(found: Found, rows: Rows, federation: Federation) -> None:
    """Tell what the identities of all accounts may do, and become.

    Args:
        found: the estate.
        rows: takes what is told.
        federation: takes whose tokens the trusts of roles admit.
    """
    held = gather(found)
    strong = tell_powers(held, rows)
    trusts = Trusts(found, held)
    trusts.tell(rows, federation)
    Doors(found, held, trusts, strong).tell(rows)
