"""The schema of the inventory: made by steps, which give what the code asks for; a newer one is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from nhi_components.core.errors import SpecError
from nhi_components.lifecycle.inventory.store import open_inventory
from nhi_components.lifecycle.inventory.tables import metadata

for _package in ("decommission", "events", "verdicts"):
    import_module(f"nhi_components.lifecycle.{_package}.tables")


def test_the_steps_make_the_tables_that_the_code_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "inventory.db"
    open_inventory(str(file)).close()
    with sa.create_engine(f"sqlite:///{file}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert set(sa.inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_an_inventory_of_this_release_is_opened_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "inventory.db"
    open_inventory(str(file)).close()
    before = file.read_bytes()
    open_inventory(str(file)).close()
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "version 9999, which a newer release has made"),
        ("DROP TABLE alembic_version", "tables without a version"),
    ],
)
def test_what_another_release_has_made_is_refused_and_left_alone(tmp_path: Path, statement: str, told: str) -> None:
    file = tmp_path / "inventory.db"
    open_inventory(str(file)).close()
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    before = set(sa.inspect(engine).get_table_names())
    with pytest.raises(SpecError, match=told):
        open_inventory(str(file))
    assert set(sa.inspect(engine).get_table_names()) == before


def test_many_who_open_a_new_inventory_at_once_find_its_tables(tmp_path: Path) -> None:
    file = str(tmp_path / "inventory.db")
    with ThreadPoolExecutor(8) as pool:
        for opened in pool.map(lambda _: open_inventory(file), range(8)):
            assert opened.unfinished() is None
            opened.close()
