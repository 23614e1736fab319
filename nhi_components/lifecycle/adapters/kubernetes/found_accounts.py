"""Service accounts as records: their groups, the cloud identities that they become, and their standing tokens.

Sources: Kubernetes documentation, 'Managing Service Accounts', 'Service Accounts', 'Well-Known Labels, Annotations and
Taints'; Amazon EKS user guide, 'Assign IAM roles to Kubernetes service accounts'; Google Kubernetes Engine,
'Authenticate to Google Cloud APIs from GKE workloads'; Azure AD Workload Identity, 'Service account labels and
annotations'. A cluster tells of no use of an account, but of the days on which tokens in Secrets were used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from nhi_components.core.inventory.knowing import lease_of_marks
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundIdentity,
    FoundStep,
    Guard,
    Record,
    Use,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import ACCOUNTS, SECRETS, TRACKING
from nhi_components.lifecycle.adapters.kubernetes.found_lists import Lists, time_of
from nhi_components.lifecycle.adapters.kubernetes.objects import annotations_of
from nhi_components.lifecycle.adapters.kubernetes.session import Object
from nhi_components.lifecycle.discovery.ports import Page, Section

GROUP: Final = "kubernetes-group"
_OF_THE_CLUSTER: Final = "kube-system"
_DEFAULT: Final = "default"
_EVERY_ACCOUNT: Final = "system:serviceaccounts"
_EVERYBODY: Final = "system:authenticated"
_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""What kubectl has last applied: the account's manifest again, no mark."""

_ROLE_OF_AWS: Final = "eks.amazonaws.com/role-arn"
_ACCOUNT_OF_GOOGLE: Final = "iam.gke.io/gcp-service-account"
_CLIENT_OF_AZURE: Final = "azure.workload.identity/client-id"
_TENANT_OF_AZURE: Final = "azure.workload.identity/tenant-id"

_TOKENS: Final = "type=kubernetes.io/service-account-token"
_NAME: Final = "kubernetes.io/service-account.name"
_USED: Final = "kubernetes.io/legacy-token-last-used"
_REFUSED: Final = "kubernetes.io/legacy-token-invalid-since"


def accounts(lists: Lists, name: str) -> Section:
    """Give the section of service accounts."""

    def read(cursor: str | None) -> Page:
        return lists.page("serviceaccounts", cursor, lambda found: _account(lists, found))

    return Section(name, "service accounts", ACCOUNTS, read)


def token_secrets(lists: Lists, name: str, clock: Callable[[], datetime]) -> Section:
    """Give the section of Secrets that keep tokens: those made by hand, and those that clusters before 1.24 made."""

    def read(cursor: str | None) -> Page:
        now = clock()
        since = _day(lists.config_map(_OF_THE_CLUSTER, TRACKING).get("since"), now)
        return lists.page("secrets", cursor, lambda found: _token(lists, found, since, now), fields=_TOKENS)

    return Section(name, "standing tokens of service accounts", SECRETS, read)


def _account(lists: Lists, found: Object) -> Iterator[Record]:
    metadata = found["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    key, marks = lists.account(namespace, name), _marks(found)
    yield FoundIdentity(
        key=key,
        system=System.KUBERNETES,
        place=lists.cluster,
        kind=LinkKind.KUBERNETES_SERVICE_ACCOUNT,
        name=f"{namespace}/{name}",
        unique_id=metadata["uid"],
        created_at=time_of(found),
        marks=marks,
        guard=_guard(lists, namespace, name, marks),
    )
    for group in (_EVERY_ACCOUNT, f"{_EVERY_ACCOUNT}:{namespace}", _EVERYBODY):
        yield FoundCarrier(key, lists.group(group), GROUP)
    yield from _steps(key, annotations_of(found))


def _marks(found: Object) -> dict[str, str]:
    labels = found["metadata"].get("labels") or {}
    return {key: value for key, value in {**annotations_of(found), **labels}.items() if key != _APPLIED}


def _guard(lists: Lists, namespace: str, name: str, marks: Mapping[str, str]) -> Guard | None:
    if lists.caller == f"{namespace}/{name}":
        return Guard.CALLER
    # The control plane makes a `default` that is deleted anew, and runs by the accounts of its own namespace.
    of_the_cluster = namespace == _OF_THE_CLUSTER or name == _DEFAULT
    return Guard.SERVICE_LINKED if of_the_cluster and lease_of_marks(marks) is None else None


def _steps(key: str, annotations: Mapping[str, str]) -> Iterator[Record]:
    """Yield which identities of clouds an account is annotated with; whether these let it in, they tell themselves."""
    if role := annotations.get(_ROLE_OF_AWS):
        yield FoundStep(key, role, "federate")
    if email := annotations.get(_ACCOUNT_OF_GOOGLE):
        yield FoundStep(key, f"serviceAccount:{email}", "federate")
    if client := annotations.get(_CLIENT_OF_AZURE):
        tenant = annotations.get(_TENANT_OF_AZURE)
        yield FoundStep(key, client, "federate", json.dumps({"tenant": tenant}) if tenant else "")


def _token(lists: Lists, found: Object, since: datetime | None, now: datetime) -> Iterator[Record]:
    metadata, labels = found["metadata"], found["metadata"].get("labels") or {}
    namespace, account = metadata["namespace"], annotations_of(found).get(_NAME)
    if account:
        yield FoundCredential(
            identity=lists.account(namespace, account),
            kind="token-secret",
            id=f"{namespace}/{metadata['name']}",
            created_at=time_of(found),
            disabled=_REFUSED in labels,
            use=Use(_day(labels.get(_USED), now), watched_since=since),
        )


def _day(told: str | None, now: datetime) -> datetime | None:
    """Read a day; as the moment in it is not noted, its end is taken, or now if that is earlier."""
    try:
        begins = datetime.strptime(told, "%Y-%m-%d").replace(tzinfo=UTC) if told else None
    except ValueError:
        return None
    return min(begins + timedelta(days=1), now) if begins else None
