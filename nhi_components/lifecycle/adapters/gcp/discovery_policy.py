"""What discovery must be allowed on Google Cloud, by what it reads.

Sources: IAM documentation, 'IAM roles and permissions index'; the REST reference of each method names its permission.
"""

from __future__ import annotations

from typing import Final

PROJECTS: Final = ("resourcemanager.projects.get",)
ACCOUNTS: Final = ("iam.serviceAccounts.list",)
KEYS: Final = ("iam.serviceAccountKeys.list", *ACCOUNTS)
WAYS_IN: Final = ("iam.serviceAccounts.getIamPolicy", *ACCOUNTS)
ACCOUNT_USES: Final = ("policyanalyzer.serviceAccountLastAuthenticationActivities.query",)
KEY_USES: Final = ("policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",)
ROLES: Final = ("iam.roles.list",)
POOLS: Final = (
    "iam.googleapis.com/workloadIdentityPools.list",
    "iam.googleapis.com/workloadIdentityPoolProviders.list",
)
GRANTS: Final = ("cloudasset.assets.searchAllIamPolicies",)
DEPENDENTS: Final = ("cloudasset.assets.searchAllResources",)

_ALL: Final = (PROJECTS, ACCOUNTS, KEYS, WAYS_IN, ACCOUNT_USES, KEY_USES, ROLES, POOLS, GRANTS, DEPENDENTS)
_HEAD: Final = """\
# What `nhi discover` reads of Google Cloud, as a custom role:
#   gcloud iam roles create nhi_discover --organization=ORGANIZATION --file=THIS_FILE
# Bind it on the organisation: bindings on it and on folders, and its own custom roles, are seen from there only.
# Without an organisation make it with --project=PROJECT, and bind it, in each project that is to be read.
# These APIs must be enabled: iam, cloudresourcemanager, cloudasset and, for last uses, policyanalyzer.
# searchAllResources shows what workloads are made of, also variables that hold secrets; nothing of those is kept.
title: nhi discover
description: Reads identities, their keys, grants, ways in, last uses and what runs as them; changes nothing
stage: GA
includedPermissions:
"""


def policy() -> str:
    """Write a custom role in YAML, as `gcloud iam roles create --file` takes it."""
    permissions = sorted({permission for each in _ALL for permission in each})
    return _HEAD + "\n".join(f"  - {permission}" for permission in permissions)
