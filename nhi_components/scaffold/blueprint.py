"""How an identity of one kind is declared on one system, and what has to be known for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, Literal, get_args

from nhi_components.core.credential.spec import WhyNotFederated
from nhi_components.core.model import Spec
from nhi_components.core.pipeline import GitHub

Detail = Literal[
    "runs_on",
    "repository",
    "ref",
    "oidc_provider_arn",
    "runtime_role_arn",
    "tool",
    "sponsor",
    "vendor_account",
    "vendor_cidr",
    "project",
    "project_number",
    "cluster_project",
    "namespace",
    "kubernetes_account",
    "runtime_principal",
    "vendor_service_account",
    "why_not_federated",
    "subscription",
    "resource_group",
    "cluster_issuer",
    "vendor_issuer",
    "vendor_subject",
    "key_vault",
]

DETAILS: Final[tuple[Detail, ...]] = get_args(Detail)
RUNS_ON: Final[Detail] = "runs_on"


@dataclass(frozen=True, slots=True)
class Question:
    """Something that has to be known beside what every identity has.

    Attributes:
        detail: the field of `NewIdentity`.
        text: what a person is asked.
        default: what an empty answer means; None when there has to be one.
    """

    detail: Detail
    text: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Holds answers against a specification of the core, as the component will.

    Attributes:
        spec: the specification.
        fields: the detail that is the value of each of its fields; the others are left out.
    """

    spec: type[Spec]
    fields: Mapping[str, Detail]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """How an identity of one kind is declared on one system.

    Attributes:
        component: the component's name in the system's package, such as `nhi_components.aws`.
        arguments: source text of further arguments by name; `{detail}` is the answer, quoted.
        questions: what is asked.
        results: what the program exports of it.
        granting: source text of the grants, as `{grants}`, for the argument `tools`; None: they are `grants`.
        grantable: whether it may do anything by itself.
        checks: what the answers are held against.
        platforms: what it may run on, by the answer to `runs_on`, with the blueprint for that; none: all the same.
        extras: extras of this package that the program needs beside its system's.
    """

    component: str
    arguments: Mapping[str, str]
    questions: tuple[Question, ...]
    results: tuple[str, ...]
    granting: str | None = None
    grantable: bool = True
    checks: tuple[Check, ...] = ()
    platforms: Mapping[str, Blueprint] = field(default_factory=lambda: MappingProxyType({}))
    extras: tuple[str, ...] = ()


class _Reason(Spec):
    subject: ClassVar[str] = "reason"

    why_not_federated: WhyNotFederated


REPOSITORY: Final = Question("repository", "The GitHub repository that may use it (owner/name)")
REF: Final = Question("ref", "The ref that may use it", "refs/heads/main")
SPONSOR: Final = Question("sponsor", "The address of the person who answers for what it does")
TOOL: Final = Question("tool", "The tool that its grants are for", "main")
WHY_NOT_FEDERATED: Final = Question(
    "why_not_federated", "Why nothing vouches for it, so that it needs a key (a sentence)"
)
OF_A_REASON: Final = Check(_Reason, {"why_not_federated": "why_not_federated"})
OF_GITHUB: Final = Check(GitHub, {"repository": "repository", "ref": "ref"})
GITHUB: Final = "GitHub(repository={repository}, ref={ref})"
ONE_TOOL: Final = "{{{tool}: {grants}}}"
