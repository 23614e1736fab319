"""How an identity logs in to Vault: with its AppRole, an issuer's JWT, or its Kubernetes service account.

Vault takes each login for an entity by an alias, which the issuer's token names. So that every login is taken for the
identity's own entity, what names the alias must be bound to one exact value. Sources: Vault documentation, 'JWT/OIDC
auth method' and 'Kubernetes auth method'; tried on OpenBao 2.7.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from nhi_components.core.kubernetes_account import LaterAccountName
from nhi_components.core.model import Spec, wrong

SUBJECT = "sub"

Mount = Annotated[str, Field(pattern=r"^[\w-]+(/[\w-]+)*$")]
"""Where an engine or an auth method is mounted, without outer slashes; it must exist."""

_CLAIM = re.compile(r"[A-Za-z0-9_][\w.:/-]*", re.ASCII)
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_LONGEST_LABEL = 63
"""Kubernetes documentation, 'Object names and IDs': namespaces are DNS labels."""


def _audience(value: str) -> str:
    if not value or "*" in value or value != value.strip():
        raise wrong(got=value, expected="the exact audience that the tokens are issued for", fix="name it, without `*`")
    return value


def _not_empty(audiences: tuple[str, ...]) -> tuple[str, ...]:
    if not audiences:
        fix = "name the audience that the tokens are issued for"
        raise wrong(got="an empty list", expected="at least one audience", fix=fix)
    return audiences


def _subject(value: str) -> str:
    if not value or "*" in value:
        raise wrong(
            got=value,
            expected="one exact subject",
            fix="write it out; to admit several, bind a claim that they share, and name it as user_claim",
        )
    return value


def _claim_values(value: Any) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Sequence) else ()
    if not values or not all(isinstance(item, str) and item == item.strip() != "" for item in values):
        raise wrong(got=value, expected="a text, or several, without blanks around them", fix="write the value out")
    return values


def _claims(claims: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    several = any(len(values) > 1 for values in claims.values())
    for claim, values in claims.items():
        if not _CLAIM.fullmatch(claim):
            raise wrong(got=claim, expected="the name of a claim", fix="write it like `repository`")
        # Pulumi's Vault provider takes the values of all claims apart at commas, or those of none.
        if several and any("," in value for value in values):
            expected = f"no comma in {claim}, as a claim has several values"
            raise wrong(got=", ".join(values), expected=expected, fix="bind one value of each claim, or another claim")
    return MappingProxyType(dict(claims))


def _named(pattern: re.Pattern[str], longest: int, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if len(value) > longest or not pattern.fullmatch(value):
            fix = f"name one {what}, without wildcards"
            raise wrong(got=value, expected=f"the name of a {what}, at most {longest} characters", fix=fix)
        return value

    return AfterValidator(check)


class AppRoleLogin(Spec):
    """Log in with a role id and a secret id; mount and lifetime of secret ids are the component's own arguments."""

    subject: ClassVar[str] = "login by AppRole"


