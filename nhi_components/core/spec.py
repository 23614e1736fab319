"""What every identity is made from, on whichever system; all its problems are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from nhi_components.core.copying import explained_copying
from nhi_components.core.credential.accounts import AccountSpec
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.model import Spec
from nhi_components.core.secret import SecretSpec


class BundleSpec(Spec):
    """The part of an identity's specification that is the same on every system.

    Attributes:
        identity: whose it is.
        grants: what it may do.
        secret: a secret of its own.
    """

    subject: ClassVar[str] = "identity bundle"
    grants_on_paths: ClassVar[bool] = True
    """Whether targets that are not a cloud's are paths of Vault, so that what templates forbid there counts."""

    identity: Identity
    grants: tuple[Grant, ...] = ()
    secret: SecretSpec | None = None

    @property
    def credential(self) -> CredentialSpec | None:
        """The credential that our provider issues and delivers; None for identities without one."""
        return None

    @property
    def accounts(self) -> tuple[AccountSpec, ...]:
        """Its accounts at other systems, made and removed with it; none for most."""
        return ()

    @property
    def sessions(self) -> Mapping[str, int]:
        """How long its sessions or tokens live at most, in seconds, by the field that says so."""
        return {}


class _Grants(Spec):
    grants: tuple[Grant, ...] = ()


_S = TypeVar("_S", bound=BundleSpec)


def parse_spec(
    model: type[_S],
    name: str,
    fields: Mapping[str, Any],
    grant_problems: Callable[[Iterable[Grant]], list[Problem]],
) -> _S:
    """Read a component's arguments.

    Args:
        model: the specification of that component.
        name: the component's name, for the report.
        fields: its arguments.
        grant_problems: what finds the problems of grants on that system.

    Raises:
        SpecError: with every problem of every field and of every grant.
    """
    problems: list[Problem] = []
    spec: _S | None = None
    try:
        spec = model.parse(fields)
    except SpecError as error:
        problems += error.problems
    with suppress(SpecError):  # the grants' own fields are wrong then, and reported above
        problems += grant_problems(_Grants.parse({"grants": fields["grants"]}).grants)
    if problems or spec is None:
        raise SpecError(f"{model.subject} {name!r}", explained_copying(problems, fields))
    return spec
