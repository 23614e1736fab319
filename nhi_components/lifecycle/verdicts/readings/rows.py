"""What readers tell of identities, gathered as columns: names, powers and steps.

A **node** is an identity, by its key, or whatever stands between identities, such as a member of a pool. It **goes by**
names: its own, those of its groups, policies and roles, and those of what it holds together. Powers and ways in are
told of names, so that what ten thousand identities share is told once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import pyarrow as pa

_TEXT: Final = pa.string()
NAMES: Final = pa.schema([("node", _TEXT), ("name", _TEXT)])
POWERS: Final = pa.schema([("name", _TEXT), ("degree", _TEXT), ("how", _TEXT), ("certain", pa.bool_())])
STEPS: Final = pa.schema([("source", _TEXT), ("target", _TEXT), ("how", _TEXT), ("certain", pa.bool_())])


class Degree(StrEnum):
    """How much more than it should need an identity may do."""

    ADMINISTRATOR = "administrator"
    SELF_ESCALATING = "self-escalating"
    WILDCARD = "wildcard"
    UNJUDGED = "unjudged"


ENDS: Final = (Degree.ADMINISTRATOR, Degree.SELF_ESCALATING)
"""The degrees at which a path ends: an administrator, or as good as one."""


@dataclass(slots=True)
class Rows:
    """Rows of the three tables; the same one may be told several times."""

    names: dict[tuple[str, str], None] = field(default_factory=dict)
    powers: dict[tuple[str, str, str, bool], None] = field(default_factory=dict)
    steps: dict[tuple[str, str, str, bool], None] = field(default_factory=dict)

    def name(self, node: str, name: str) -> None:
        """Tell that a node goes by a name."""
        self.names[node, name] = None

    def power(self, name: str, degree: Degree, how: str, *, certain: bool = True) -> None:
        """Tell what goes by a name may do.

        Args:
            name: it.
            degree: how much that is.
            how: as the end of a sentence that begins with the identity: `is administrator (* on *)`.
            certain: it hangs on no condition that cannot be decided.
        """
        self.powers[name, degree.value, how, certain] = None

    def step(self, source: str, target: str, how: str, *, certain: bool = True) -> None:
        """Tell that whatever goes by a name may become a node.

        Args:
            source: the name.
            target: the node.
            how: what it may do to it, such as `assume`.
            certain: it hangs on no condition that cannot be decided.
        """
        self.steps[source, target, how, certain] = None

    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Give names, powers and steps."""
        return _table(self.names, NAMES), _table(self.powers, POWERS), _table(self.steps, STEPS)


def _table(rows: dict[tuple[str, str], None] | dict[tuple[str, str, str, bool], None], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
