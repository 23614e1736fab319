"""The role of a federated identity on AWS: of a pipeline, an account of Kubernetes, or one subject of a cloud."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

import pulumi

from nhi_components.aws.bundle import AwsBundle
from nhi_components.aws.documents import trust_document
from nhi_components.aws.granting import ANY_DAY, length_problems, problems_of
from nhi_components.aws.outputs import is_later, when_known
from nhi_components.aws.pipeline_identity import AwsPipelineSpec, PipelineIdentity
from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
from nhi_components.aws.trusts import Statement, Trusted, federated_statement, pipeline_statement, statement_of
from nhi_components.aws.workload_identity import AwsWorkloadSpec, WorkloadIdentity
from nhi_components.core.arn import OIDC_PROVIDER_ARN, issuer_of
from nhi_components.core.connection import DEFAULT
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.federation import AWS_AUDIENCE, HOMES, AwsHome, AzureHome, GcpHome, KubernetesHome, OnAws
from nhi_components.core.spec import BundleSpec
from nhi_components.core.trust import IrsaTrust
from nhi_components.federation.branch import Branch
from nhi_components.refusal import refusing_plainly

_GOOGLE = "accounts.google.com"
_AUDIENCE_OF_GOOGLE = "oaud"
"""The `aud` of Google's tokens, as `aud` stands for their `azp` (IAM, 'Available keys for AWS OIDC federation')."""

_FIX = "name the account's provider of that issuer, or correct the home"


class AwsOidcSpec(AwsBundleSpec):
    """What the role for one subject of a cloud's issuer is made from.

    Attributes:
        issuer: the `iss` of its tokens.
        subject_claim: their whole `sub`.
        audience: their `aud`.
        oidc_provider_arn: the account's provider for that issuer; None for Google's, which is built in.
    """

    subject: ClassVar[str] = "aws.OidcIdentity"

    issuer: str
    subject_claim: str
    audience: str
    oidc_provider_arn: Any

    @property
    def trust(self) -> pulumi.Input[Statement]:
        """What lets in that subject: exact issuer, audience and subject."""
        if self.oidc_provider_arn is None:
            return federated_statement(_GOOGLE, {_AUDIENCE_OF_GOOGLE: self.audience, "sub": self.subject_claim})
        claims = {"aud": self.audience, "sub": self.subject_claim}
        arn = of_issuer(self.issuer, self.oidc_provider_arn)
        return when_known("oidc_provider_arn", OIDC_PROVIDER_ARN, arn, lambda known: federated_statement(known, claims))


class OidcIdentity(AwsBundle):
    """A role that one workload of another cloud may become by its tokens: a part of a `FederatedIdentity`.

    Attributes:
        role_arn: the principal.
        role_name: its name.
        secret_arn: None.
    """

    _spec: AwsOidcSpec

    def __init__(
        self, name: str, *, connection: str = DEFAULT, opts: pulumi.ResourceOptions | None = None, **fields: Any
    ) -> None:
        """Register the bundle; the fields are those of `AwsOidcSpec`.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        with refusing_plainly():
            spec = parse_aws_spec(AwsOidcSpec, name, fields)
        super().__init__(name, spec, connection=connection, opts=opts)

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in the one subject."""
        return self._spec.trust


