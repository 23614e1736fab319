"""One cloud's bundle of a federated identity, as it is about to be made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

import pulumi

from nhi_components.bundle import Bundle
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.spec import BundleSpec

_OF_THE_HOME: Final = MappingProxyType(
    {
        "source": "home",
        "trusted_by": "home",
        "login": "home",
        "issuer": "home.issuer",
        "namespace": "home.namespace",
        "service_account": "home.service_account",
        "subject_claim": "home",
    }
)
"""Which argument of a cloud's component is which of the home's."""

_OF_A_VAULT: Final = ("jwt_mount", "login.mount")
"""What the components of Vault call the place's `mount`."""

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Branch:
    """A component, what it is given, and how that is judged.

    Attributes:
        component: makes the bundle.
        fields: its arguments but name, identity and connection.
        parse: reads them as the component does: name and all fields but the connection.
        results: those of its outputs that a program needs to become the identity.
        audience: for whom tokens are issued, where the component does not tell.
        judged: what of the place is wrong beyond the component's own arguments, by the arguments of the place.
        preview: what more of the specification can be judged before anything is registered.
    """

    component: Callable[..., Bundle]
    fields: Fields
    parse: Callable[[str, Fields], BundleSpec]
    results: Sequence[str]
    audience: str | None = None
    judged: Iterable[Problem] = ()
    preview: Callable[[BundleSpec], Iterable[Problem]] = field(default=lambda _: ())

    def read(self, path: str, name: str, identity: Any) -> tuple[BundleSpec | None, list[Problem]]:
        """Judge it, without registering anything.

        Args:
            path: of the place, `on[0]`.
            name: the component's.
            identity: whose it is.

        Returns:
            Its specification, unless that is wrong; and what is wrong, by the arguments of the federated identity.
        """
        problems = [replace(problem, path=f"{path}.{problem.path}") for problem in self.judged]
        try:
            spec = self.parse(name, {"identity": identity, **self.fields})
        except SpecError as error:
            told = {problem.path for problem in problems}
            found = [replace(problem, path=_path(path, problem.path)) for problem in error.problems]
            return None, problems + [problem for problem in found if problem.path not in told]
        return spec, problems + [replace(each, path=_path(path, each.path)) for each in self.preview(spec)]

    def make(self, name: str, identity: Any, connection: str, parent: pulumi.Resource) -> Bundle:
        """Register the bundle below the federated identity."""
        opts = pulumi.ResourceOptions(parent=parent)
        return self.component(name, identity=identity, **self.fields, connection=connection, opts=opts)

    def outputs(self, bundle: Bundle) -> dict[str, pulumi.Output[Any]]:
        """Tell by what its workload becomes it, each None of a retired identity."""
        told = {result: getattr(bundle, result) for result in self.results}
        if "audience" not in told:
            told["audience"] = pulumi.Output.from_input(None if bundle.retired else self.audience)
        return told


def _path(place: str, path: str) -> str:
    root = path.partition(".")[0].partition("[")[0]
    if root == "identity":
        return path
    if path in _OF_A_VAULT:
        return f"{place}.mount"
    return _OF_THE_HOME.get(root, f"{place}.{path}")
