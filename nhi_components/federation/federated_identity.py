"""One identity of several clouds: at home on one platform, trusted by the others by its tokens, without a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import pulumi

from nhi_components.bundle import Bundle
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.expiry import Expiry
from nhi_components.core.federation import HOMES, PLACES, TRUSTED_ON, CloudPlace, FederatedSpec
from nhi_components.core.identity import Identity
from nhi_components.core.life import State
from nhi_components.core.spec import BundleSpec
from nhi_components.federation.branch import Branch
from nhi_components.life import decided_identity, lease_dates, problems_beyond_template, retired_dates, state_of
from nhi_components.refusal import refusing_plainly
from nhi_components.retention import retention_problem
from nhi_components.today import today

_TYPE: Final = "nhi:index:Federation"
"""No identity by its name: those that it consists of are, each with a lease of its own."""


class FederatedIdentity(pulumi.ComponentResource):
    """One identity of several clouds.

    Each cloud has a bundle with a lease of its own; they bear the same name, so one decision of `nhi:life` is about
    all of them, and they end on the same day.

    Attributes:
        bundles: by cloud (`aws`, `gcp`, `azure`, `vault`), the component that is the identity there.
        outputs: by cloud, by what its workload becomes it: `role_arn`; `email` and `provider_name`; `client_id` and
            `tenant_id`; `role_name`. With each of them `audience`, for whom its token has to be issued.
        retired: whether nothing of it is registered any more; a plain value.
    """

    bundles: Mapping[str, Bundle]
    outputs: Mapping[str, Mapping[str, pulumi.Output[Any]]]
    retired: bool

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        home: HOMES,
        on: Sequence[CloudPlace],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register a bundle on each cloud.

        Args:
            name: the component's name in the program; a bundle is named after it and its cloud.
            identity: whose it is, of kind `pipeline` for a pipeline and of kind `workload` otherwise.
            home: where it is at home, of `nhi_components.home`: `GitHub(…)`, `GitLab(…)`, `TerraformCloud(…)`,
                `Kubernetes(…)`, `Aws(…)`, `Gcp(…)` or `Azure(…)`.
            on: where it is trusted, of `nhi_components.on`: `Aws(…)`, `Gcp(…)`, `Azure(…)` and `Vault(…)`, each once.
            opts: resource options; `providers` may name explicit providers of the clouds and of nhi.

        Raises:
            SpecError: with every problem on every cloud, before anything is registered.
        """
        with refusing_plainly():
            if opts is not None and opts.retain_on_delete:
                raise SpecError(f"component {name!r}", [retention_problem("opts.retain_on_delete")])
            spec, branches = _read(name, {"home": home, "identity": identity, "on": on})
            identities = _of_one_end(decided_identity(spec.identity), [f"{name}-{each}" for each in branches])
            _refuse_early(name, identities, branches)
        super().__init__(_TYPE, name, {}, opts)
        connections = {str(place.system): place.connection for place in spec.on}
        self.bundles = {
            cloud: branch.make(f"{name}-{cloud}", identities[f"{name}-{cloud}"], connections[cloud], self)
            for cloud, branch in branches.items()
        }
        self.retired = all(bundle.retired for bundle in self.bundles.values())
        self.outputs = {cloud: branch.outputs(self.bundles[cloud]) for cloud, branch in branches.items()}
        self.register_outputs({cloud: dict(told) for cloud, told in self.outputs.items()})

    def output(self, cloud: str, name: str) -> pulumi.Output[str]:
        """Give one output of one cloud: `identity.output("aws", "role_arn")`.

        Raises:
            KeyError: the identity is not trusted there, or the cloud has no such output.
        """
        return self.outputs[cloud][name]


def _read(name: str, fields: Mapping[str, Any]) -> tuple[FederatedSpec, dict[str, Branch]]:
    """Read the arguments and those of each cloud's component.

    Raises:
        SpecError: with every problem of all of them.
    """
    problems: list[Problem] = []
    spec: FederatedSpec | None = None
    try:
        spec = FederatedSpec.parse(fields)
    except SpecError as error:
        problems += error.problems
    branches: dict[str, Branch] = {}
    for path, place in _places(fields):
        cloud = str(place.system)
        try:
            branches[cloud] = _module(path, cloud).branch(fields["home"], place)
        except SpecError as error:
            problems += error.problems
            continue
        _, found = branches[cloud].read(path, f"{name}-{cloud}", fields["identity"])
        problems += [each for each in found if spec or not each.path.startswith("identity")]
    if problems or spec is None:
        raise SpecError(f"FederatedIdentity {name!r}", dict.fromkeys(problems))
    return spec, branches


def _places(fields: Mapping[str, Any]) -> Iterator[tuple[str, PLACES]]:
    """Give each place that can be judged, also though something else is wrong: where the home can be trusted."""
    home, on = fields["home"], fields["on"]
    for index, place in enumerate(on if isinstance(on, Sequence) else ()):
        if isinstance(place, PLACES) and place.system in TRUSTED_ON.get(type(home), ()):
            yield f"on[{index}]", place


def _module(path: str, cloud: str) -> Any:
    """Import a cloud's part.

    Raises:
        SpecError: the cloud's own SDK is not installed.
    """
    try:
        return import_module(f"nhi_components.federation.{cloud}")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("pulumi_"):
            raise
        problem = Problem(path, f"no {error.name}", f"the extra `{cloud}`", f"pip install 'nhi-components[{cloud}]'")
        raise SpecError("FederatedIdentity", [problem]) from None


def _of_one_end(identity: Identity, components: Sequence[str]) -> dict[str, Identity]:
    """Let a cloud that is added later end with those that are there: days count from the oldest lease.

    One that is added on the day of that lease needs no date of its own, now and in later runs.
    """
    known = {each: lease_dates(each, identity) or retired_dates(each, identity) for each in components}
    issued = {each: dates.issued for each, dates in known.items() if dates}
    if identity.expires.after_days is None or not issued:
        return dict.fromkeys(components, identity)
    first = min(issued.values())
    dated = identity.model_copy(update={"expires": Expiry(on=identity.expires.resolve(first))})
    return {each: identity if issued.get(each, today()) == first else dated for each in components}


def _refuse_early(name: str, identities: Mapping[str, Identity], branches: Mapping[str, Branch]) -> None:
    """Hold every cloud's bundle against the templates before the first is registered.

    Raises:
        SpecError: with every problem.
    """
    problems: list[Problem] = []
    for index, (cloud, branch) in enumerate(branches.items()):
        component = f"{name}-{cloud}"
        spec, _ = branch.read("", component, identities[component])
        if isinstance(spec, BundleSpec) and state_of(spec.identity, component) is State.ACTIVE:
            found = problems_beyond_template(component, spec)
            problems += [_placed(problem, f"on[{index}]") for problem in found]
    if problems:
        raise SpecError(f"FederatedIdentity {name!r}", dict.fromkeys(problems))


def _placed(problem: Problem, path: str) -> Problem:
    if problem.path.startswith("identity"):
        return problem
    return Problem(f"{path}.{problem.path}", problem.got, problem.expected, problem.fix)
