"""Terraform's and OpenTofu's states: files as backends keep them, or as `terraform show -json` writes them."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.inventory.records import Declaration, Manager
from nhi_components.facts.identified import identified_by_terraform
from nhi_components.facts.model import Unjudged
from nhi_components.facts.terraform.documents import is_terraform, resources_of
from nhi_components.lifecycle.declared.files import Files
from nhi_components.lifecycle.discovery.ports import NotSeen

_WORKING: Final = ".terraform"


def states_of(pattern: str) -> Files:
    """Make the source of a file, or of all that a pattern chooses, such as `infra/**/*.tfstate`.

    Raises:
        SpecError: there is none.
    """
    path = Path(pattern).expanduser().absolute()
    folder = next(each for each in path.parents if not glob.has_magic(str(each)) or each.is_dir())
    rest, whole = str(path.relative_to(folder)), folder.resolve()
    if not _chosen(whole, rest):
        expected = "a state's file, or a pattern that some have"
        raise SpecError("nhi discover", [Problem("--terraform", f"no file {path}", expected, "correct the path")])
    return Files(
        Manager.TERRAFORM, str(whole / rest), whole, partial(_chosen, whole, rest), partial(_declarations, whole)
    )


def _chosen(folder: Path, pattern: str) -> list[str]:
    """List the files; the working folder of Terraform keeps one of the same name that is no state."""
    found = [folder / pattern] if (folder / pattern).is_file() else folder.glob(pattern)
    below = (each.relative_to(folder) for each in found if each.is_file())
    return sorted(each.as_posix() for each in below if _WORKING not in each.parts)


def _declarations(folder: Path, path: str, state: Mapping[str, Any]) -> Iterator[Declaration]:
    where = str(folder / path)
    if not is_terraform(state) or "planned_values" in state or "resource_changes" in state:
        got = "a plan" if is_terraform(state) else "an object of another shape, or one that is encrypted"
        fix = "give a state file, or what `terraform show -json` writes of one"
        raise NotSeen(f"{where}: got {got}, expected a state of Terraform or OpenTofu; fix: {fix}")
    for resource in resources_of(state):
        if isinstance(resource, Unjudged):
            raise NotSeen(
                f"{where}: {resource.path}: got {resource.got}, expected {resource.expected}; fix: {resource.fix}"
            )
        found = None if resource.is_data else identified_by_terraform(resource.type, resource.attributes)
        if found:
            yield Declaration(
                identity=found.identity,
                unique_id=found.unique_id,
                system=found.system,
                kind=found.kind,
                manager=Manager.TERRAFORM,
                where=where,
                address=resource.address,
            )
