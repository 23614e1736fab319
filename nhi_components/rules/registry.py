"""Rules and their metadata: written once, beside the rule, and read by packs, documentation and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache, wraps
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Fact, Facts, Platform, Resource

if TYPE_CHECKING:
    from nhi_components.rules.config import JudgeConfig

Check = Callable[[Facts, "JudgeConfig", datetime], Iterator[Finding]]
"""A rule's function: pure; the moment is aware."""


class RuleClass(StrEnum):
    """What kind of weakness a rule finds; a closed list."""

    ADMIN = "admin"
    SERVICE_WILDCARD = "service-wildcard"
    ACTION_WILDCARD = "action-wildcard"
    RESOURCE_WILDCARD = "resource-wildcard"
    NOT_ACTION = "not-action"
    NOT_RESOURCE = "not-resource"
    PUBLIC_PRINCIPAL = "public-principal"
    TRUST = "trust"
    OIDC_TRUST = "oidc-trust"
    PASS_ROLE = "pass-role"  # noqa: S105 - a class of rules, not a password
    ESCALATION = "escalation"
    EXFILTRATION = "exfiltration"
    CREDENTIALS_EXPOSURE = "credentials-exposure"
    RESOURCE_EXPOSURE = "resource-exposure"
    WRITE_WITHOUT_CONSTRAINT = "write-without-constraint"
    DEFAULT_ACCOUNT = "default-account"
    STATIC_CREDENTIAL = "static-credential"
    METADATA = "metadata"
    UNJUDGED = "unjudged"


class Reference(StrEnum):
    """A control of a framework that a rule helps to meet.

    Sources: OWASP Non-Human Identities Top 10, 2025; NIST Cybersecurity Framework 2.0, category PR.AA.
    """

    IMPROPER_OFFBOARDING = "OWASP NHI1:2025 Improper Offboarding"
    SECRET_LEAKAGE = "OWASP NHI2:2025 Secret Leakage"  # noqa: S105 - a reference, not a password
    VULNERABLE_THIRD_PARTY = "OWASP NHI3:2025 Vulnerable Third-Party NHI"
    INSECURE_AUTHENTICATION = "OWASP NHI4:2025 Insecure Authentication"
    OVERPRIVILEGED = "OWASP NHI5:2025 Overprivileged NHI"
    INSECURE_CLOUD_DEPLOYMENT = "OWASP NHI6:2025 Insecure Cloud Deployment Configurations"
    LONG_LIVED_SECRETS = "OWASP NHI7:2025 Long-Lived Secrets"
    ENVIRONMENT_ISOLATION = "OWASP NHI8:2025 Environment Isolation"
    REUSE = "OWASP NHI9:2025 NHI Reuse"
    HUMAN_USE = "OWASP NHI10:2025 Human Use of NHI"
    CREDENTIALS_MANAGED = "NIST CSF 2.0 PR.AA-01 Identities and credentials are managed"
    AUTHENTICATED = "NIST CSF 2.0 PR.AA-03 Users, services and hardware are authenticated"
    ACCESS_MANAGED = "NIST CSF 2.0 PR.AA-05 Access permissions follow least privilege and are reviewed"


