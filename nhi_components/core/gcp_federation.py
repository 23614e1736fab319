"""How a foreign identity is let into a workload identity pool: mapping, condition and principal, each of one workload.

Sources: IAM documentation, 'Configure Workload Identity Federation with deployment pipelines', 'Configure Workload
Identity Federation with AWS or Azure VMs' and 'Principal identifiers'; REST, `workloadIdentityPools.providers`
(`google.subject` has at most 127 bytes, a condition 4,096 characters, an audience 256; without audiences of its own a
provider takes its name, with or without `https:`); HCP Terraform documentation, 'Dynamic credentials with the GCP
provider' (the audience is that name without `https:`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import Discriminator, StringConstraints, Tag

from nhi_components.core.errors import Problem
from nhi_components.core.gcp_trust import ACCOUNT_EMAIL, LONGEST_SUBJECT
from nhi_components.core.model import Spec
from nhi_components.core.pipeline import GitHub, GitLab, Issuer, Pipeline, TerraformCloud
from nhi_components.core.text import shown
from nhi_components.core.variants import one_of

_HOST: Final = "//iam.googleapis.com/"
_LONGEST_CONDITION: Final = 4_096
_LONGEST_AUDIENCE: Final = 256
_ROLE: Final = "attribute.aws_role"
_ROLE_OF_ARN: Final = (
    "assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' "
    "+ assertion.arn.extract('assumed-role/{role_name}/')"
)
_IDS: Final = {GitHub: "github", GitLab: "gitlab", TerraformCloud: "terraform"}

PROVIDER_NAME: Final = re.compile(
    r"(?P<pool>projects/(?P<number>\d+)/locations/global/workloadIdentityPools/[a-z0-9-]{4,32})"
    r"/providers/[a-z0-9-]{4,32}"
)
"""A provider's whole name, with the number of its project."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What a provider of a pool of its own lets in, and who that is for allow policies.

    Attributes:
        provider: the provider's id.
        mapping: attributes of Google's by expressions over the token.
        condition: what the token must fulfil; may be known at deployment only.
        principal: what follows the pool's name in the principal: `subject/…` or `attribute.…/…`; likewise.
        issuer: of OIDC tokens, likewise; empty for AWS.
        audience: that OIDC tokens must have; None: the provider's own name.
        scheme: what stands before that name.
        account: of AWS; empty for OIDC.
    """

    provider: str
    mapping: Mapping[str, str]
    condition: Any
    principal: Any
    issuer: Any = ""
    audience: str | None = None
    scheme: str = "https:"
    account: str = ""

    def audience_at(self, provider: str) -> str:
        """Tell the audience that OIDC tokens must have.

        Args:
            provider: the provider's whole name, with the number of its project.
        """
        return self.audience or f"{self.scheme}{_HOST}{provider}"


def principal_of(pool: str, principal: str) -> str:
    """Name a federated identity as allow policies do.

    Args:
        pool: the pool's whole name, with the number of its project.
        principal: as in `Admission`.
    """
    scheme = "principal" if principal.startswith("subject/") else "principalSet"
    return f"{scheme}:{_HOST}{pool}/{principal}"


def pipeline_admission(source: Pipeline) -> Admission:
    """Let in one pipeline: its issuer, its subject, and each of its claims by itself.

    What has no single subject, such as an environment of GitLab, is known by its project; the condition pins the rest.
    """
    claims = dict(source.claims)
    subject = source.subject_claim
    pinned = {"sub": subject, **claims} if subject else claims
    return Admission(
        provider=_IDS[type(source)],
        mapping={"google.subject": "assertion.sub"} | {f"attribute.{name}": f"assertion.{name}" for name in claims},
        condition=" && ".join(f"assertion.{name} == {cel_text(value)}" for name, value in pinned.items()),
        principal=f"subject/{subject}" if subject else f"attribute.project_path/{claims['project_path']}",
        issuer=source.issuer,
        audience=source.audience,
        scheme="" if isinstance(source, TerraformCloud) else "https:",
    )


def admission_problems(path: str, admission: Admission) -> list[Problem]:
    """Measure what Google limits."""
    subject = admission.principal.removeprefix("subject/")
    problems = []
    if admission.principal != subject and len(subject.encode()) > LONGEST_SUBJECT:
        got = f"a subject of {len(subject.encode())} bytes: {shown(subject)}"
        fix = "shorten the names of repository, ref or environment"
        problems.append(Problem(path, got, f"at most {LONGEST_SUBJECT} bytes, which Google takes", fix))
    for what, text, longest in (
        ("a condition", admission.condition, _LONGEST_CONDITION),
        ("an audience", admission.audience or "", _LONGEST_AUDIENCE),
    ):
        if len(text) > longest:
            problems.append(Problem(path, f"{what} of {len(text):,} characters", f"at most {longest:,}", "shorten it"))
    return problems


class VendorAccount(Spec):
    """A vendor's own service account, which makes short-lived tokens of the identity's.

    Attributes:
        email: its address.
    """

    subject: ClassVar[str] = "vendor"

    email: Annotated[str, StringConstraints(pattern=rf"^{ACCOUNT_EMAIL.pattern}$")]

    @property
    def member(self) -> str:
        """The account as allow policies name it."""
        return f"serviceAccount:{self.email}"


class VendorAwsRole(Spec):
    """A role in a vendor's account on AWS.

    Google takes a session's whole ARN for its subject, of at most 127 bytes: the vendor's session names must leave
    room for account and role.

    Attributes:
        account: the 12 digits of the account.
        role: the role's name, without path.
    """

    subject: ClassVar[str] = "vendor"

    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    role: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]

    @property
    def admission(self) -> Admission:
        """Let in sessions of that role."""
        arn = f"arn:aws:sts::{self.account}:assumed-role/{self.role}"
        return Admission(
            provider="vendor-aws",
            mapping={"google.subject": "assertion.arn", _ROLE: _ROLE_OF_ARN},
            condition=f"{_ROLE} == {cel_text(arn)}",
            principal=f"{_ROLE}/{arn}",
            account=self.account,
        )


class VendorSubject(Spec):
    """One subject of a vendor's OIDC issuer.

    Attributes:
        issuer: the `iss` of its tokens, which must be its own: of an issuer that serves everybody, name a subject that
            nobody else can get.
        subject_claim: the whole `sub` of its tokens.
        audience: the `aud` of its tokens; None: the provider's name.
    """

    subject: ClassVar[str] = "vendor"

    issuer: Issuer
    subject_claim: Annotated[str, StringConstraints(pattern=r"^[^*\x00-\x1f]+$", min_length=2, max_length=127)]
    audience: Annotated[str, StringConstraints(pattern=r"^[^\s*]+$", max_length=_LONGEST_AUDIENCE)] | None = None

    @property
    def admission(self) -> Admission:
        """Let in that subject."""
        return Admission(
            provider="vendor-oidc",
            mapping={"google.subject": "assertion.sub"},
            condition=f"assertion.sub == {cel_text(self.subject_claim)}",
            principal=f"subject/{self.subject_claim}",
            issuer=self.issuer,
            audience=self.audience,
        )


VENDORS = VendorAccount | VendorAwsRole | VendorSubject


def _which(value: Any) -> str | None:
    return one_of(VENDORS, value)


Vendor = Annotated[
    Annotated[VendorAccount, Tag("VendorAccount")]
    | Annotated[VendorAwsRole, Tag("VendorAwsRole")]
    | Annotated[VendorSubject, Tag("VendorSubject")],
    Discriminator(
        _which,
        custom_error_type="nhi",
        custom_error_message="who the vendor is",
        custom_error_context={
            "got": "something else",
            "expected": "who the vendor is",
            "fix": "give VendorAccount(…), VendorAwsRole(…) or VendorSubject(…)",
        },
    ),
]
"""Who a vendor is, on its side."""


def cel_text(text: str) -> str:
    """Write a text as the Common Expression Language has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
