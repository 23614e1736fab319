"""Looking everywhere in one account and region for what names a lease's roles: paged, eight requests at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from nhi_components.core.delegation import ResourceKind, delegating_resource
from nhi_components.core.links import LinkKind, NotChecked, System
from nhi_components.core.tags import lease_of
from nhi_components.lifecycle.adapters.aws.delegations import holders
from nhi_components.lifecycle.adapters.aws.delegations.documents import Document, UnreadablePolicy
from nhi_components.lifecycle.adapters.aws.delegations.editing import read
from nhi_components.lifecycle.adapters.aws.delegations.grants import grants_of, grants_on
from nhi_components.lifecycle.adapters.aws.delegations.principals import Principals
from nhi_components.lifecycle.adapters.aws.delegations.statements import paths_in
from nhi_components.lifecycle.adapters.aws.errors import ACTION_DENIED, code_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.ports import BlindSpot, Sighting

CONCURRENCY = 8
"""Requests at once: fewer than the ten connections that botocore keeps open to one host."""

_DENIED = ACTION_DENIED | {"AuthorizationError", "AuthorizationErrorException"}
_SHOWN = 5

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What the connection could not look at."""

    kind: LinkKind
    cause: str
    where: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one look everywhere showed.

    Attributes:
        policies: by the ARN of their holder.
        grants: by the ARN of their key.
        blind_spots: what the connection was not allowed to look at.
    """

    policies: dict[str, Document]
    grants: dict[str, list[dict[str, Any]]]
    blind_spots: list[BlindSpot]

    def sightings(self, principals: Principals, connection: str) -> list[Sighting]:
        """Choose what names the lease's roles, leaving out the trust of those roles themselves."""
        found = [
            sighting
            for holder, document in self.policies.items()
            if not _is_role_of(principals, holder)
            for sighting in paths_in(principals, holder, document, connection)
        ]
        for key, grants in self.grants.items():
            found += grants_of(principals, key, grants, connection)
        return found


def _is_role_of(principals: Principals, holder: str) -> bool:
    resource = delegating_resource(holder)
    return bool(resource and resource.kind is ResourceKind.ROLE and resource.name in principals.standings)


def look_everywhere(session: AwsSession, lease_id: str) -> Look:
    """Read every policy and every grant in the account and region, but those of the lease's own secrets.

    What a permission keeps us from seeing is told as a blind spot; whatever else goes wrong is raised.
    """
    refusals: list[_Refusal] = []
    listings: list[Callable[[], list[holders.PolicyHolder]]] = [
        lambda: list(_buckets(session)),
        lambda: list(_queues(session)),
        lambda: list(_topics(session)),
        lambda: list(_keys(session)),
        lambda: list(_secrets(session, lease_id)),
        lambda: list(_roles(session)),
    ]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        listed = pool.map(lambda listing: _allowed(listing, refusals, LinkKind.DELEGATED_PATH, "all of them"), listings)
        found = [holder for group in listed for holder in group or ()]
        policies = pool.map(
            lambda holder: _allowed(lambda: read(holder), refusals, LinkKind.DELEGATED_PATH, holder.arn), found
        )
        keys = [holder for holder in found if isinstance(holder, holders.Key)]
        grants = pool.map(
            lambda key: _allowed(lambda: grants_on(key.client, key.arn), refusals, LinkKind.KMS_GRANT, key.arn), keys
        )
        return Look(
            policies={holder.arn: document for holder, document in zip(found, policies, strict=True) if document},
            grants={key.arn: answer for key, answer in zip(keys, grants, strict=True) if answer},
            blind_spots=_blind_spots(refusals, session.name),
        )


def _allowed(call: Callable[[], Answer], refusals: list[_Refusal], kind: LinkKind, where: str) -> Answer | None:
    try:
        return call()
    except ClientError as error:
        if code_of(error) in _DENIED:
            refusals.append(_Refusal(kind, f"{error.operation_name} denied", where))
        elif code_of(error) not in holders.GONE:
            raise
    except UnreadablePolicy:
        refusals.append(_Refusal(kind, "a policy that is no JSON object with statements", where))
    return None


def _blind_spots(refusals: list[_Refusal], connection: str) -> list[BlindSpot]:
    spots = []
    for kind in dict.fromkeys(refusal.kind for refusal in refusals):
        causes: dict[str, list[str]] = {}
        for refusal in sorted((r for r in refusals if r.kind is kind), key=lambda r: (r.cause, r.where)):
            causes.setdefault(refusal.cause, []).append(refusal.where)
        told = "; ".join(f"{cause} on {_shortened(where)}" for cause, where in causes.items())
        reason = NotChecked(f"{told}; to look there, allow the connection's principal to read these policies")
        spots.append(BlindSpot(System.AWS, connection, kind, reason))
    return spots


def _shortened(places: list[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(places[:_SHOWN]) + more


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, [])


def _buckets(session: AwsSession) -> Iterator[holders.PolicyHolder]:
    client, partition = session.client("s3"), session.identity.arn.split(":")[1]
    for bucket in _pages(client, "list_buckets", "Buckets"):
        regional = session.client("s3", bucket.get("BucketRegion", ""))
        yield holders.Bucket(regional, f"arn:{partition}:s3:::{bucket['Name']}", bucket["Name"])


def _queues(session: AwsSession) -> Iterator[holders.PolicyHolder]:
    client, partition = session.client("sqs"), session.identity.arn.split(":")[1]
    # Without a page size SQS gives the first thousand only, and no token for the rest.
    for url in _pages(client, "list_queues", "QueueUrls", PaginationConfig={"PageSize": 1000}):
        account, name = url.rsplit("/", 2)[1:]
        yield holders.Queue(client, f"arn:{partition}:sqs:{session.region}:{account}:{name}", name, account, url)


def _topics(session: AwsSession) -> Iterator[holders.PolicyHolder]:
    client = session.client("sns")
    return _by_arn(session, (topic["TopicArn"] for topic in _pages(client, "list_topics", "Topics")))


def _keys(session: AwsSession) -> Iterator[holders.PolicyHolder]:
    return _by_arn(session, (key["KeyArn"] for key in _pages(session.client("kms"), "list_keys", "Keys")))


def _secrets(session: AwsSession, lease_id: str) -> Iterator[holders.PolicyHolder]:
    client = session.client("secretsmanager")
    for secret in _pages(client, "list_secrets", "SecretList"):
        if lease_of({tag["Key"]: tag["Value"] for tag in secret.get("Tags", [])}) != lease_id:
            yield holders.HeldSecret(client, secret["ARN"])


@dataclass(frozen=True, slots=True)
class _ListedRole(holders.TrustingRole):
    """A role whose trust policy came with the listing, so that it is not asked for once more."""

    trust: Any = None

    def read(self) -> str | None:
        return holders.as_text(self.trust)


def _roles(session: AwsSession) -> Iterator[holders.PolicyHolder]:
    client = session.client("iam")
    for role in _pages(client, "list_roles", "Roles"):
        yield _ListedRole(client, role["Arn"], role["RoleName"], role["AssumeRolePolicyDocument"])


def _by_arn(session: AwsSession, arns: Iterable[str]) -> Iterator[holders.PolicyHolder]:
    for arn in arns:
        if resource := delegating_resource(arn):
            yield holders.holder_of(session, resource)
