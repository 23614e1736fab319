"""Reading from the inventory what is to be adopted: an identity with its documents, its ways in, what depends on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.inventory.declaring import declares
from nhi_components.core.inventory.records import (
    Declaration,
    FoundCarrier,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    Manager,
    Subject,
)
from nhi_components.core.links import System
from nhi_components.core.text import shown
from nhi_components.lifecycle.inventory import tables
from nhi_components.lifecycle.inventory.reading import Chosen, Listed, Said, listed
from nhi_components.lifecycle.inventory.store import Inventory

_MANY = 5


class NotAdoptable(NhiError):
    """The identity cannot be adopted, or not in this way."""

    def __init__(self, key: str, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"{key} cannot be adopted: {problem}")


@dataclass(frozen=True, slots=True)
class Existing:
    """An identity as the newest scans have seen it.

    Attributes:
        listed: the identity, and what is said of it.
        marks: its tags, labels or metadata.
        carriers: what carries grants to it.
        documents: the documents that hang on it and on its carriers.
        dependents: what runs as it.
        grants: what it holds itself, without its carriers.
    """

    listed: Listed
    marks: Mapping[str, str]
    carriers: tuple[FoundCarrier, ...]
    documents: tuple[FoundDocument, ...]
    dependents: tuple[FoundDependent, ...]
    grants: tuple[FoundGrant, ...] = ()

    def said(self, subject: Subject) -> tuple[Said, ...]:
        """Tell what is said of it, and who says so."""
        return self.listed.said.get(subject, ())

    def of_itself(self, kind: str) -> Sequence[FoundDocument]:
        """Give the documents of a kind that hang on the identity itself."""
        return [each for each in self.documents if each.holder == self.listed.key and each.kind == kind]

    def of_carrier(self, carrier: str) -> Sequence[FoundDocument]:
        """Give the documents of one of its carriers."""
        return [each for each in self.documents if each.holder == carrier]


def existing(inventory: Inventory, asked: str) -> Existing:
    """Find an identity by its key, or by a name that no other has, and read what is known of it.

    Raises:
        SpecError: there is none, or there are several.
        NotAdoptable: a tool must not touch it, a lease has it already, or a program or configuration declares it.
    """
    found = _chosen(inventory, asked)
    with inventory.reading() as connection:
        (marks,) = connection.execute(
            _living(tables.identities, "key", [found.key]).with_only_columns(tables.identities.c.marks)
        ).scalars()
        carriers = tuple(_carriers(connection, found.key))
        holders = [found.key, *(each.carrier for each in carriers)]
        documents = _living(tables.documents, "holder", holders).order_by(tables.documents.c.name)
        dependents = _living(tables.dependents, "identity", [found.key]).order_by(tables.dependents.c.name)
        whole = Existing(
            found,
            marks,
            carriers,
            tuple(FoundDocument(row.holder, row.kind, row.name, row.content) for row in connection.execute(documents)),
            tuple(FoundDependent(row.identity, row.kind, row.name) for row in connection.execute(dependents)),
            tuple(_grants(connection, found.key)),
        )
        _refuse(found, list(_declarations(connection, found, marks)))
    return whole


def _chosen(inventory: Inventory, asked: str) -> Listed:
    fitting = [each for each in listed(inventory, Chosen(name=asked)) if asked in (each.key, each.name)]
    exact = [each for each in fitting if each.key == asked] or fitting
    if len(exact) == 1:
        return exact[0]
    keys = ", ".join(each.key for each in exact[:_MANY])
    got = f"several: {keys}" if exact else f"nothing called {shown(asked)}"
    fix = "give its key" if exact else "look it up with `nhi inventory`; run `nhi discover` if it is new"
    raise SpecError("nhi adopt", [Problem("KEY", got, "the key of one identity of the inventory, or its name", fix)])


def _refuse(found: Listed, declared: Sequence[Declaration]) -> None:
    problem: Problem | None = None
    if found.guard:
        fix = "leave it as it is"
        problem = Problem("guard", found.guard, "an identity that tools may change and remove", fix)
    elif found.lease:
        fix = "renew or change it where it is declared; `nhi inventory` tells its stack"
        problem = Problem("lease", found.lease, "an identity without a lease", fix)
    elif declared:
        where = ", ".join(f"{each.manager} {each.where} ({each.address})" for each in declared)
        fix = (
            "take it out of its program, and out of that state without deleting it (`pulumi state delete`, "
            "`terraform state rm`), then run `nhi discover` again"
        )
        problem = Problem("declared", where, "an identity that no program or configuration answers for", fix)
    if problem:
        raise NotAdoptable(found.key, problem)


def _carriers(connection: Connection, key: str) -> Iterator[FoundCarrier]:
    """Yield its carriers and theirs; each once."""
    seen, looking = {key}, [key]
    while looking:
        rows = connection.execute(_living(tables.carriers, "identity", looking).order_by(tables.carriers.c.carrier))
        found = [FoundCarrier(row.identity, row.carrier, row.kind) for row in rows]
        yield from found
        looking = [each.carrier for each in found if each.carrier not in seen]
        seen.update(looking)


def _grants(connection: Connection, key: str) -> Iterator[FoundGrant]:
    query = _living(tables.grants, "holder", [key]).order_by(tables.grants.c.target, tables.grants.c.privilege)
    for row in connection.execute(query):
        yield FoundGrant(row.holder, row.privilege, row.target, row.denied, row.condition, row.via)


def _declarations(connection: Connection, found: Listed, marks: Mapping[str, str]) -> Iterator[Declaration]:
    identity = FoundIdentity(found.key, found.system, found.place, found.kind, found.name, found.unique_id, marks=marks)
    table = tables.declarations
    for row in connection.execute(select(table).where(table.c.gone_at.is_(None))):
        declaration = Declaration(
            row.identity, row.unique_id, System(row.system), row.kind, Manager(row.manager), row.stack, row.address
        )
        if declares(declaration, identity):
            yield declaration


def _living(table: Table, column: str, values: Sequence[str]) -> Any:
    return select(table).where(table.c[column].in_(values) & table.c.gone_at.is_(None))
