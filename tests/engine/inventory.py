"""Everything that is in a sandbox, asked of the systems themselves and not through the project's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import hvac.exceptions

from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, REGION

_BUILT_IN_POLICIES = {"default", "root"}


def everything(sandbox: Sandbox) -> dict[str, list[str]]:
    """What an empty sandbox does not have, by kind; kinds without any are left out."""
    found = in_aws(sandbox) | in_vault(sandbox)
    return {kind: names for kind, names in found.items() if names}


def in_aws(sandbox: Sandbox, account: str = ACCOUNT, region: str = REGION) -> dict[str, list[str]]:
    """Our users, the roles with what hangs on them, profiles, policies, secrets, queues of one account and region."""
    iam = sandbox.aws.client("iam", account=account, region=region)
    secrets = sandbox.aws.client("secretsmanager", account=account, region=region)
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    return {
        "users": [user["UserName"] for user in iam.list_users(PathPrefix="/nhi/")["Users"]],
        "roles": roles,
        "inline policies": [p for role in roles for p in iam.list_role_policies(RoleName=role)["PolicyNames"]],
        "instance profiles": [p["InstanceProfileName"] for p in iam.list_instance_profiles()["InstanceProfiles"]],
        "managed policies": [p["PolicyName"] for p in iam.list_policies(Scope="Local")["Policies"]],
        "secrets": [s["Name"] for s in secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]],
        "queues": sandbox.aws.client("sqs", account=account, region=region).list_queues().get("QueueUrls", []),
    }


def in_vault(sandbox: Sandbox) -> dict[str, list[str]]:
    """The policies, entities, aliases, AppRoles, KV entries and tokens with policies of ours."""
    vault = sandbox.vault.client()
    policies = set(vault.sys.list_policies()["data"]["policies"]) - _BUILT_IN_POLICIES
    return {
        "policies": sorted(policies),
        "entities": _keys(vault.secrets.identity.list_entities_by_name),
        "aliases": _keys(vault.secrets.identity.list_entity_aliases),
        "AppRoles": _keys(vault.auth.approle.list_roles),
        "entries": sorted(_entries(vault, "")),
        "tokens": sorted(_tokens(vault)),
    }


def _entries(vault: Any, folder: str) -> Iterator[str]:
    for name in _keys(lambda: vault.secrets.kv.v2.list_secrets(folder, mount_point="secret")):
        path = f"{folder}{name}"
        if path.endswith("/"):
            yield from _entries(vault, path)
        else:
            yield path


def _tokens(vault: Any) -> Iterator[str]:
    """Tokens of logins; those that a provider plugin makes for itself carry root's policy only."""
    for accessor in _keys(lambda: vault.list("auth/token/accessors")):
        try:
            facts = vault.auth.token.lookup_accessor(accessor)["data"]
        except (hvac.exceptions.InvalidPath, hvac.exceptions.Forbidden):
            continue
        if facts["entity_id"] or set(facts["policies"]) - _BUILT_IN_POLICIES:
            yield f"{facts['display_name']}: {', '.join(facts['policies'])}"


def _keys(listing: Callable[[], Any]) -> list[str]:
    try:
        answer = listing()
    except hvac.exceptions.InvalidPath:
        return []
    return list(answer["data"]["keys"]) if answer else []
