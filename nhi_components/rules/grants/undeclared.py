"""grants.undeclared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.core.glob import glob_matches
from nhi_components.facts import DeclaredGrants, Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.azure.model import RoleAssignment
from nhi_components.facts.azure.model import RoleDefinition as AzureRole
from nhi_components.facts.gcp.model import Binding, RoleDefinition
from nhi_components.facts.kubernetes.model import RbacBinding, RbacRole
from nhi_components.facts.values import Located
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_OF_EVERY_COMPONENT: Final = frozenset(
    {
        "secretsmanager:describesecret",
        "secretsmanager:getsecretvalue",
        "read",
        "roles/secretmanager.secretaccessor",
        "roles/iam.workloadidentityuser",
        "roles/iam.serviceaccounttokencreator",
        "roles/iam.serviceaccountuser",
        "key vault secrets user",
        "managed identity operator",
    }
)
"""What a component grants without being told: reading the identity's own secret; on GCP becoming, and on Azure
attaching the identity."""

_PREDEFINED: Final = "roles/"
_Document = (
    GrantDocument | VaultPolicyDocument | RoleDefinition | Binding | AzureRole | RoleAssignment | RbacRole | RbacBinding
)

_COMPONENT = (
    '{"type": "nhi:aws:WorkloadIdentity", "urn": "component", "inputs": '
    '{"grants": [{"actions": ["sqs:SendMessage"], "targets": ["arn:aws:sqs:eu-west-1:111122223333:orders"]}]}}'
)


@rule(
    id="grants.undeclared",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.HIGH,
    about=(
        GrantDocument,
        VaultPolicyDocument,
        RoleDefinition,
        Binding,
        AzureRole,
        RoleAssignment,
        RbacRole,
        RbacBinding,
    ),
    title="A component's documents grant what the component declares, and no more",
    why="A document that is unknown at preview passes on the strength of the grants that its component declares. Once "
    "it is known it must keep that promise, or the preview has judged something else than what is created.",
    fix="declare the action among the component's grants, or take the document out of the component",
    bad=Example(
        '{"type": "aws:iam/rolePolicy:RolePolicy", "parent": "component", "inputs": {"policy": '
        '{"Statement": {"Effect": "Allow", "Action": "sqs:DeleteQueue", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}}}}',
        around=_COMPONENT,
    ),
    good=Example(
        '{"type": "aws:iam/rolePolicy:RolePolicy", "parent": "component", "inputs": {"policy": '
        '{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}}}}',
        around=_COMPONENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def undeclared(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions in documents below a component that the component does not declare."""
    on_aws_and_vault: tuple[_Document, ...] = (*facts.of(GrantDocument), *facts.of(VaultPolicyDocument))
    on_google: tuple[_Document, ...] = (*facts.of(RoleDefinition), *facts.of(Binding))
    on_azure: tuple[_Document, ...] = (*facts.of(AzureRole), *facts.of(RoleAssignment))
    on_kubernetes: tuple[_Document, ...] = (*facts.of(RbacRole), *facts.of(RbacBinding))
    documents = (*on_aws_and_vault, *on_google, *on_azure, *on_kubernetes)
    for document in documents:
        declared = next(facts.enclosing(document.resource, DeclaredGrants), None)
        if declared is None or not declared.complete:
            continue
        for action in _granted(document):
            if not _is_declared(action.text.lower(), declared.actions):
                expected = f"what {declared.resource.name} declares: {', '.join(sorted(declared.actions)) or 'nothing'}"
                yield this.finding(document.resource, action.path, action.text, expected)


def _is_declared(action: str, declared: frozenset[str]) -> bool:
    return action in declared | _OF_EVERY_COMPONENT or any(glob_matches(pattern, action) for pattern in declared)


def _granted(document: _Document) -> Iterator[Located]:
    match document:
        case VaultPolicyDocument():
            for path_rule in document.rules:
                yield from path_rule.capabilities if path_rule.granted else ()
        case RoleDefinition():
            yield from (Located(name, f"{document.path}[{index}]") for index, name in enumerate(document.listed))
        case Binding(role=role) if role.startswith(_PREDEFINED):
            yield Located(role, document.role_path)
        case AzureRole() | RoleAssignment():
            yield from _on_azure(document)
        case RbacRole() | RbacBinding():
            yield from _on_kubernetes(document)
        case GrantDocument(kind=PolicyKind.IDENTITY):
            for statement in document.statements:
                if statement.allows:
                    yield from (Located(text, statement.place("Action", text)) for text in statement.actions)


def _on_azure(document: AzureRole | RoleAssignment) -> Iterator[Located]:
    """Yield a role's operations, or the name of a built-in role that is assigned."""
    match document:
        case AzureRole():
            for permission in document.permissions:
                yield from (*permission.actions, *permission.data_actions)
        case RoleAssignment() if document.permissions:
            yield Located(document.role, document.path)


def _on_kubernetes(document: RbacRole | RbacBinding) -> Iterator[Located]:
    """Yield what a role permits, or that a ClusterRole is bound, which no grant becomes."""
    match document:
        case RbacRole():
            for each in document.rules:
                yield from (Located(text, each.path) for text in each.permissions())
        case RbacBinding() if document.role_of_cluster:
            yield Located(f"ClusterRole {document.role}", f"{document.path}.roleRef")
