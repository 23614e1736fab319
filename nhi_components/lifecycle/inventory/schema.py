"""Which schema an inventory has: older ones are brought up to date, newer ones are refused and nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from nhi_components.core.errors import Problem, SpecError

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x6E6869
"""Ours among PostgreSQL's advisory locks: two who open a new inventory at once make its tables one after the other."""


def bring_up_to_date(connection: Connection) -> None:
    """Make the tables that are missing, step by step.

    Args:
        connection: in a transaction of its own.

    Raises:
        SpecError: the inventory is of a newer release, or of none.
    """
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    _alone(connection)
    config = _config(connection)
    steps = ScriptDirectory.from_config(config)
    at = MigrationContext.configure(connection).get_current_revision()
    if at == steps.get_current_head():
        return
    if at is None and inspect(connection).has_table("scans"):
        fix = "move it away, and run `nhi discover` into a new one"
        raise _refused("tables without a version", fix)
    if at is not None and at not in {step.revision for step in steps.walk_revisions()}:
        fix = "run the newest release of nhi-components"
        raise _refused(f"version {at}, which a newer release has made", fix)
    command.upgrade(config, "head")


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def _alone(connection: Connection) -> None:
    """Keep others who open the inventory waiting until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:ours)"), {"ours": _LOCK})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refused(got: str, fix: str) -> SpecError:
    return SpecError("inventory", [Problem("inventory", got, "an inventory of this release or an older one", fix)])
