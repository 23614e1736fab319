"""vault.cloud-trust."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.vault.model import AuthMethod, VaultAuthRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule
from nhi_components.rules.vault.principals import names_whole_account

_NARROW: Final = {
    AuthMethod.AWS: frozenset(
        {
            "bound_iam_principal_arn",
            "bound_iam_principal_arns",
            "bound_iam_instance_profile_arn",
            "bound_iam_instance_profile_arns",
            "bound_iam_role_arn",
            "bound_iam_role_arns",
            "bound_ec2_instance_id",
            "bound_ec2_instance_ids",
        }
    ),
    AuthMethod.AZURE: frozenset({"bound_service_principal_ids", "bound_group_ids", "bound_resource_groups"}),
    AuthMethod.GCP: frozenset({"bound_service_accounts", "bound_instance_groups"}),
    AuthMethod.CERT: frozenset(
        {
            "allowed_common_names",
            "allowed_dns_sans",
            "allowed_email_sans",
            "allowed_names",
            "allowed_organizational_units",
            "allowed_uri_sans",
        }
    ),
}
"""What names principals, for each method; accounts, projects, regions and networks do not."""


@rule(
    id="vault.cloud-trust",
    rule_class=RuleClass.TRUST,
    severity=Severity.HIGH,
    about=(VaultAuthRole,),
    title="Every role of a cloud's auth method names the principals that may log in",
    why=(
        "A role that binds an account, a project or a subscription lets in everything that runs there, and a "
        "certificate role without names everything that its authority signed."
    ),
    fix=(
        "bind the principals: `bound_iam_principal_arns` with roles, `bound_service_accounts`, "
        "`bound_service_principal_ids`, or the names of certificates"
    ),
    bad=Example(
        '{"type": "vault:aws/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", "tokenPolicies": '
        '["orders"], "role": "orders", "authType": "iam", "boundIamPrincipalArns": '
        '["arn:aws:iam::111122223333:*"]}}',
    ),
    good=Example(
        '{"type": "vault:aws/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", "tokenPolicies": '
        '["orders"], "role": "orders", "authType": "iam", "boundIamPrincipalArns": '
        '["arn:aws:iam::111122223333:role/orders"]}}',
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=("Vault HTTP API, the pages of the auth methods AWS, Azure, Google Cloud and TLS certificates",),
)
def cloud_trust(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles of AWS, Azure, GCP and certificates that bind no principal."""
    for role in facts.of(VaultAuthRole):
        narrow = _NARROW.get(role.method)
        if narrow is None or not narrow.isdisjoint(role.unknown):
            continue
        values = [value for name in narrow for value in role.bounds.get(name, ())]
        wide = [value for value in values if names_whole_account(value)]
        if not values or wide:
            got = f"{wide[0]}" if wide else f"none of {', '.join(sorted(narrow)[:3])}"
            yield this.finding(role.resource, role.path, got, "the principals that may log in")
