"""The templates in force: the standard ones, changed by the organisation's file where there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.identity import Identity, Kind
from nhi_components.core.yaml_text import MalformedYaml, parse_yaml
from nhi_components.templates.model import Approvals, Settings, Template
from nhi_components.templates.organisation import KindChange, Organisation, parse_organisation
from nhi_components.templates.standard import Standard, standard

VARIABLE: Final = "NHI_TEMPLATES"
FILE_NAME: Final = "nhi-templates.yaml"
_OTHER_NAMES: Final = ("nhi-templates.yml", "nhi-templates.json")
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


class UnreadableTemplates(NhiError):
    """The organisation's file can't be read: it is not there, is no text, or no unambiguous YAML."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"organisation's templates cannot be read: {problem}")


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates by which identities are judged.

    Attributes:
        by_kind: the template of each kind.
        standard: what they are without an organisation's file.
        organisation: what that file says; None without one.
        file: where it was found.
    """

    by_kind: Mapping[Kind, Template]
    standard: Standard
    organisation: Organisation | None = None
    file: Path | None = None

    @property
    def edition(self) -> str:
        """Name their edition, for records: `standard 2026-11`, or `standard 2026-11, organisation 7`."""
        own = f", organisation {self.organisation.revision}" if self.organisation else ""
        return f"standard {self.standard.revision}{own}"

    def grace_days_of(self, identity: Identity) -> int:
        """Tell how many days after its end an identity is retired: those of its template, or the fewer it asks for."""
        longest = self.by_kind[identity.kind].grace_days
        return longest if identity.grace_days is None else min(identity.grace_days, longest)


def templates_in_force(
    directory: Path | None = None, environment: Mapping[str, str] = os.environ, *, file: Path | None = None
) -> Templates:
    """Find, read and apply the organisation's file.

    Args:
        directory: where to begin looking for the project; by default the current one.
        environment: may name the file, as NHI_TEMPLATES.
        file: this file instead of one that is found.

    Raises:
        UnreadableTemplates: a file that is named or found can't be read.
        SpecError: with every problem of its content.
    """
    chosen = file or find_file(directory or Path.cwd(), environment)
    if chosen is None:
        return _applied("", None)
    return _applied(_text_of(chosen), chosen)


def find_file(directory: Path, environment: Mapping[str, str]) -> Path | None:
    """Find the organisation's file.

    NHI_TEMPLATES names it, or it lies in the project's folder: the nearest one, from the directory upwards, that holds
    a Pulumi.yaml. Folders above the project are not looked at, so that a project means the same wherever it lies.

    Raises:
        UnreadableTemplates: in the project's folder lies a file of nearly that name, which would be overlooked.
    """
    if named := environment.get(VARIABLE):
        return Path(named)
    for folder in (start := directory.resolve(), *start.parents):
        if any((folder / name).is_file() for name in _PROJECT_FILES):
            found = folder / FILE_NAME
            for other in _OTHER_NAMES:
                if (folder / other).exists():
                    fix = f"rename it, or name it in {VARIABLE}"
                    raise UnreadableTemplates(Problem(str(folder / other), other, FILE_NAME, fix))
            return found if found.exists() or found.is_symlink() else None
    return None


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        got = error.strerror if isinstance(error, OSError) and error.strerror else "text that is not UTF-8"
        fix = f"correct the path; {VARIABLE} may name it" if isinstance(error, OSError) else "save it as UTF-8"
        raise UnreadableTemplates(Problem(str(file), got, "a YAML file", fix)) from None


@lru_cache(maxsize=16)
def _applied(text: str, file: Path | None) -> Templates:
    base = standard()
    if file is None:
        return Templates({kind: base.template(kind) for kind in Kind}, base)
    try:
        documents = parse_yaml(text)
    except MalformedYaml as error:
        problem = Problem(str(file), str(error), "a YAML file", "correct the syntax")
        raise UnreadableTemplates(problem) from None
    content = documents[0].value if len(documents) == 1 else [document.value for document in documents] or None
    organisation = parse_organisation(str(file), content, base)
    by_kind = {kind: changed(base.template(kind), kind, organisation, base) for kind in Kind}
    return Templates(by_kind, base, organisation, file)


def changed(template: Template, kind: Kind, organisation: Organisation, base: Standard) -> Template:
    """Apply what an organisation changes to the standard template of a kind."""
    change = organisation.kinds.get(kind)
    if change is None:
        return template
    settings: dict[str, Any] = {
        name: getattr(change if name in change.model_fields_set else template, name) for name in Settings.model_fields
    }
    own = {a.environments: a for a in change.approvals}
    kept: dict[str, Approvals] = {a.environments: a for a in template.approvals}
    settings["approvals"] = tuple({**kept, **own}.values())
    return Template(**settings, kind=kind, forbidden=_forbidden(template, change, organisation, base))


def _forbidden(template: Template, change: KindChange, organisation: Organisation, base: Standard) -> dict[str, Any]:
    known = {**base.forbidden, **organisation.forbidden}
    kept = {each: grant for each, grant in template.forbidden.items() if each not in change.permit}
    return {**kept, **{each: known[each] for each in change.forbid}}
