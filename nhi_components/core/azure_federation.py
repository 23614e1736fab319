"""How a foreign workload is let in as a managed identity: one subject of one issuer, by a federated credential.

Sources: Microsoft Entra, 'Overview of federated identity credentials in Microsoft Entra ID' and 'Important
considerations and restrictions for federated identity credentials' (issuer, subject and audience are compared
character by character, with at most 600 characters each; the recommended audience); AKS documentation, 'Use Microsoft
Entra Workload ID with Azure Kubernetes Service'; Azure AD Workload Identity, 'Service Account Labels and Annotations'.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator

from nhi_components.core.errors import Problem
from nhi_components.core.model import Spec, wrong
from nhi_components.core.pipeline import GitHub, GitLab, Pipeline, TerraformCloud
from nhi_components.core.text import shown

AUDIENCE: Final = "api://AzureADTokenExchange"
AUDIENCES: Final = (AUDIENCE, f"{AUDIENCE}USGov", f"{AUDIENCE}China")
"""For whom a token has to be issued: of the public cloud, and of the national ones."""

PARKED: Final = "nhi:suspended"
"""The subject that a federated credential has while its identity is suspended: no issuer gives it to anybody."""

LONGEST: Final = 600
"""Characters of an issuer or a subject."""

CLIENT_ANNOTATION: Final = "azure.workload.identity/client-id"
TENANT_ANNOTATION: Final = "azure.workload.identity/tenant-id"
"""What a service account of Kubernetes bears to become an identity of Entra."""

_ISSUER: Final = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:/[\w.~-]+)*/?", re.ASCII)
_SUBJECT: Final = re.compile(r"[^*?\s\x00-\x1f](?:[^*?\x00-\x1f]*[^*?\s\x00-\x1f])?")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ACCOUNT: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LABELS: Final = {GitHub: "github", GitLab: "gitlab", TerraformCloud: "terraform"}


@dataclass(frozen=True, slots=True)
class Admission:
    """One subject of one issuer that a federated credential lets in.

    Attributes:
        label: what the credential's name begins with.
        issuer: the `iss` of its tokens; may be known at deployment only.
        subject: their whole `sub`; may be known at deployment only.
        audience: their `aud`.
    """

    label: str
    issuer: Any
    subject: Any
    audience: str = AUDIENCE


def admission_problems(path: str, issuer: str, subject: str) -> list[Problem]:
    """Judge issuer and subject of a federated credential; used again at deployment for what was unknown before."""
    problems = []
    if not is_issuer(issuer):
        fix = "write it as the `issuer` of its discovery page; of AKS, take `oidc_issuer_profile.issuer_url`"
        problems.append(Problem(f"{path}.issuer", shown(issuer), "an https URL without query", fix))
    if not is_subject(subject):
        expected = f"the whole subject of one workload, at most {LONGEST} characters, without wildcards"
        problems.append(Problem(f"{path}.subject", shown(subject), expected, "name one workload"))
    return problems


def is_issuer(text: str) -> bool:
    """Tell whether a text can be the `iss` of tokens."""
    return len(text) <= LONGEST and _ISSUER.fullmatch(text) is not None


def is_subject(text: str) -> bool:
    """Tell whether a text can be the `sub` of one workload, and is not the one that nobody has."""
    return len(text) <= LONGEST and _SUBJECT.fullmatch(text) is not None and text != PARKED


def known_or_later(is_right: Callable[[str], object], expected: str, fix: str) -> AfterValidator:
    """Check a text; let pass what is known at deployment only."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and is_right(value):
            return value
        if value is None or isinstance(value, str | bool | int | float | bytes | list | tuple | dict):
            raise wrong(got=value, expected=f"{expected}, or one that is known at deployment", fix=fix)
        return value

    return AfterValidator(check)


def _audience(value: str) -> str:
    if value not in AUDIENCES:
        fix = "name that of your cloud, or leave it out"
        raise wrong(got=value, expected="one of " + ", ".join(AUDIENCES), fix=fix)
    return value


def _subject(value: str) -> str:
    if not is_subject(value):
        fix = "name one workload, without `*` and `?`"
        raise wrong(got=value, expected="the whole subject of one workload", fix=fix)
    return value


def _namespace(value: str) -> str:
    if not _NAMESPACE.fullmatch(value):
        raise wrong(got=value, expected="one namespace", fix="name the service account's namespace")
    return value


TokenIssuer = Annotated[
    Any, known_or_later(is_issuer, "an https URL without query", "write it as its discovery page does")
]
"""The `iss` of tokens, character by character; may be known at deployment only."""

Namespace = Annotated[str, AfterValidator(_namespace)]
ServiceAccountName = Annotated[
    Any, known_or_later(_ACCOUNT.fullmatch, "the name of one service account", "name it, without `*`")
]
"""The name of a service account of Kubernetes; may be known at deployment only."""


class FederatedTrust(Spec):
    """Trust in one subject of one issuer of OIDC tokens, such as a workload of another cloud.

    Attributes:
        issuer: the `iss` of its tokens; may be known at deployment only. Of an issuer that serves everybody, name a
            subject that nobody else can get.
        subject_claim: the whole `sub` of its tokens.
        audience: the `aud` of its tokens: that of the public cloud, or of a national one.
    """

    subject: ClassVar[str] = "trust"
    label: ClassVar[str] = "trusted"

    issuer: TokenIssuer
    subject_claim: Annotated[str, AfterValidator(_subject)]
    audience: Annotated[str, AfterValidator(_audience)] = AUDIENCE

    @property
    def admission(self) -> Admission:
        """Let in that subject."""
        return Admission(self.label, self.issuer, self.subject_claim, self.audience)


class VendorSubject(FederatedTrust):
    """One subject of a vendor's OIDC issuer.

    Attributes:
        issuer: the `iss` of its tokens, which must be its own.
        subject_claim: the whole `sub` of its tokens.
        audience: the `aud` of its tokens.
    """

    subject: ClassVar[str] = "vendor"
    label: ClassVar[str] = "vendor"


def pipeline_admission(source: Pipeline) -> Admission:
    """Let in one pipeline by its whole subject; Entra reads no other claim.

    Raises:
        ValueError: the pipeline has no single subject.
    """
    if source.subject_claim is None:
        raise ValueError("a pipeline without a subject of its own")
    return Admission(_LABELS[type(source)], source.issuer, source.subject_claim, source.audience or AUDIENCE)


def pipeline_problems(path: str, source: Pipeline) -> list[Problem]:
    """Tell what of a pipeline Entra can't pin."""
    if source.subject_claim is None:
        fix = "pin it to ref and ref_type"
        got = "an environment of GitLab, which any ref of the project may use"
        return [Problem(path, got, "a source with one subject, as Entra reads no other claim", fix)]
    problems = admission_problems(path, source.issuer, source.subject_claim)
    if source.audience is not None and source.audience not in AUDIENCES:
        fix = f"leave `audience` out, and have its tokens issued for {AUDIENCE}"
        problems.append(Problem(path, shown(source.audience), "one of " + ", ".join(AUDIENCES), fix))
    return problems
