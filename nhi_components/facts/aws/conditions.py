"""Which conditions of a statement narrow it: to known callers, or to chosen resources.

`aws:SecureTransport`, dates, tags that the caller sets on itself, and `…IfExists`, negated and `ForAllValues` operators
narrow neither: a caller that anyone can be still passes them.
Sources: IAM user guide, 'AWS global condition context keys' and 'Multivalued context keys'; Amazon S3 user guide, 'The
meaning of "public"' (address ranges wider than /8, or /32 for IPv6, are public).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_network

from nhi_components.facts.aws.model import Condition
from nhi_components.facts.aws.patterns import has_wildcard, is_nameless
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
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "kms:calleraccount",
        "s3:dataaccesspointarn",
    }
)
_TAG_KEYS = ("existingobjecttag/", "resourcetag/", "requesttag/", "request-tag/", "resource-tag/")
"""Tags of what is used, or that must be put on what is made."""

_CHOOSING = frozenset(
    {
        "cloudformation:stackname",
        "cloudwatch:namespace",
        "dynamodb:leadingkeys",
        "ec2:instanceprofile",
        "ec2:vpc",
        "ecs:cluster",
        "ecs:service",
        "ecs:task-definition",
        "eks:clustername",
        "events:detail.name",
        "iam:awsservicename",
        "iam:permissionsboundary",
        "iam:policyarn",
        "kms:aliasname",
        "kms:requestalias",
        "kms:resourcealiases",
        "kms:viaservice",
        "lambda:functionarn",
        "organizations:policytype",
        "s3:accesspointnetworkorigin",
        "s3:dataaccesspointarn",
        "s3:prefix",
        "secretsmanager:name",
        "secretsmanager:secretid",
        "ssm:documentcategories",
        "aws:resourcearn",
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
    }
)
"""Keys of the Service Authorization Reference whose value is, or chooses, what an action may touch."""

_UNTIL = frozenset({"datelessthan", "datelessthanequals"})
_MOMENTS = frozenset({"aws:currenttime", "aws:epochtime", "aws:tokenissuetime"})
"""Moments of the request, or of a session that lasts no more than hours."""

_CHOOSING_CALLERS_PREFIXES = ("aws:principaltag/", "kms:encryptioncontext:", "aws:requesttag/")
_CHOOSING_CALLERS = frozenset(
    {"aws:sourceidentity", "aws:userid", "aws:username", "sts:externalid", "sts:sourceidentity"}
)

_WIDEST_IPV4, _WIDEST_IPV6 = 8, 32


def narrows_callers(conditions: Iterable[Condition]) -> bool:
    """Tell whether the conditions admit only callers from named accounts, organisations, networks or resources."""
    return any(_holds_only_for(condition, _narrows_callers) for condition in conditions)


def narrows_resources(conditions: Iterable[Condition]) -> bool:
    """Tell whether the conditions choose resources: by a tag, or by a key that names what an action may touch."""
    for condition in conditions:
        if _may_choose_resources(condition.key) and _holds_only_for(condition, _narrows_resources):
            return True
    return False


@lru_cache(maxsize=4096)
def _may_choose_resources(key: str) -> bool:
    return not key or key in _CHOOSING or key.partition(":")[2].startswith(_TAG_KEYS)


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
    if name.startswith(_TAG_KEYS):
        return value == "false" if condition.operator == "null" else _is_fixed(condition.operator, value)
    return condition.key in _CHOOSING and not is_nameless(value) and condition.operator in _EXACT | _PATTERN


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


def narrows_to_principals(conditions: Iterable[Condition]) -> bool:
    """Tell whether the conditions leave only chosen callers of an account: by external id, name, tag or source."""
    return any(_holds_only_for(condition, _chooses_principals) for condition in conditions)


def _chooses_principals(condition: Condition, value: str) -> bool:
    if condition.key.startswith(_CHOOSING_CALLERS_PREFIXES) or condition.key in _CHOOSING_CALLERS:
        return condition.operator in _EXACT | _PATTERN and bool(value) and not is_nameless(value)
    if condition.key == "aws:sourcearn":
        return _narrows_callers(condition, value)
    if condition.key == "aws:principalarn":
        name = value.rpartition("/")[2] if "/" in value else value
        return condition.operator in _EXACT | _PATTERN and not value.endswith(":root") and not is_nameless(name)
    return False


def have_ended(conditions: Iterable[Condition], now: datetime) -> bool:
    """Tell whether the conditions held only until a moment that has passed.

    Args:
        conditions: all of which must hold.
        now: this moment (aware).
    """
    return any(
        condition.operator in _UNTIL
        and condition.key in _MOMENTS
        and not condition.if_exists
        and bool(condition.values)
        and all(isinstance(value, str) and _has_passed(value, now) for value in condition.values)
        for condition in conditions
    )


def _has_passed(value: str, now: datetime) -> bool:
    try:
        moment = datetime.fromtimestamp(int(value), UTC) if value.isdigit() else datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) < now


def passed_to(conditions: Iterable[Condition]) -> frozenset[str] | None:
    """Name the services to which a role may be passed, in lower case; None when any is admitted."""
    services: set[str] | None = None
    for condition in conditions:
        if condition.key == "iam:passedtoservice" and condition.operator in _EXACT | _PATTERN and condition.values:
            named = {value.lower() if isinstance(value, str) else "*" for value in condition.values}
            services = named if services is None else services & named
    return None if services is None else frozenset(services)
