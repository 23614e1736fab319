"""Azure for the stacks: how they reach the double, who deploys them, and what has to be there before them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from uuid import uuid4

import requests

from tests.engine.azure import AzureCloud
from tests.engine.azure_access import Session, ask
from tests.engine.stacks.conftest import Stack
from tools.doubles.azure.audiences import ARM
from tools.doubles.azure.subscriptions import SUBSCRIPTION
from tools.plugins.azure.settings import environment_for

_SECONDS = 20


def connected(stack: Callable[[str], Stack], cloud: AzureCloud, name: str) -> Stack:
    """A stack that reaches the double as it would reach Azure."""
    return reached(stack(name), cloud)


def reached(made: Stack, cloud: AzureCloud) -> Stack:
    """Let a stack reach the double by environment and the configuration `nhi:azure`."""
    cloud.reached_by(made)
    url = cloud.double.url
    connection = {"endpoint": url, "authority": url, "subscriptions": [SUBSCRIPTION]}
    made.configure(nhi__azure=json.dumps({"default": connection}))
    return made


def deployed_by_one_who_may(made: Stack, cloud: AzureCloud, operations: Sequence[str]) -> str:
    """Let Pulumi's provider act as a principal with just these operations in the subscription; give its object id.

    Our own provider and `nhi` go on as the operator.
    """
    scope, double = f"/subscriptions/{SUBSCRIPTION}", cloud.double
    with double.lock:
        application = double.applications.make("deployer")
        principal = double.applications.principal_of(application)
        permissions = [{"actions": list(operations)}]
        asked = {"roleName": "deploys identities", "assignableScopes": [scope], "permissions": permissions}
        double.rbac.assign(principal, double.rbac.roles.put(str(uuid4()), asked)[0].guid, scope)
        made.environment.update(environment_for(double.url, double.variables_of(application), SUBSCRIPTION))
    return principal.object_id


def container_with(cloud: AzureCloud, account: str, name: str, *blobs: str) -> str:
    """Make a container with these blobs in it; give its resource id."""
    with cloud.double.lock:
        type_ = "Microsoft.Storage/storageAccounts/blobServices/containers"
        made = cloud.double.resources.make(type_, account, "default", name)
    for each in blobs:
        ask(cloud, "PUT", f"/blob/{account}/{name}/{each}", b"trial")
    return made


def registries(cloud: AzureCloud, *names: str) -> None:
    """Make container registries."""
    with cloud.double.lock:
        for name in names:
            cloud.double.resources.make("Microsoft.ContainerRegistry/registries", name)


def registry_token(session: Session, registry: str, repository: str) -> str | None:
    """A registry's own token to push to a repository, as `docker login` gets it; None when it gives none."""
    base, trusted = (
        f"{session.cloud.double.url}/registry/{registry}/oauth2",
        session.cloud.environment["REQUESTS_CA_BUNDLE"],
    )
    form = {"grant_type": "access_token", "service": registry, "access_token": session.tokens[ARM]}
    first = requests.post(f"{base}/exchange", data=form, verify=trusted, timeout=_SECONDS)
    if not first.ok:
        return None
    asked = {"grant_type": "refresh_token", "service": registry, "scope": f"repository:{repository}:push"}
    form = {**asked, "refresh_token": first.json()["refresh_token"]}
    second = requests.post(f"{base}/token", data=form, verify=trusted, timeout=_SECONDS)
    return str(second.json()["access_token"]) if second.ok else None


def pushes(cloud: AzureCloud, token: str, registry: str, repository: str) -> bool:
    """Tell whether a registry takes an image for a token of its own."""
    answer = requests.put(
        f"{cloud.double.url}/registry/{registry}/v2/{repository}/manifests/2",
        data=b"{}",
        headers={"Authorization": f"Bearer {token}"},
        verify=cloud.environment["REQUESTS_CA_BUNDLE"],
        timeout=_SECONDS,
    )
    assert answer.status_code in (201, 401), answer.text
    return answer.status_code == 201