def branch(home: HOMES, place: OnAws) -> Branch:
    """Say what makes the role.

    Raises:
        ValueError: the home can't be trusted here.
    """
    fields: dict[str, Any] = {
        "grants": place.grants,
        "permissions_boundary": place.permissions_boundary,
        "session_seconds": place.session_seconds,
        "delegations": (),
    }
    arn, judged = place.oidc_provider_arn, list(_arn_problems(home, place.oidc_provider_arn))
    match home:
        case AwsHome():
            raise ValueError("AWS takes no tokens of its own issuers")
        case KubernetesHome():
            audience = AWS_AUDIENCE
            if judged:
                return _unmade(fields, judged)
            known = of_issuer(home.issuer, arn)
            trust = IrsaTrust(oidc_provider_arn=known, namespace=home.namespace, service_account=home.service_account)
            component: Any = WorkloadIdentity
            parse: Any = partial(parse_aws_spec, AwsWorkloadSpec)
            fields |= {"trusted_by": trust, "secret": None}
        case GcpHome() | AzureHome():
            audience = home.audience if isinstance(home, AzureHome) else AWS_AUDIENCE
            if judged:
                return _unmade(fields, judged)
            component, parse = OidcIdentity, partial(parse_aws_spec, AwsOidcSpec)
            told = {"issuer": home.issuer, "subject_claim": home.subject_claim, "audience": audience}
            fields |= {**told, "oidc_provider_arn": arn}
        case _:
            component, parse = PipelineIdentity, partial(parse_aws_spec, AwsPipelineSpec)
            return Branch(
                component,
                fields | {"source": home, "oidc_provider_arn": arn},
                parse,
                ("role_arn", "audience"),
                preview=_too_long,
            )
    return Branch(component, fields, parse, ("role_arn",), audience, preview=_too_long)


def of_issuer(issuer: Any, arn: Any) -> Any:
    """Hold a provider's ARN against an issuer, now or, if either is known at deployment only, then.

    Raises:
        SpecError: it is another issuer's.
    """

    @refusing_plainly()
    def judged(known: list[str]) -> str:
        if problems := [*OIDC_PROVIDER_ARN.problems("oidc_provider_arn", known[1]), *_other_issuer(*known)]:
            raise SpecError("OIDC provider known at deployment", problems)
        return known[1]

    if isinstance(issuer, str) and isinstance(arn, str):
        return judged([issuer, arn])
    return pulumi.Output.all(issuer, arn).apply(judged)


def _other_issuer(issuer: str, arn: str) -> list[Problem]:
    if f"https://{issuer_of(arn)}" == issuer:
        return []
    return [Problem("oidc_provider_arn", arn, f"the provider of {issuer}", _FIX)]


def _arn_problems(home: HOMES, arn: Any) -> Iterable[Problem]:
    """Judge the provider of a home that the components do not judge themselves."""
    if isinstance(home, GcpHome):
        if arn is not None:
            expected, fix = "none for a home on Google Cloud, which AWS knows by itself", "remove it"
            yield Problem("oidc_provider_arn", str(arn) if isinstance(arn, str) else "a provider", expected, fix)
    elif isinstance(home, KubernetesHome | AzureHome):
        if arn is None:
            yield Problem("oidc_provider_arn", "nothing", "the account's OIDC provider for the home's issuer", _FIX)
        elif isinstance(arn, str):
            wrong = OIDC_PROVIDER_ARN.problems("oidc_provider_arn", arn)
            yield from wrong or (_other_issuer(home.issuer, arn) if isinstance(home.issuer, str) else ())
        elif not is_later(arn):
            yield Problem("oidc_provider_arn", repr(arn), OIDC_PROVIDER_ARN.expected, OIDC_PROVIDER_ARN.fix)


def _unmade(fields: dict[str, Any], judged: list[Problem]) -> Branch:
    """Judge the rest of a place whose provider is wrong."""
    rest = {**fields, "issuer": "", "subject_claim": "", "audience": "", "oidc_provider_arn": None}
    return Branch(OidcIdentity, rest, partial(parse_aws_spec, AwsOidcSpec), (), judged=judged)


def _too_long(spec: BundleSpec) -> Iterable[Problem]:
    """Measure the documents as far as they are known, which the bundle would do once others are registered."""
    match spec:
        case AwsOidcSpec():
            trust: Any = spec.trust
        case AwsWorkloadSpec(trusted_by=IrsaTrust() as by):
            trust = statement_of(by)
        case AwsPipelineSpec():
            trust = pipeline_statement(spec.source, spec.oidc_provider_arn)
        case _:
            trust = {}
    if not is_later(trust):
        yield from problems_of(lambda: trust_document(trust, ANY_DAY, suspended=False))
    yield from length_problems(spec.grants)