class JwtLogin(Spec):
    """Log in with a JWT whose issuer the auth method's configuration names.

    Attributes:
        bound_audiences: whom the token must be issued for; at least one, exactly.
        bound_subject: the token's whole `sub`; this or `bound_claims` is needed, because every token of the issuer for
            that audience could log in otherwise.
        bound_claims: claim -> its value, or the values of which one must be there.
        bound_claims_type: `string` compares exactly; `glob` lets `*` in a value stand for any characters.
        glob_reason: why a glob is needed, for the reviewer; at least 8 characters.
        user_claim: the claim whose value names the alias; it must be bound to one exact value. Two identities on one
            mount can't share that value.
        mount: where the JWT auth method is mounted; it must exist.
    """

    subject: ClassVar[str] = "login by JWT"

    bound_audiences: Annotated[tuple[Annotated[str, AfterValidator(_audience)], ...], AfterValidator(_not_empty)]
    bound_subject: Annotated[str, AfterValidator(_subject)] | None = None
    bound_claims: Annotated[
        Mapping[str, Annotated[tuple[str, ...], BeforeValidator(_claim_values)]], AfterValidator(_claims)
    ] = Field(default_factory=dict, validate_default=True)
    bound_claims_type: Literal["string", "glob"] = "string"
    glob_reason: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=8)] | None, Field(validate_default=True)
    ] = None
    user_claim: Annotated[str, Field(validate_default=True)] = SUBJECT
    mount: Mount = "jwt"

    @field_validator("glob_reason")
    @classmethod
    def _glob_only_with_reason(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if "bound_claims" not in info.data or "bound_claims_type" not in info.data:
            return reason
        values = [value for values in info.data["bound_claims"].values() for value in values]
        globs = [value for value in values if "*" in value]
        if info.data["bound_claims_type"] == "glob":
            if any(not value.strip("*") for value in globs):
                raise wrong(got="*", expected="a pattern that names something", fix="remove the claim, or narrow it")
            if reason is None:
                fix = "say why a pattern is needed, or write the values out"
                raise wrong(got="no glob_reason", expected="a reason", fix=fix)
        elif globs:
            fix = "write the values out, or set bound_claims_type='glob' and say why in glob_reason"
            raise wrong(got=globs[0], expected="exact values of claims", fix=fix)
        elif reason is not None:
            raise wrong(got=reason, expected="no reason where there is no glob", fix="remove glob_reason")
        return reason

    @field_validator("user_claim")
    @classmethod
    def _bound_to_one_value(cls, claim: str, info: ValidationInfo) -> str:
        if "bound_subject" not in info.data or "bound_claims" not in info.data:
            return claim
        if info.data["bound_subject"] is None and not info.data["bound_claims"]:
            fix = "give bound_subject, or the claims that name the one workload"
            raise wrong(got="no binding but the audience", expected="bound_subject or bound_claims", fix=fix)
        values = info.data["bound_claims"].get(claim, ())
        by_subject = claim == SUBJECT and info.data["bound_subject"] is not None
        if not by_subject and (len(values) != 1 or "*" in values[0]):
            fix = f"bind {claim} to one exact value, or name as user_claim a claim that is"
            raise wrong(got=claim, expected="a claim with one exact value, as it names the entity's alias", fix=fix)
        return claim

    @property
    def alias_name(self) -> str:
        """The name of the alias that all its logins are taken for."""
        if self.user_claim == SUBJECT and self.bound_subject is not None:
            return self.bound_subject
        (value,) = self.bound_claims[self.user_claim]
        return value


class KubernetesLogin(Spec):
    """Log in with the token of one service account, which the auth method has the cluster review.

    Attributes:
        namespace: the namespace that it is in.
        service_account: its name; never `default`, which every pod of the namespace has that names none. It may be
            known at deployment only.
        audience: whom the projected token must be issued for.
        mount: where the Kubernetes auth method is mounted; it must exist. One mount is one cluster.
    """

    subject: ClassVar[str] = "login by Kubernetes service account"

    namespace: Annotated[str, _named(_DNS_LABEL, _LONGEST_LABEL, "namespace")]
    service_account: LaterAccountName
    audience: Annotated[str, AfterValidator(_audience)]
    mount: Mount = "kubernetes"

    @property
    def alias_name(self) -> str:
        """The name of the alias that all its logins are taken for; of an account whose name is known."""
        return self.alias_of(self.service_account)

    def alias_of(self, account: str) -> str:
        """Name the alias of an account, once its name is known."""
        return f"{self.namespace}/{account}"


def _read(value: Any) -> Any:
    if isinstance(value, AppRoleLogin | JwtLogin | KubernetesLogin):
        return value
    raise wrong(got=value, expected="AppRoleLogin(), JwtLogin(…) or KubernetesLogin(…)", fix="choose one")


Login = Annotated[AppRoleLogin | JwtLogin | KubernetesLogin, BeforeValidator(_read)]
"""How an identity logs in."""