class Level(StrEnum):
    """What a finding does to a deployment; Pulumi's words for it."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Example:
    """A document that a rule refuses, or the same one put right.

    Attributes:
        text: the document itself, or one Pulumi resource as JSON with `type`, `inputs` and perhaps `parent`.
        kind: what the text is; None for a Pulumi resource.
        platform: whose document it is.
        context: what is known around the document, as `read_document` takes it.
        around: the Pulumi resource that encloses it, likewise, with its `urn`; empty for none.
    """

    text: str
    kind: DocumentKind | None = None
    platform: Platform = Platform.AWS
    context: Mapping[str, Any] = field(default_factory=dict)
    around: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: stable; the subject, a dot, the weakness: `aws.wildcard-action`.
        rule_class: the kind of weakness.
        severity: of its findings, unless one of them is known to be milder or worse.
        about: the kinds of facts it looks at; it does not run where there are none of them.
        title: what holds when the rule is met.
        why: what goes wrong otherwise.
        fix: what to do about a finding.
        bad: an example that it refuses.
        good: the same, put right.
        references: controls of frameworks.
        check: the rule itself.
        baseline: its level in the baseline; strict makes every rule mandatory.
        sources: public documents that say why, by name or address.
        needs: traits of facts, as bits, without one of which it finds nothing and does not run; 0 for any facts.
        together: runs all rules that share it in one pass over the facts; it finds what each finds alone.
        expected: what it accepts, where all its findings say the same.
    """

    id: str
    rule_class: RuleClass
    severity: Severity
    about: tuple[type[Fact], ...]
    title: str
    why: str
    fix: str
    bad: Example
    good: Example
    references: tuple[Reference, ...]
    check: Check
    baseline: Level = Level.MANDATORY
    sources: tuple[str, ...] = ()
    needs: int = 0
    together: Together | None = None
    expected: str = ""

    def finding(
        self, resource: Resource, path: str, got: str, expected: str, *, fix: str = "", severity: Severity | None = None
    ) -> Finding:
        """Make one of its findings.

        Args:
            resource: where.
            path: the place inside the resource.
            got: what stands there.
            expected: what it accepts.
            fix: instead of the rule's own.
            severity: instead of the rule's own.
        """
        return Finding(self.id, severity or self.severity, resource.name, path, got, expected, fix or self.fix)


Together = Callable[[Sequence[Rule], Facts, datetime], Iterable[Finding]]
"""One pass for several rules: pure; the moment is aware."""

RuleCheck = Callable[[Rule, Facts, "JudgeConfig", datetime], Iterator[Finding]]
_registered: dict[str, Rule] = {}


def rule(
    *,
    id: str,  # noqa: A002 - the word of every linter for it
    rule_class: RuleClass,
    severity: Severity,
    about: tuple[type[Fact], ...],
    title: str,
    why: str,
    fix: str,
    bad: Example,
    good: Example,
    references: tuple[Reference, ...],
    baseline: Level = Level.MANDATORY,
    sources: tuple[str, ...] = (),
    needs: int = 0,
    together: Together | None = None,
    expected: str = "",
) -> Callable[[RuleCheck], Rule]:
    """Register the decorated function as a rule; the function gets the rule first, to make findings with.

    Raises:
        ValueError: when the id is taken.
    """

    def register(check: RuleCheck) -> Rule:
        if id in _registered:
            raise ValueError(f"the rule id {id} is registered twice")

        @wraps(check)
        def bound(facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
            return check(made, facts, config, now)

        made = Rule(
            id,
            rule_class,
            severity,
            about,
            title,
            why,
            fix,
            bad,
            good,
            references,
            bound,
            baseline,
            sources,
            needs,
            together,
            expected,
        )
        _registered[id] = made
        return made

    return register


@cache
def rules() -> Mapping[str, Rule]:
    """Give every rule by id, in the order of the ids. A rule is found by lying in a folder of this package."""
    for subject in subjects():
        rules_on(subject)
    return MappingProxyType(dict(sorted(_registered.items())))


@cache
def subjects() -> tuple[str, ...]:
    """Name the folders of rules: systems, and what concerns all of them."""
    return tuple(module.name for module in iter_modules(_package().__path__) if module.ispkg)


@cache
def rules_on(subject: str) -> tuple[Rule, ...]:
    """Give the rules of one folder, in the order of their ids, and load no others."""
    name = f"{__package__}.{subject}"
    for module in iter_modules(import_module(name).__path__, f"{name}."):
        import_module(module.name)
    return tuple(rule for _, rule in sorted(_registered.items()) if rule.check.__module__.startswith(f"{name}."))


def _package() -> ModuleType:
    return import_module(__package__)
