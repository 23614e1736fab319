"""aws.wildcard-principal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.conditions import narrows_callers
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.aws.traits import ADMITS_CALLERS
from nhi_components.rules.aws.statements import ADMITTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "named principals, or a condition that fixes account, organisation, network or source"


@rule(
    id="aws.wildcard-principal",
    rule_class=RuleClass.PUBLIC_PRINCIPAL,
    severity=Severity.CRITICAL,
    about=(GrantDocument,),
    needs=ADMITS_CALLERS,
    title="Every policy that admits callers names them",
    why='`"*"`, and Allow with NotPrincipal, admit every AWS account of the world, or the whole internet. Conditions '
    "such as `aws:SecureTransport`, or on tags that a caller sets on itself, keep nobody out.",
    fix="name the principals, or add a condition on aws:PrincipalOrgID, aws:SourceAccount or aws:SourceArn",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, '
        '"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders", '
        '"Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}',
        DocumentKind.RESOURCE_POLICY,
        context={"service": "sqs"},
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, '
        '"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders", '
        '"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:orders"}}}]}',
        DocumentKind.RESOURCE_POLICY,
        context={"service": "sqs"},
    ),
    references=(Reference.INSECURE_CLOUD_DEPLOYMENT, Reference.ACCESS_MANAGED),
)
def wildcard_principal(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find statements that admit anybody."""
    for document, statement in allowing(facts, now, ADMITTING):
        if statement.not_principals is not None:
            place = f"{statement.path}.NotPrincipal"
            yield this.finding(document.resource, place, "Allow with NotPrincipal", "Allow with Principal")
        wide = [principal for principal in statement.principals if has_wildcard(principal.text)]
        if wide and not narrows_callers(statement.conditions):
            for principal in wide:
                yield this.finding(document.resource, principal.path, principal.text, _EXPECTED)
