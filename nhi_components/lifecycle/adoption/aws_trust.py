"""Which of the components' trusts a role's trust policy is; one that none of them says exactly is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from nhi_components.core.arn import OIDC_PROVIDER_ARN, ROLE_ARN, issuer_of
from nhi_components.core.errors import SpecError
from nhi_components.core.pipeline import GitHub
from nhi_components.core.trust import SERVICES, AccountTrust, IrsaTrust, ServiceTrust

_ROOT = re.compile(r"(?:arn:aws[\w-]*:iam::)?(\d{12})(?::root)?", re.ASCII)
_POD = re.compile(r"system:serviceaccount:([^:*?]+):([^:*?]+)")
_GITHUB = "token.actions.githubusercontent.com"
_REPOSITORY = re.compile(r"repo:([^:*?@]+):(?:ref:(refs/[^*?]+)|environment:([^*?:]+))")
_AUDIENCE = "sts.amazonaws.com"


_T = TypeVar("_T")


class Untranslatable(ValueError):
    """No trust of a component says the same; the text tells what does not fit."""


KnownTrust = ServiceTrust | AccountTrust | IrsaTrust | tuple[GitHub, str]
"""A trust; a pipeline of GitHub comes with the ARN of its OIDC provider."""


def trust_of(document: Mapping[str, Any]) -> KnownTrust:
    """Read a trust policy that exactly one trust of a component stands for, but for the end that it adds.

    Raises:
        Untranslatable: it lets in more, or less, or somebody else than any of them.
    """
    given = document.get("Statement", [])
    statements: Sequence[Mapping[str, Any]] = [given] if isinstance(given, Mapping) else list(given)
    if len(statements) != 1:
        raise Untranslatable(f"{len(statements)} statements, where a component writes one")
    (statement,) = statements
    unknown = set(statement) - {"Sid", "Effect", "Principal", "Action", "Condition"}
    if statement.get("Effect") != "Allow" or unknown:
        raise Untranslatable(f"a statement with {', '.join(sorted(unknown)) or statement.get('Effect')}")
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or len(principal) != 1:
        raise Untranslatable("principals of several kinds, or everybody")
    ((kind, named),) = principal.items()
    names = [named] if isinstance(named, str) else list(named)
    condition = statement.get("Condition") or {}
    action = _only(statement.get("Action"))
    match kind, action:
        case "Service", "sts:AssumeRole":
            return _of_service(names, condition)
        case "AWS", "sts:AssumeRole":
            return _of_account(names, condition)
        case "Federated", "sts:AssumeRoleWithWebIdentity":
            return _of_issuer(names, condition)
    raise Untranslatable(f"{action or 'several actions'} for {kind} principals")


def _of_service(names: Sequence[str], condition: Mapping[str, Any]) -> ServiceTrust:
    service = names[0].removesuffix(".amazonaws.com") if len(names) == 1 else ""
    if service not in SERVICES:
        raise Untranslatable(f"{', '.join(names)}, where a component trusts one of {', '.join(SERVICES)}")
    if condition:
        raise Untranslatable("conditions on a service, which no component writes")
    return ServiceTrust(service=service)


def _of_account(names: Sequence[str], condition: Mapping[str, Any]) -> AccountTrust:
    claims = _compared(condition)
    external_id = claims.pop("sts:externalid", None)
    if external_id is None or claims:
        raise Untranslatable("an account that is let in without an external id, or under other conditions as well")
    roots = [match[1] for name in names if (match := _ROOT.fullmatch(name))]
    roles = [name for name in names if ROLE_ARN.pattern.fullmatch(name)]
    if len(names) == 1 and roots:
        return _told(lambda: AccountTrust(account=roots[0], external_id=external_id))
    if len(roles) == len(names):
        account = roles[0].split(":")[4]
        return _told(lambda: AccountTrust(account=account, external_id=external_id, principals=tuple(roles)))
    raise Untranslatable(f"{', '.join(names)}, which is neither one account nor roles of one")


def _of_issuer(names: Sequence[str], condition: Mapping[str, Any]) -> IrsaTrust | tuple[GitHub, str]:
    provider = names[0] if len(names) == 1 else ""
    issuer = issuer_of(provider) if OIDC_PROVIDER_ARN.pattern.fullmatch(provider) else None
    if issuer is None:
        raise Untranslatable(f"{', '.join(names)}, which is not one OIDC provider")
    claims = _compared(condition)
    audience, subject = claims.pop(f"{issuer}:aud".lower(), None), claims.pop(f"{issuer}:sub".lower(), None)
    if audience != _AUDIENCE or subject is None or claims:
        raise Untranslatable(f"other claims than exactly one subject and the audience {_AUDIENCE}")
    if pod := _POD.fullmatch(subject):
        namespace, account = pod.groups()
        return _told(lambda: IrsaTrust(oidc_provider_arn=provider, namespace=namespace, service_account=account))
    if issuer == _GITHUB and (job := _REPOSITORY.fullmatch(subject)):
        repository, ref, environment = job.groups()
        source = _told(lambda: GitHub(repository=repository, ref=ref, environment=environment))
        if source.subject_claim == subject:
            return source, provider
    raise Untranslatable(f"the subject {subject}")


def _compared(condition: Mapping[str, Any]) -> dict[str, str]:
    """Give what is compared exactly with one value, by key in lower case."""
    if set(condition) - {"StringEquals"}:
        raise Untranslatable(f"conditions by {', '.join(sorted(set(condition) - {'StringEquals'}))}")
    compared = {key.lower(): _only(values) for key, values in (condition.get("StringEquals") or {}).items()}
    known = {key: value for key, value in compared.items() if value is not None}
    if len(known) != len(compared):
        raise Untranslatable("conditions with several values")
    return known


def _only(value: object) -> str | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else None


def _told(make: Callable[[], _T]) -> _T:
    try:
        return make()
    except SpecError as error:
        raise Untranslatable("; ".join(f"{p.path} {p.got}" for p in error.problems)) from None
