"""Which conditions of a statement narrow it: to known callers, or to chosen resources.

`aws:SecureTransport`, dates, tags that the caller sets on itself, and `…IfExists`, negated and `ForAllValues` operators
narrow neither: a caller that anyone can be still passes them.
Sources: IAM user guide, 'AWS global condition context keys' and 'Multivalued context keys'; Amazon S3 user guide, 'The
meaning of "public"' (address ranges wider than /8, or /32 for IPv6, are public).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_network

from nhi_components.facts.aws.model import Condition
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.values import Unknown

_EXACT = frozenset({"stringequals", "stringequalsignorecase"})
_PATTERN = frozenset({"stringlike", "arnlike", "arnequals"})
_CALLER_ARNS = frozenset({"aws:principalarn", "aws:sourcearn"})
_CALLERS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:username",
        "kms:calleraccount",
        "s3:dataaccesspointarn",
    }
)
_WIDEST_IPV4, _WIDEST_IPV6 = 8, 32


def narrows_callers(conditions: Iterable[Condition]) -> bool:
    """Tell whether the conditions admit only callers from named accounts, organisations, networks or resources."""
    return any(_holds_only_for(condition, _narrows_callers) for condition in conditions)


def narrows_resources(conditions: Iterable[Condition]) -> bool:
    """Tell whether the conditions admit only resources that bear a chosen tag."""
    return any(_holds_only_for(condition, _narrows_resources) for condition in conditions)


def _holds_only_for(condition: Condition, narrows: Callable[[Condition, str], bool]) -> bool:
    if condition.if_exists or condition.qualifier == "forallvalues" or not condition.values:
        return False
    if not condition.key:
        return True
    return all(isinstance(value, Unknown) or narrows(condition, value) for value in condition.values)


def _narrows_callers(condition: Condition, value: str) -> bool:
    if condition.key == "aws:sourceip":
        return condition.operator == "ipaddress" and _is_narrow_network(value)
    if condition.key in _CALLER_ARNS:
        return condition.operator in _EXACT or (condition.operator in _PATTERN and _names_an_account(value))
    return condition.key in _CALLERS and _is_fixed(condition.operator, value)


def _narrows_resources(condition: Condition, value: str) -> bool:
    _, _, name = condition.key.partition(":")
    return name.startswith("resourcetag/") and _is_fixed(condition.operator, value)


def _is_fixed(operator: str, value: str) -> bool:
    if operator in _EXACT:
        return True
    first = value.replace(":", "/").partition("/")[0]
    return operator in _PATTERN and bool(first) and not has_wildcard(first)


def _names_an_account(arn: str) -> bool:
    parts = arn.split(":", 5)
    if len(parts) < 6 or has_wildcard("".join(parts[:3])):
        return False
    account, resource = parts[4], parts[5]
    return not has_wildcard(account or resource.partition("/")[0])


def _is_narrow_network(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (_WIDEST_IPV4 if network.version == 4 else _WIDEST_IPV6)
