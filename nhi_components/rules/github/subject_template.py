"""github.subject-template."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.github.model import SubjectTemplate
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_NAMING: Final = frozenset({"repo", "repository", "repository_id", "job_workflow_ref", "workflow_ref", "sub"})


@rule(
    id="github.subject-template",
    rule_class=RuleClass.OIDC_TRUST,
    severity=Severity.HIGH,
    about=(SubjectTemplate,),
    title="The subject of a workflow's token names its repository",
    why=(
        "A subject made without the repository, or a workflow of one, is the same for every repository of the "
        "organisation: whoever trusts it trusts them all."
    ),
    fix="include `repo`, `repository_id` or `job_workflow_ref`",
    bad=Example(
        '{"type": "github:index/actionsRepositoryOidcSubjectClaimCustomizationTemplate:ActionsRepositoryOidcSubje'
        'ctClaimCustomizationTemplate", "inputs": {"repository": "orders", "useDefault": false, '
        '"includeClaimKeys": ["repository_owner", "environment"]}}',
    ),
    good=Example(
        '{"type": "github:index/actionsRepositoryOidcSubjectClaimCustomizationTemplate:ActionsRepositoryOidcSubje'
        'ctClaimCustomizationTemplate", "inputs": {"repository": "orders", "useDefault": false, '
        '"includeClaimKeys": ["repo", "context"]}}',
    ),
    references=(Reference.INSECURE_CLOUD_DEPLOYMENT, Reference.AUTHENTICATED),
    sources=("GitHub documentation, 'OpenID Connect reference: Customizing the token claims'",),
)
def subject_template(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find templates whose subjects name no repository."""
    for template in facts.of(SubjectTemplate):
        if _NAMING.isdisjoint(template.claims):
            got = ", ".join(template.claims) or "no claims"
            yield this.finding(template.resource, template.path, got, "a claim that names the repository")
