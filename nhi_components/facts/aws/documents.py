"""Reads AWS documents that stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.managed_policy import read_attachment
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, MalformedJson, kind_of, parse_json

_KINDS: Final = {
    DocumentKind.POLICY_DOCUMENT: PolicyKind.IDENTITY,
    DocumentKind.TRUST_POLICY: PolicyKind.TRUST,
    DocumentKind.RESOURCE_POLICY: PolicyKind.RESOURCE,
    DocumentKind.PERMISSION_BOUNDARY: PolicyKind.BOUNDARY,
}
_ATTACHED: Final = frozenset(
    {"managedpolicyarn", "managedpolicyarns", "policy", "policyarn", "policyarns", "policies", "policydocument"}
    | {"policyname", "policynames", "managedpolicy", "managedpolicies"}
)
"""What an attachment calls the policy, in lower case and without underscores."""


def read(kind: DocumentKind, resource: Resource, value: object, context: Mapping[str, Any]) -> Iterable[Fact]:
    """Read one document, as `read_document` tells."""
    if kind is DocumentKind.BINDING:
        return _attachment(resource, value)
    if kind not in _KINDS:
        expected = f"one of {', '.join(_KINDS)}, {DocumentKind.BINDING}"
        return (Unjudged(resource, "kind", kind.value, expected, "name the kind of the AWS document"),)
    return read_policy(resource, "document", value, _KINDS[kind], str(context.get("service", "")), context)


def _attachment(resource: Resource, value: object) -> Iterator[Fact]:
    expected = "an object that names a principal and `policy_arn`"
    if value is UNKNOWN:
        yield NotYetKnown(resource, "document", "attachment of a policy")
        return
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except MalformedJson as error:
            yield Unjudged(resource, "document", f"text that is no JSON: {error}", expected, "correct the JSON")
            return
    if not isinstance(value, Mapping):
        yield Unjudged(resource, "document", kind_of(value), expected, "write the attachment as an object")
        return
    named = list(_named_policies("document", value))
    if not named:
        yield Unjudged(resource, "document", "no policy", expected, "name the policy that is attached")
    for path, policy in named:
        yield from _policy(resource, path, policy)


def _named_policies(path: str, value: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield what an attachment calls a policy, and ARNs of policies wherever they stand, each with its place."""
    for key, given in value.items():
        listed = given if isinstance(given, list) else [given]
        is_policy = str(key).replace("_", "").lower() in _ATTACHED
        for index, member in enumerate(listed):
            place = f"{path}.{key}" + (f"[{index}]" if isinstance(given, list) else "")
            if isinstance(member, dict) and "Statement" not in member:
                yield from ((f"{place}.{k}", v) for k, v in member.items() if _is_policy_arn(v))
            elif is_policy or _is_policy_arn(member):
                yield place, member


def _is_policy_arn(value: object) -> bool:
    return isinstance(value, str) and value.startswith("arn:") and ":policy/" in value


def _policy(resource: Resource, path: str, policy: object) -> Iterator[Fact]:
    if isinstance(policy, str) and not policy.lstrip().startswith("{"):
        yield from read_attachment(resource, path, policy)
    elif isinstance(policy, str | dict):
        yield from read_policy(resource, path, policy, PolicyKind.IDENTITY)
    elif policy is UNKNOWN:
        yield NotYetKnown(resource, path, "managed policy")
    else:
        yield Unjudged(resource, path, kind_of(policy), "the ARN of a policy, or its document", "give its ARN")
