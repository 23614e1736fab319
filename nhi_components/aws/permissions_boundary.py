"""A permissions boundary: the policy that caps what roles can become, whatever they are granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import pulumi
import pulumi_aws as aws
from pydantic import AfterValidator, model_validator

from nhi_components.aws.boundary import boundary_document
from nhi_components.aws.outputs import is_later
from nhi_components.core.arn import ROLE_ARN
from nhi_components.core.aws_action import services as known_services
from nhi_components.core.connection import Region
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant, aws_grant_problems, aws_target_problems
from nhi_components.core.identity import Purpose
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.model import Spec, wrong
from nhi_components.core.tags import MANAGED_BY, MANAGER, STACK
from nhi_components.refusal import refusing_plainly


def _service(value: str) -> str:
    if value not in known_services():
        raise wrong(got=value, expected="the prefix of a service of AWS", fix="write it as in its actions, like `sqs`")
    return value


class AwsBoundarySpec(Spec):
    """What a permissions boundary is made from.

    Attributes:
        purpose: which roles it is for, 8 to 200 characters.
        services: prefixes of services that may be used.
        allow: further actions on targets, which may be known at deployment only.
        passable_roles: ARNs of the roles that may be passed to services; they may be known at deployment only.
        regions: where anything may be done; empty: everywhere.
    """

    subject: ClassVar[str] = "aws.PermissionsBoundary"

    purpose: Purpose
    services: tuple[Annotated[str, AfterValidator(_service)], ...] = ()
    allow: tuple[Grant, ...] = ()
    passable_roles: tuple[Annotated[Any, ROLE_ARN.validator], ...] = ()
    regions: tuple[Region, ...] = ()

    @model_validator(mode="after")
    def _allows_something(self) -> Self:
        if not (self.services or self.allow):
            raise wrong(got="neither", expected="services or allow", fix="name what the roles may use at most")
        return self


class PermissionsBoundary(pulumi.ComponentResource):
    """A permissions boundary.

    Whatever it allows, it denies changes of IAM, its own removal, the organisation and its accounts, and the passing
    of roles that it does not name. It is no identity: it has no lease and no end, and grants nothing by itself.

    Attributes:
        arn: of the policy, for `permissions_boundary` of the components.
    """

    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        purpose: str,
        services: Sequence[str] = (),
        allow: Sequence[Grant | Mapping[str, Any]] = (),
        passable_roles: Sequence[pulumi.Input[str]] = (),
        regions: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the policy.

        Args:
            name: the component's name in the program; the policy's begins with it.
            purpose: which roles it is for.
            services: prefixes of services that may be used, such as `"sqs"`.
            allow: further actions on targets.
            passable_roles: ARNs of the roles that may be passed to services; none by default.
            regions: where anything may be done; everywhere by default.
            tags: the policy's tags, in place of those that tell manager and stack.
            opts: resource options.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "purpose": purpose,
            "services": services,
            "allow": allow,
            "passable_roles": passable_roles,
            "regions": regions,
        }
        with refusing_plainly():
            self._spec = _read(name, fields)
        # Not of the package `nhi`: repair would take a policy without lease for a bundle's.
        super().__init__("nhi-components:aws:PermissionsBoundary", name, None, opts)
        policy = aws.iam.Policy(
            name,
            path=IAM_PATH,
            description=purpose,
            policy=self._document(),
            tags=_tags() if tags is None else dict(tags) or None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": policy.arn})

    def _document(self) -> pulumi.Output[str]:
        spec = self._spec
        known = pulumi.Output.all(
            targets=[list(grant.targets) for grant in spec.allow], roles=list(spec.passable_roles)
        )

        @refusing_plainly()
        def document(k: dict[str, Any]) -> str:
            if problems := _known_problems(spec, k["targets"], k["roles"]):
                raise SpecError("ARNs known at deployment", problems)
            return boundary_document(spec.services, spec.allow, k["targets"], k["roles"], spec.regions)

        return known.apply(document)


def _read(name: str, fields: Mapping[str, Any]) -> AwsBoundarySpec:
    subject = f"{AwsBoundarySpec.subject} {name!r}"
    try:
        spec = AwsBoundarySpec.parse(fields)
    except SpecError as error:
        raise SpecError(subject, error.problems) from None
    found = aws_grant_problems(spec.allow)
    problems = [Problem(p.path.replace("grants", "allow", 1), p.got, p.expected, p.fix) for p in found]
    if problems:
        raise SpecError(subject, problems)
    if not is_later(spec):
        targets = [grant.targets for grant in spec.allow]
        boundary_document(spec.services, spec.allow, targets, spec.passable_roles, spec.regions)
    return spec


def _known_problems(spec: AwsBoundarySpec, targets: Sequence[Sequence[str]], roles: Sequence[str]) -> list[Problem]:
    problems = [p for i, arn in enumerate(roles) for p in ROLE_ARN.problems(f"passable_roles[{i}]", arn)]
    for i, (grant, known) in enumerate(zip(spec.allow, targets, strict=True)):
        for j, (declared, target) in enumerate(zip(grant.targets, known, strict=True)):
            if not isinstance(declared, str):
                path, excepted = f"allow[{i}].targets[{j}]", grant.exception is not None
                problems += aws_target_problems(path, target, excepted=excepted)
    return problems


def _tags() -> dict[str, str]:
    return {MANAGED_BY: MANAGER, STACK: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
