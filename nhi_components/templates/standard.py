"""The standard templates: data of this package, with the reason for every figure."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Any, ClassVar, Final

from pydantic import StringConstraints

from nhi_components.core.identity import Kind
from nhi_components.core.model import Spec
from nhi_components.core.yaml_text import parse_yaml
from nhi_components.templates.model import ForbiddenGrant, ForbiddenId, Reason, Settings, Template

VERSION: Final = 1
"""Of the form in which templates are written, here and in an organisation's file."""

Revision = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
"""Which edition of the content it is, such as `2026-11`."""


class StandardKind(Settings):
    """The standard settings of one kind.

    Attributes:
        forbids: ids of what is never granted.
        why: the reason for each setting, by its name.
    """

    forbids: tuple[ForbiddenId, ...]
    why: dict[str, Reason]


class Standard(Spec):
    """The standard templates of all kinds.

    Attributes:
        version: of their form.
        revision: of their content.
        forbidden: everything that can be forbidden, by id.
        kinds: the settings by kind.
    """

    subject: ClassVar[str] = "standard templates"

    version: int
    revision: Revision
    forbidden: dict[ForbiddenId, ForbiddenGrant]
    kinds: dict[Kind, StandardKind]

    def template(self, kind: Kind) -> Template:
        """Make the template of a kind."""
        standard = self.kinds[kind]
        settings: dict[str, Any] = {name: getattr(standard, name) for name in Settings.model_fields}
        return Template(**settings, kind=kind, forbidden={each: self.forbidden[each] for each in standard.forbids})


@cache
def standard() -> Standard:
    """Give the standard templates; they are read once."""
    text = (resources.files(__package__) / "data/standard.yaml").read_text(encoding="utf-8")
    (document,) = parse_yaml(text)
    return Standard.parse(document.value)
