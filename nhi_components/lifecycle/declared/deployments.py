"""Declarations in the state of one Pulumi stack.

Sources: Pulumi's checkpoint format, version 3; the engine's update metadata, for the names under which it notes where a
program came from (`git.head`, `vcs.kind`, `vcs.owner`, `vcs.repo`, `vcs.root`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.core.inventory.knowing import told_by_marks
from nhi_components.core.inventory.owning import stack_source
from nhi_components.core.inventory.records import Claim, Declaration, FoundIdentity, Manager, Naming, Subject
from nhi_components.facts.identified import Identified, identified_by_pulumi
from nhi_components.facts.values import kind_of
from nhi_components.lifecycle.discovery.ports import NotSeen

_FIX: Final = "write it anew with `pulumi stack export`, or leave it out"
_REPOSITORY: Final = ("vcs.kind", "vcs.owner", "vcs.repo")
_COMMIT: Final = "git.head"
_FOLDER: Final = "vcs.root"
_MARKS: Final = ("labels", "annotations", "tags", "metadata")
"""Outputs in which resources keep what marks them; Kubernetes keeps its own below `metadata`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the program of a stack came from at its last update; empty for what is not told."""

    repository: str = ""
    commit: str = ""
    folder: str = ""


def origin_of(update: Mapping[str, Any]) -> Origin:
    """Read it from what the engine notes of an update."""
    told = update.get("environment")
    if not isinstance(told, Mapping):
        return Origin()
    parts = [told.get(name) for name in _REPOSITORY]
    repository = "/".join(str(part) for part in parts if part) if parts[-1] else ""
    folder = str(told.get(_FOLDER) or "").strip("/")
    return Origin(repository, str(told.get(_COMMIT) or ""), "" if folder == "." else folder)


def deployment_of(state: object) -> object:
    """Give the deployment of an export, or of a checkpoint as a backend keeps it; None where there is none."""
    if not isinstance(state, Mapping):
        return None
    checkpoint = state.get("checkpoint")
    return checkpoint.get("latest") if isinstance(checkpoint, Mapping) else state.get("deployment")


def declarations_in(where: str, deployment: object, origin: Origin) -> Iterator[Declaration | Claim]:
    """Yield the identities that a stack has made, and their owners by the marks that it has given them.

    What it only reads, and what it is deleting, is not among them.

    Args:
        where: the stack, as people call it.
        deployment: of its state.
        origin: where its program came from.

    Raises:
        NotSeen: it is out of shape; the message quotes nothing of it.
    """
    if not isinstance(deployment, Mapping):
        raise NotSeen(f"{where}: got {kind_of(deployment)}, expected the state of a Pulumi stack; fix: {_FIX}")
    resources = deployment.get("resources") or []
    if not isinstance(resources, list):
        raise _wrong(where, "resources", resources, "a list")
    for index, entry in enumerate(resources):
        place = f"resources[{index}]"
        if not isinstance(entry, Mapping) or not all(isinstance(entry.get(name), str) for name in ("urn", "type")):
            raise _wrong(where, place, entry, "a resource with `urn` and `type`")
        outputs = entry.get("outputs") or {}
        if not isinstance(outputs, Mapping):
            raise _wrong(where, f"{place}.outputs", outputs, "an object")
        if entry.get("external") or entry.get("delete"):
            continue
        found = identified_by_pulumi(entry["type"], str(entry.get("id") or ""), outputs)
        if found:
            yield Declaration(
                identity=found.identity,
                unique_id=found.unique_id,
                system=found.system,
                kind=found.kind,
                manager=Manager.PULUMI,
                where=where,
                address=entry["urn"],
                repository=origin.repository,
                commit=origin.commit,
                folder=origin.folder,
            )
            yield from _owners(where, found, outputs)


def _owners(where: str, found: Identified, outputs: Mapping[str, Any]) -> Iterator[Claim]:
    marked = FoundIdentity(found.identity, found.system, "", found.kind, "", found.unique_id, marks=_marks(outputs))
    for told in told_by_marks(marked):
        if told.subject is Subject.OWNER:
            yield Claim(
                Naming.DECLARED,
                found.identity,
                told.subject,
                told.value,
                stack_source(where),
                found.system,
                unique_id=found.unique_id,
            )


def _marks(outputs: Mapping[str, Any]) -> dict[str, str]:
    metadata = outputs.get("metadata")
    places = [outputs, metadata] if isinstance(metadata, Mapping) else [outputs]
    told = [place.get(name) for place in places for name in _MARKS]
    marks = [each for each in told if isinstance(each, Mapping)]
    return {name: value for each in marks for name, value in each.items() if isinstance(value, str)}


def _wrong(where: str, path: str, value: object, expected: str) -> NotSeen:
    return NotSeen(f"{where}: {path}: got {kind_of(value)}, expected {expected}; fix: {_FIX}")
