"""The document of a permissions boundary: what roles can become at most; pure functions.

A boundary grants nothing: what a role may do is what both its grants and the boundary allow, and neither denies.
Sources: IAM user guide, 'Permissions boundaries for IAM entities'; Service Authorization Reference, IAM, for the verbs
of its writing actions; AWS Organizations user guide, 'Deny access to AWS based on the requested AWS Region', for the
services that have no region.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nhi_components.aws.sizes import MANAGED_POLICY, refuse_too_long
from nhi_components.core.grant import Grant

_IAM_VERBS: Final = (
    "Accept",
    "Add",
    "Associate",
    "Attach",
    "Change",
    "Create",
    "Deactivate",
    "Delete",
    "Detach",
    "Disable",
    "Enable",
    "Put",
    "Reject",
    "Remove",
    "Reset",
    "Resync",
    "Send",
    "Set",
    "Tag",
    "Untag",
    "Update",
    "Upload",
)
ESCALATION: Final = (
    *(f"iam:{verb}*" for verb in _IAM_VERBS),
    "account:*",
    "identitystore:*",
    "organizations:*",
    "sso:*",
    "sso-directory:*",
    "sts:AssumeRoot",
)
"""What changes permissions, boundaries, the organisation or its accounts."""

WITHOUT_REGION: Final = ("cloudfront:*", "iam:*", "organizations:*", "route53:*", "sts:*", "support:*")
"""Services that answer in one region for all."""


def boundary_document(
    services: Sequence[str],
    allow: Sequence[Grant],
    targets: Sequence[Sequence[str]],
    passable_roles: Sequence[str],
    regions: Sequence[str],
) -> str:
    """Write the boundary.

    Args:
        services: prefixes of services, such as `sqs`, of which everything is allowed but what is denied below.
        allow: what else.
        targets: for each of those, its targets, all known by now.
        passable_roles: ARNs of the roles that may be passed to services; every other passing is denied.
        regions: where anything may be done; empty: everywhere.

    Raises:
        SpecError: when the document is too long.
    """
    statements: list[Mapping[str, Any]] = []
    if services:
        actions = [f"{service}:*" for service in services]
        statements.append({"Sid": "Services", "Effect": "Allow", "Action": actions, "Resource": "*"})
    statements += [
        {"Sid": f"Allow{i}", "Effect": "Allow", "Action": list(grant.actions), "Resource": list(targets[i])}
        | ({"Condition": _plain(grant)} if grant.conditions else {})
        for i, grant in enumerate(allow)
    ]
    statements += [*_passing(passable_roles), _deny("NoEscalation", Action=list(ESCALATION), Resource="*")]
    if regions:
        elsewhere = {"StringNotEquals": {"aws:RequestedRegion": list(regions)}}
        statements.append(_deny("OnlyInRegions", NotAction=list(WITHOUT_REGION), Resource="*", Condition=elsewhere))
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    refuse_too_long(MANAGED_POLICY, document)
    return document


def _passing(roles: Sequence[str]) -> list[Mapping[str, Any]]:
    if not roles:
        return [_deny("NoPassing", Action="iam:PassRole", Resource="*")]
    return [
        {"Sid": "Passing", "Effect": "Allow", "Action": "iam:PassRole", "Resource": list(roles)},
        _deny("NoOtherPassing", Action="iam:PassRole", NotResource=list(roles)),
    ]


def _deny(sid: str, **elements: Any) -> Mapping[str, Any]:
    return {"Sid": sid, "Effect": "Deny", **elements}


def _plain(grant: Grant) -> dict[str, Any]:
    return {op: {key: list(values) for key, values in tests.items()} for op, tests in (grant.conditions or {}).items()}
