"""Judges what an identity declares by the template of its kind, before anything is registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from nhi_components.core.credential.rotation import format_length
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import Problem
from nhi_components.core.identity import Identity, Kind
from nhi_components.core.life import State
from nhi_components.core.spec import BundleSpec
from nhi_components.templates.forbidden import forbidden_grant_problems
from nhi_components.templates.model import SecretForm, Template

_NO_SESSIONS: Final[Mapping[str, int]] = MappingProxyType({})
_FORMS: Final = {
    SecretForm.NONE: "no secret",
    SecretForm.GENERATED: "a secret whose value is generated",
    SecretForm.WRITTEN: "a secret whose value its owner writes",
    SecretForm.ISSUED: "a credential that is issued and rotated",
}


class LeaseDates(NamedTuple):
    """What an identity's lease was stamped with.

    Attributes:
        issued: the UTC day on which it was made.
        ends: the UTC day at whose start access ends.
    """

    issued: date
    ends: date


def judge(
    spec: BundleSpec,
    template: Template,
    *,
    today: date,
    lease: LeaseDates | None = None,
    sessions: Mapping[str, int] = _NO_SESSIONS,
) -> list[Problem]:
    """Find everything in which a specification goes beyond its template.

    The length of a life is judged where its end is new: an end date that the lease already has is never refused, not
    even when the template has become stricter since. Without the lease's dates the end counts from today: it comes
    nearer by itself, so what was accepted once stays accepted by the same template.

    An identity that is declared suspended or retired is not judged: nothing may stand in the way of taking access
    away, and its restoration is judged.

    Args:
        spec: with what was decided about the identity applied.
        template: in force for the identity's kind.
        today: the current UTC day.
        lease: its dates. A component takes them from the leases that the stack's state holds, the provider's check
            from the old inputs; None for an identity that is about to be issued.
        sessions: how long its sessions or tokens live at most, in seconds, by the field that says so.

    Returns:
        The problems; each path begins at the component's arguments.

    Raises:
        ValueError: the template is that of another kind.
    """
    identity = spec.identity
    if template.kind is not identity.kind:
        raise ValueError(f"the template of {template.kind} for {_a(identity.kind)}")
    if identity.state is not State.ACTIVE:
        return []
    problems = [
        *_lifetime(identity, template, today, lease),
        *_grace(identity, template),
        *_people(identity, template),
    ]
    for index, grant in enumerate(spec.grants):
        problems += forbidden_grant_problems(template, index, grant, on_paths=spec.grants_on_paths)
    if spec.credential is None or spec.secret is not None:
        problems += _secret(SecretForm.of(spec.secret), template)
    return [*problems, *_credential(spec.credential, template), *_sessions(sessions, template)]


def _lifetime(identity: Identity, template: Template, today: date, lease: LeaseDates | None) -> Iterator[Problem]:
    ends = identity.expires.resolve(lease.issued if lease else today)
    longest = timedelta(days=template.lifetime_days)
    if (lease and ends == lease.ends) or ends - today <= longest:
        return
    yield Problem(
        "identity.expires",
        f"{ends}, {(ends - today).days} days ahead",
        f"at most {template.lifetime_days} days ahead for {_a(template.kind)}",
        f"give a day up to {today + longest}; its owner can renew it",
    )


def _grace(identity: Identity, template: Template) -> Iterator[Problem]:
    if identity.grace_days is not None and identity.grace_days > template.grace_days:
        yield Problem(
            "identity.grace_days",
            str(identity.grace_days),
            f"at most {template.grace_days} for {_a(template.kind)}",
            "give fewer days, or none, for the template's",
        )


def _people(identity: Identity, template: Template) -> Iterator[Problem]:
    if template.sponsor_required and identity.sponsor is None:
        yield Problem(
            "identity.sponsor",
            "nothing",
            f"the address of the person who answers for {_a(template.kind)}",
            "name the person; a team's address is the owner's",
        )
    needed = template.approvers_needed(identity.environment)
    # Who owns an identity, or answers for it, does not approve it: NIST SP 800-53, AC-5, separation of duties.
    own = {_same(each) for each in (identity.owner.email, identity.owner.team, identity.sponsor) if each}
    given = {_same(each): each for each in identity.approvers if _same(each) not in own}
    if len(given) < needed:
        yield Problem(
            "identity.approvers",
            ", ".join(given.values()) or "nobody beside owner and sponsor",
            f"at least {needed} for {_a(template.kind)} in {identity.environment}",
            "name who approved it, other people than its owner and its sponsor",
        )


def _secret(form: SecretForm, template: Template) -> Iterator[Problem]:
    if form not in template.secrets:
        allowed = " or ".join(_FORMS[each] for each in template.secrets)
        without = SecretForm.NONE in template.secrets
        fix = "remove it, and let the platform that it runs on vouch for it" if without else f"declare {allowed}"
        yield Problem("secret", _FORMS[form], f"{allowed} for {_a(template.kind)}", fix)


def _credential(credential: CredentialSpec | None, template: Template) -> Iterator[Problem]:
    """Judge a standing credential: whether the kind may have one at all, and how old it may get."""
    if credential is None:
        return
    if SecretForm.ISSUED not in template.secrets:
        allowed = " or ".join(_FORMS[each] for each in template.secrets)
        fix = "let the platform that it runs on vouch for it"
        yield Problem("source", f"a credential of {credential.source.kind}", f"{allowed} for {_a(template.kind)}", fix)
    age, longest = credential.rotation.age_of(credential.source.kind), timedelta(days=template.rotation_days)
    if age > longest:
        yield Problem(
            "rotation.every",
            format_length(age),
            f"at most {format_length(longest)} for {_a(template.kind)}",
            "rotate it more often",
        )


def _sessions(sessions: Mapping[str, int], template: Template) -> Iterator[Problem]:
    for field, seconds in sessions.items():
        if seconds > template.session_seconds:
            expected = f"at most {template.session_seconds} seconds for {_a(template.kind)}"
            yield Problem(field, f"{seconds} seconds", expected, "shorten it; a session can be renewed")


def _same(name: str) -> str:
    return " ".join(name.casefold().split())


def _a(kind: Kind) -> str:
    return f"{'an' if kind in (Kind.AI_AGENT, Kind.API_KEY) else 'a'} {kind}"
