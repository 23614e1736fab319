"""What is planted, and what is true of each identity: written down by hand where it is made, asked of no other code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

Told = tuple[str, str]
"""A verdict and its degree, as `nhi verdicts --output json` writes them."""

SHADOW: Final = ("shadow", "")
UNOWNED: Final = ("unowned", "")
OWNER_LEFT: Final = ("orphaned", "owner-left")
OWNER_UNKNOWN: Final = ("orphaned", "owner-unknown")
STACK_GONE: Final = ("orphaned", "stack-gone")
DEPENDENTS_GONE: Final = ("orphaned", "dependents-gone")
DUPLICATE: Final = ("duplicate", "")
UNUSED_30: Final = ("unused", "30")
UNUSED_60: Final = ("unused", "60")
UNUSED_90: Final = ("unused", "90")
EXPIRED: Final = ("expired", "identity")
EXPIRED_CREDENTIAL: Final = ("expired", "credential")
ENDLESS: Final = ("endless", "")
OLD_90: Final = ("old-credential", "90")
OLD_180: Final = ("old-credential", "180")
OLD_365: Final = ("old-credential", "365")
ADMINISTRATOR: Final = ("over-privileged", "administrator")
ESCALATING: Final = ("over-privileged", "self-escalating")
WILDCARD: Final = ("over-privileged", "wildcard")
UNJUDGED: Final = ("over-privileged", "unjudged")
PATH: Final = ("path-to-admin", "path")
DOUBTFUL: Final = ("path-to-admin", "doubtful")
ACCESS_AND_AUDIT: Final = ("mixed-duties", "access-and-audit")
KEYS_AND_DATA: Final = ("mixed-duties", "keys-and-data")
DATA_AND_BACKUPS: Final = ("mixed-duties", "data-and-backups")
ENVIRONMENTS: Final = ("mixed-duties", "environments")

EVERY: Final = frozenset(
    {
        *(SHADOW, UNOWNED, OWNER_LEFT, OWNER_UNKNOWN, STACK_GONE, DEPENDENTS_GONE, DUPLICATE),
        *(UNUSED_30, UNUSED_60, UNUSED_90, EXPIRED, EXPIRED_CREDENTIAL, ENDLESS, OLD_90, OLD_180, OLD_365),
        *(ADMINISTRATOR, ESCALATING, WILDCARD, UNJUDGED, PATH, DOUBTFUL),
        *(ACCESS_AND_AUDIT, KEYS_AND_DATA, DATA_AND_BACKUPS, ENVIRONMENTS),
    }
)
"""Everything that may be told, each of which has to be planted."""

ANN: Final = "ann@example.com"
"""Is there."""
KIM: Final = "kim@example.com"
"""Is on leave, and with the organisation."""
LEE: Final = "lee@example.com"
"""Leaves in a month."""
EVE: Final = "eve@example.com"
"""Has left."""
BOB: Final = "bob@example.com"
"""Has left as well."""
GHOST: Final = "ghost@example.com"
"""Is in no directory."""
PAYMENTS: Final = "@acme/payments"
"""A team, of which Eve was and Ann is."""
LEGACY: Final = "@acme/legacy"
"""A team, all of which have left."""


class By(Enum):
    """What answers for an identity."""

    STACK = "a stack of Pulumi"
    STATE = "a state of Terraform"
    NOTHING = "nothing that is read: a lease that its own marks tell, or nothing at all"
    WAS = "a stack that declares it no longer"
    MOVED = "one stack before, another since"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack or a state.

    Attributes:
        pulumi: its type in Pulumi.
        terraform: its type in Terraform.
        fields: its outputs, by their names in Pulumi.
    """

    pulumi: str
    terraform: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Planted:
    """An identity that was planted.

    Attributes:
        key: its key.
        system: where it lives.
        told: what must be told of it, and nothing else.
        why: what is special about it; empty for one that is as it should be.
    """

    key: str
    system: str
    told: frozenset[Told]
    why: str


@dataclass
class Ledger:
    """All that was planted, and the papers on it.

    Attributes:
        planted: by key.
        left_out: keys that a place brings along by itself, with the reason why they are not compared.
        declared: resources with what declares them.
        cmdb: rows of the export.
        changes: what is done to the systems between the two scans.
    """

    planted: dict[str, Planted] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    declared: list[tuple[By, Resource]] = field(default_factory=list)
    cmdb: list[dict[str, str]] = field(default_factory=list)
    changes: list[Callable[[], object]] = field(default_factory=list)

    def plant(
        self,
        system: str,
        key: str,
        *told: Told,
        why: str = "",
        owners: Sequence[str] = (ANN,),
        by: By = By.NOTHING,
        resource: Resource | None = None,
        environment: str = "",
    ) -> str:
        """Write down an identity that was made.

        Args:
            system: where it lives.
            key: its key.
            told: what must be told of it.
            why: what is special about it.
            owners: who owns it by the CMDB.
            by: what answers for it.
            resource: as what `by` declares it.
            environment: where it runs by the CMDB.
        """
        if key in self.planted:
            raise ValueError(f"planted twice: {key}")
        self.planted[key] = Planted(key, system, frozenset(told), why)
        rows = [{"owner": owner} for owner in owners] + ([{"environment": environment}] if environment else [])
        self.cmdb += [{"key": key, **row} for row in rows]
        if resource is not None and by is not By.NOTHING:
            self.declared.append((by, resource))
        return key
