"""Which Pulumi type reads a type of Terraform's GitHub provider. Data for `facts.terraform`.

Source: the resources of integrations/github 6 and of pulumi-github 6, which is made from it.
"""

from __future__ import annotations

from typing import Final

_NAMES: Final = (
    "actions_environment_secret",
    "actions_organization_oidc_subject_claim_customization_template",
    "actions_organization_secret",
    "actions_organization_workflow_permissions",
    "actions_repository_oidc_subject_claim_customization_template",
    "actions_secret",
    "codespaces_organization_secret",
    "codespaces_secret",
    "codespaces_user_secret",
    "dependabot_organization_secret",
    "dependabot_secret",
    "enterprise_actions_workflow_permissions",
    "repository_deploy_key",
    "user_ssh_key",
    "workflow_repository_permissions",
)


def _token(name: str) -> str:
    kind = "".join(part.capitalize() for part in name.split("_"))
    return f"github:index/{kind[0].lower()}{kind[1:]}:{kind}"


TYPES: Final[dict[str, str]] = {f"github_{name}": _token(name) for name in _NAMES}
