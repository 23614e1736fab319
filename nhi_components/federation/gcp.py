"""The service account of a federated identity on Google Cloud, with a pool of its own that lets in the one home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

import pulumi
from pydantic import field_validator

from nhi_components.core.azure_federation import TokenIssuer, is_issuer
from nhi_components.core.connection import DEFAULT
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.federation import HOMES, AwsHome, AzureHome, GcpHome, KubernetesHome, OnGcp
from nhi_components.core.gcp_federation import Admission, admission_problems, cel_text
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_trust import FEDERATES, ProjectNumber
from nhi_components.core.kubernetes_account import known_account
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.spec import parse_spec
from nhi_components.core.text import shown
from nhi_components.federation.branch import Branch
from nhi_components.gcp.account_bundle import AccountBundle
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.pipeline_identity import GcpPipelineSpec, PipelineIdentity
from nhi_components.gcp.pools import own_pool, pool_parts
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly

PROVIDER: Final = "home"
"""The id of the pool's one provider."""


def _subject_problems(subject: str) -> list[Problem]:
    return admission_problems("subject_claim", admission_of("", subject, None))


def admission_of(issuer: Any, subject: str, audience: str | None) -> Admission:
    """Let in one subject of an issuer."""
    return Admission(
        provider=PROVIDER,
        mapping={"google.subject": "assertion.sub"},
        condition=f"assertion.sub == {cel_text(subject)}",
        principal=f"subject/{subject}",
        issuer=issuer,
        audience=audience,
    )


class GcpOidcSpec(GcpBundleSpec):
    """What the account for one subject of an issuer is made from.

    Attributes:
        project_number: the project's number.
        issuer: the `iss` of its tokens; may be known at deployment only.
        subject_claim: their whole `sub`; may be known at deployment only.
        audience: their `aud`; None: the provider's name.
    """

    subject: ClassVar[str] = "gcp.OidcIdentity"

    project_number: ProjectNumber
    issuer: TokenIssuer
    subject_claim: Any
    audience: str | None = None

    @field_validator("subject_claim")
    @classmethod
    def _is_short_enough(cls, subject: Any) -> Any:
        for problem in _subject_problems(subject) if isinstance(subject, str) else ():
            raise wrong(got=problem.got, expected=problem.expected, fix=problem.fix)
        return subject

    @property
    def admission(self) -> Admission:
        """What the pool lets in; parts of it may be outputs."""
        if isinstance(self.subject_claim, str):
            return admission_of(_judged_issuer(self.issuer), self.subject_claim, self.audience)
        known: pulumi.Output[Admission] = pulumi.Output.from_input(self.subject_claim).apply(_judged)
        return Admission(
            provider=PROVIDER,
            mapping={"google.subject": "assertion.sub"},
            condition=known.apply(lambda admission: str(admission.condition)),
            principal=known.apply(lambda admission: str(admission.principal)),
            issuer=_judged_issuer(self.issuer),
            audience=self.audience,
        )


class OidcIdentity(AccountBundle):
    """An account that one workload from elsewhere may become by its tokens: a part of a `FederatedIdentity`.

    Attributes:
        email: the service account, the principal.
        member: the same as allow policies name it.
        unique_id: its unique id.
        secret_name: None.
        provider_name: the provider's whole name, which an external account's configuration names.
        audience: for whom tokens have to be issued.
    """

    results = (*AccountBundle.results, "provider_name", "audience")

    provider_name: pulumi.Output[str]
    audience: pulumi.Output[str]

    _spec: GcpOidcSpec

    def __init__(
        self, name: str, *, connection: str = DEFAULT, opts: pulumi.ResourceOptions | None = None, **fields: Any
    ) -> None:
        """Register the bundle; the fields are those of `GcpOidcSpec`.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        with refusing_plainly():
            spec = parse_spec(GcpOidcSpec, name, fields, gcp_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and a pool of its own."""
        return [*super().parts(), *pool_parts(self._spec.project, PROVIDER)]

    def admit(self, account: Account) -> None:
        """Let in the one subject."""
        spec = self._spec
        own = own_pool(self, self._identity, spec.project, spec.project_number, spec.admission)
        self.provider_name, self.audience = own.provider, own.audience
        self.let_in(account, FEDERATES, own.principal, label="home", after=[own.made])


def branch(home: HOMES, place: OnGcp) -> Branch:
    """Say what makes the account.

    Raises:
        ValueError: the home can't be trusted here.
    """
    fields: dict[str, Any] = {
        "project": place.project,
        "project_number": place.project_number,
        "grants": place.grants,
    }
    results = ("email", "provider_name", "audience")
    match home:
        case GcpHome():
            raise ValueError("accounts of Google Cloud need no federation among themselves")
        case KubernetesHome(service_account=str() as name):
            fields |= {"issuer": home.issuer, "subject_claim": home.subject_of(name)}
        case KubernetesHome():
            later = pulumi.Output.from_input(home.service_account).apply(partial(_subject_of, home))
            fields |= {"issuer": home.issuer, "subject_claim": later}
        case AwsHome():
            fields |= {"issuer": home.issuer, "subject_claim": home.subject_claim}
        case AzureHome():
            fields |= {"issuer": home.issuer, "subject_claim": home.subject_claim, "audience": home.audience}
        case _:
            fields |= {"source": home, "provider": None}
            parse = partial(parse_spec, GcpPipelineSpec, grant_problems=gcp_grant_problems)
            return Branch(PipelineIdentity, fields, parse, results)
    parse_oidc = partial(parse_spec, GcpOidcSpec, grant_problems=gcp_grant_problems)
    return Branch(OidcIdentity, fields, parse_oidc, results)


@refusing_plainly()
def _subject_of(home: KubernetesHome, account: str) -> str:
    return home.subject_of(known_account("home.service_account", account))


@refusing_plainly()
def _judged(subject: str) -> Admission:
    if problems := _subject_problems(subject):
        raise SpecError("subject known at deployment", problems)
    return admission_of("", subject, None)


def _judged_issuer(issuer: Any) -> Any:
    @refusing_plainly()
    def judged(known: str) -> str:
        if not is_issuer(known):
            fix = "write it as its discovery page does"
            raise SpecError("issuer known at deployment", [Problem("home.issuer", shown(known), "an https URL", fix)])
        return known

    return issuer if isinstance(issuer, str) else pulumi.Output.from_input(issuer).apply(judged)
