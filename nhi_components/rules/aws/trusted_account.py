"""aws.trusted-account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.conditions import narrows_to_principals
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Principal, Statement
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.aws.traits import ADMITS_CALLERS
from nhi_components.facts.aws.trusting import account_of, is_foreign, whole_account
from nhi_components.rules.aws.statements import ADMITTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "named principals, and for a foreign account a condition on sts:ExternalId"


@rule(
    id="aws.trusted-account",
    rule_class=RuleClass.TRUST,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=ADMITS_CALLERS,
    title="Nobody trusts a whole account or organisation, nor a foreign account without an external id",
    why="Who names an account trusts whatever its administrators let in, today and later; who names an organisation "
    "trusts every account of it. A vendor's account without an external id can be made to act for another of its "
    "customers: the confused deputy.",
    fix="name the role that calls; for a vendor add a condition on sts:ExternalId with a value that the vendor chose",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": '
        '"arn:aws:iam::999988887777:root"}, "Action": "sts:AssumeRole"}]}',
        DocumentKind.TRUST_POLICY,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": '
        '"arn:aws:iam::999988887777:root"}, "Action": "sts:AssumeRole", '
        '"Condition": {"StringEquals": {"sts:ExternalId": "c0ffee-orders"}}}]}',
        DocumentKind.TRUST_POLICY,
    ),
    references=(Reference.VULNERABLE_THIRD_PARTY, Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=("IAM user guide, The confused deputy problem",),
)
def trusted_account(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find principals that are whole accounts or organisations, and foreign ones without an external id."""
    for document, statement in allowing(facts, now, ADMITTING):
        if narrows_to_principals(statement.conditions):
            continue
        for principal in statement.principals:
            got = _too_wide(document, statement, principal)
            if got:
                yield this.finding(document.resource, principal.path, got, _EXPECTED)


def _too_wide(document: GrantDocument, statement: Statement, principal: Principal) -> str:
    account = account_of(principal)
    foreign = is_foreign(document, statement, account)
    if document.kind is PolicyKind.TRUST:
        if principal.kind in ("AWS", "*") and has_wildcard(principal.text):
            return f"{principal.text}: every principal that the conditions let through"
        if whole_account(principal):
            return f"the whole account {account}"
        return f"{principal.text}, of another account, without an external id" if foreign else ""
    if any(condition.key in _ORGANISATION for condition in statement.conditions) and has_wildcard(principal.text):
        return "a whole organisation"
    return f"the whole account {account}, which is not the resource's" if foreign and whole_account(principal) else ""


_ORGANISATION = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
