"""Reads Pulumi's AWS resources that are credentials, and those that admit a caller without a policy document.

Source: the input properties of pulumi-aws 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.facts.model import Fact, NotYetKnown, Resource, StandingCredential, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of

_ROLE: Final = "let the workload assume a role: with what its platform gives it, OIDC, or Roles Anywhere"
_CREDENTIALS: Final = {
    "aws:iam/accessKey:AccessKey": ("an access key of an IAM user", _ROLE),
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": ("a service credential of an IAM user", _ROLE),
    "aws:iam/signingCertificate:SigningCertificate": ("a signing certificate of an IAM user", _ROLE),
    "aws:iam/sshKey:SshKey": ("an SSH key of an IAM user", _ROLE),
    "aws:iam/userLoginProfile:UserLoginProfile": ("a password of an IAM user", "let people in by IAM Identity Center"),
}
_INVOCATION: Final = "aws:lambda/permission:Permission"
_SOURCES: Final = {
    "sourceArn": ("ArnLike", "aws:SourceArn"),
    "sourceAccount": ("StringEquals", "aws:SourceAccount"),
    "principalOrgId": ("StringEquals", "aws:PrincipalOrgID"),
    "eventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
}

TYPES: Final = frozenset({*_CREDENTIALS, _INVOCATION})


def read_credential_or_permission(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the credential that a resource is, or the statement that a Lambda permission stands for."""
    if resource.type == _INVOCATION:
        yield from _permission(resource, inputs)
    elif inputs.get("status") != "Inactive":
        what, instead = _CREDENTIALS[resource.type]
        yield StandingCredential(resource, "inputs", what, None, None, instead)


def _permission(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    principal = inputs.get("principal")
    if principal is UNKNOWN:
        yield NotYetKnown(resource, "principal", "principal")
        return
    if not isinstance(principal, str):
        yield Unjudged(resource, "principal", kind_of(principal), "a service, an account or `*`", "name who invokes")
        return
    conditions: dict[str, dict[str, Any]] = {}
    for name, (operator, key) in _SOURCES.items():
        if inputs.get(name) is not None:
            conditions.setdefault(operator, {})[key] = inputs[name]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service" if ".amazonaws." in principal else "AWS": principal},
        "Action": inputs.get("action", "lambda:InvokeFunction"),
        "Resource": "*",
    }
    if conditions:
        statement["Condition"] = conditions
    yield from read_policy(resource, "permission", {"Statement": statement}, PolicyKind.RESOURCE, "lambda")
