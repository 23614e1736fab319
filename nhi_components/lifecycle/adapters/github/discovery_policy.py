"""What discovery must be allowed on GitHub, by what it reads: fine-grained permissions, by the names of App manifests.

Source: GitHub REST API, 'Permissions required for GitHub Apps'; each endpoint's page names the same.
"""

from __future__ import annotations

import json
from typing import Final

_LISTED: Final = "metadata:read"
"""What listing an organisation's repositories takes."""

REPOSITORIES: Final = (_LISTED,)
DEPLOY_KEYS: Final = ("administration:read", _LISTED)
ACTIONS_SECRETS: Final = ("secrets:read", _LISTED)
DEPENDABOT_SECRETS: Final = ("dependabot_secrets:read", _LISTED)
ENVIRONMENT_SECRETS: Final = ("actions:read", "environments:read", _LISTED)
SUBJECTS: Final = ("actions:read", _LISTED)
OWNERS: Final = ("contents:read", "administration:read", _LISTED)
ORGANIZATION: Final = ("organization_administration:read",)
TOKENS: Final = ("organization_personal_access_tokens:read",)
ORGANIZATION_ACTIONS_SECRETS: Final = ("organization_secrets:read",)
ORGANIZATION_DEPENDABOT_SECRETS: Final = ("organization_dependabot_secrets:read",)

_ALL: Final = (
    *(REPOSITORIES, DEPLOY_KEYS, ACTIONS_SECRETS, DEPENDABOT_SECRETS, ENVIRONMENT_SECRETS, SUBJECTS, OWNERS),
    *(ORGANIZATION, TOKENS, ORGANIZATION_ACTIONS_SECRETS, ORGANIZATION_DEPENDABOT_SECRETS),
)


def policy() -> str:
    """Write the permissions of a GitHub App as its manifest has them; a fine-grained token can have all but one.

    Fine-grained tokens of an organisation are told to Apps alone ('Personal access tokens').
    """
    permissions = sorted({permission for each in _ALL for permission in each})
    return json.dumps({"default_permissions": dict(each.split(":") for each in permissions)}, indent=2)
