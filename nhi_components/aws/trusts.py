"""The statements of a role's trust policy for each way of becoming it, without their end.

Sources: EKS user guide, 'Create IAM role with trust policy required by EKS Pod Identity' and 'IAM roles for service
accounts'; IAM user guide, 'Create a role for OpenID Connect federation', 'Available keys for AWS OIDC federation',
'Pass session tags in AWS STS' and 'Monitor and control actions taken with assumed roles'; IAM Roles Anywhere user
guide, 'Trust model'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from nhi_components.aws.outputs import when_known
from nhi_components.core.arn import CLUSTER_ARN, OIDC_PROVIDER_ARN, TRUST_ANCHOR_ARN, issuer_of
from nhi_components.core.certificate import Certificate
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.kubernetes_account import known_account
from nhi_components.core.links import System
from nhi_components.core.pipeline import Pipeline
from nhi_components.core.trust import AccountTrust, EksPodIdentityTrust, IrsaTrust, ServiceTrust
from nhi_components.refusal import refusing_plainly

Statement = Mapping[str, Any]
Trusted = Statement | Sequence[Statement]

TOOL = "nhi:tool"
"""The session tag that names the one tool for which an AI agent's session is opened."""

_IRSA_AUDIENCE = "sts.amazonaws.com"


def statement_of(trust: ServiceTrust | AccountTrust | EksPodIdentityTrust | IrsaTrust) -> pulumi.Input[Statement]:
    """Write the statement: principal, action, conditions."""
    match trust:
        case ServiceTrust():
            return {"Principal": {"Service": f"{trust.service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        case AccountTrust():
            return account_statement(trust.account, trust.principals, trust.external_id)
        case EksPodIdentityTrust() | IrsaTrust() if not isinstance(trust.service_account, str):
            return _of_account_known_later(trust)
        case EksPodIdentityTrust():
            if trust.cluster_arn is None:
                return _pod(trust, {"eks-cluster-name": trust.cluster_name})
            place, arn = "trusted_by.cluster_arn", trust.cluster_arn
            return when_known(place, CLUSTER_ARN, arn, lambda arn: _pod(trust, {"eks-cluster-arn": arn}))
        case IrsaTrust():
            place = "trusted_by.oidc_provider_arn"
            return when_known(place, OIDC_PROVIDER_ARN, trust.oidc_provider_arn, lambda arn: _irsa(trust, arn))


def account_statement(account: str, principals: Sequence[str], external_id: pulumi.Input[str]) -> Statement:
    """Write the statement that admits an account, or some of its roles, with an external id."""
    return {
        "Principal": {"AWS": list(principals) or f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }


def pipeline_statement(source: Pipeline, provider_arn: pulumi.Input[str]) -> pulumi.Input[Statement]:
    """Write the statement that admits one pipeline: exact audience and subject.

    STS compares a few more claims of GitHub's; the subject holds all that is pinned, so they would add nothing.

    Raises:
        SpecError: when the provider is another issuer's; for an ARN that is an output once it is known.
    """

    def write(arn: str) -> Statement:
        issuer = issuer_of(arn)
        if f"https://{issuer}" != source.issuer:
            fix = "name the provider of that issuer, or correct the source's issuer"
            raise SpecError("trust", [Problem("oidc_provider_arn", f"https://{issuer}", source.issuer, fix)])
        claims = {"aud": source.audience_on(System.AWS), "sub": source.subject_claim}
        return federated_statement(arn, {name: value for name, value in claims.items() if value is not None})

    return when_known("oidc_provider_arn", OIDC_PROVIDER_ARN, provider_arn, write)


def agent_statements(
    runtimes: Sequence[str], tools: Sequence[str], external_id: str | None = None
) -> Sequence[Statement]:
    """Write the statements that admit an AI agent's runtime: for one of the tools, and only with a source identity.

    Args:
        runtimes: ARNs of the roles under which it runs.
        tools: their names.
        external_id: agreed with the account of the runtimes.
    """
    principal = {"AWS": list(runtimes)}
    for_a_tool = {f"aws:RequestTag/{TOOL}": list(tools)}
    with_source = {"sts:SourceIdentity": "?*"}
    agreed = {"sts:ExternalId": external_id} if external_id else {}
    return [
        {
            "Principal": principal,
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": for_a_tool | agreed, "StringLike": with_source},
        },
        {
            "Principal": principal,
            "Action": "sts:TagSession",
            "Condition": {"StringEquals": for_a_tool | agreed, "ForAllValues:StringEquals": {"aws:TagKeys": [TOOL]}},
        },
        {
            "Principal": principal,
            "Action": "sts:SetSourceIdentity",
            "Condition": {"StringLike": with_source} | ({"StringEquals": agreed} if agreed else {}),
        },
    ]


def anywhere_statement(trust_anchor_arn: pulumi.Input[str], certificate: Certificate) -> pulumi.Input[Statement]:
    """Write the statement that admits the holder of one certificate, through one trust anchor."""

    def write(arn: str) -> Statement:
        tags = {f"aws:PrincipalTag/{key}": value for key, value in certificate.session_tags.items()}
        return {
            "Principal": {"Service": "rolesanywhere.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            "Condition": {"ArnEquals": {"aws:SourceArn": arn}, "StringEquals": tags},
        }

    return when_known("trust_anchor_arn", TRUST_ANCHOR_ARN, trust_anchor_arn, write)


def _pod(trust: EksPodIdentityTrust, cluster: Mapping[str, str]) -> Statement:
    tags = {
        **cluster,
        "kubernetes-namespace": trust.namespace,
        "kubernetes-service-account": trust.service_account,
    }
    return {
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in tags.items()}},
    }


def _irsa(trust: IrsaTrust, provider_arn: str) -> Statement:
    subject = f"system:serviceaccount:{trust.namespace}:{trust.service_account}"
    return federated_statement(provider_arn, {"aud": _IRSA_AUDIENCE, "sub": subject})


def _of_account_known_later(trust: EksPodIdentityTrust | IrsaTrust) -> pulumi.Output[Statement]:
    @refusing_plainly()
    def written(name: str) -> pulumi.Input[Statement]:
        account = known_account("trusted_by.service_account", name)
        return statement_of(trust.model_copy(update={"service_account": account}))

    later: pulumi.Output[str] = pulumi.Output.from_input(trust.service_account)
    return later.apply(written)


def federated_statement(provider: str, claims: Mapping[str, str]) -> Statement:
    """Write the statement that admits who has a token of an issuer with exactly these claims.

    Args:
        provider: ARN of the account's OIDC provider, or the name of one that is built in: `accounts.google.com`.
        claims: the name of each, as conditions name it, and its only value.
    """
    issuer = issuer_of(provider) or provider
    return {
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:{claim}": value for claim, value in claims.items()}},
    }
