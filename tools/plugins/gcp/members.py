"""Members of bindings: one class for the thirteen kinds of resource that have an allow policy of their own.

Source: terraform-provider-google 8.0, `tpgiamresource/resource_iam_member.go` and the `iam_*.go` file of each service.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tools.plugins.gcp.google import Google, GoogleError
from tools.plugins.gcp.names import filled, last, parts_of, placeholders, with_settings
from tools.plugins.gcp.policies import Membership, PolicyCalls, change, spelled
from tools.plugins.gcp.policy_calls import VERSION_IN_BODY, VERSION_IN_QUERY, BucketPolicy, DatasetAccess, Verbs
from tools.plugins.gcp.settings import ARTIFACTS, BIGQUERY, IAM, KMS, LOGGING, PROJECTS, PUBSUB, RUN, SECRETS
from tools.plugins.resource import PluginError, Properties, Resource

_MEMBER = r"(?!deleted:)(?:.+:.+|projectOwners|projectReaders|projectWriters|allUsers|allAuthenticatedUsers)"


@dataclass(frozen=True, kw_only=True)
class Member(Resource[Google]):
    """One member of one role on one resource; never another's.

    Attributes:
        noun: what the resource is called in errors.
        path: the resource's path, with its inputs in their places.
        holder: the input that names the resource, in short or as its whole path.
        calls: how its policy is read and written.
        named_as: the resource in a member's id, if it is not its path.
        shows_path: whether the holder's output is the whole path, whatever was given.
    """

    noun: str
    path: str
    holder: str
    calls: PolicyCalls
    named_as: str = ""
    shows_path: bool = True

    @property
    def served(self) -> frozenset[str]:
        """All that there is."""
        return frozenset({*placeholders(self.path), self.holder, "role", "member", "condition"})

    def same(self, name: str, old: Any, new: Any, client: Google) -> bool:
        """A resource is the same by its short name and its path; a member in any letters."""
        if name == "member":
            return spelled(old) == spelled(new)
        return name == self.holder and last(old) == last(new)

    def foreseen(self, client: Google, inputs: Properties) -> Properties:
        """The provider's project and region, where the program names none."""
        values = with_settings(self.path, inputs, client.settings)
        return {name: value for name, value in values.items() if value and name != self.holder}

    def create(self, client: Google, inputs: Properties) -> tuple[str, Properties]:
        """Add the member, and see it in the policy."""
        values = self._values(client, inputs)
        member, resource = _membership(inputs), filled(self.path, values)
        change(client, self.calls, resource, member.added, self._described(values))
        outputs = self._seen(client, values, member, inputs)
        if outputs is None:
            raise PluginError(f"{self._described(values)}: the member is not in the policy that was just written")
        return self._id(values, member), outputs

    def read(self, client: Google, resource_id: str, state: Properties) -> Properties | None:
        """Look for the member; it is gone with its binding, its condition or its resource."""
        if not state:
            raise PluginError(f"{resource_id}: the test plugin imports no members of bindings")
        return self._seen(client, self._values(client, state), _membership(state), state)

    def update(self, client: Google, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Nothing of a member changes in its place but its spelling."""
        return {**olds, **news}

    def delete(self, client: Google, resource_id: str, state: Properties) -> None:
        """Take the member away, and look once more."""
        values, member = self._values(client, state), _membership(state)
        try:
            change(client, self.calls, filled(self.path, values), member.removed, self._described(values))
            self._seen(client, values, member, state)
        except GoogleError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _values(self, client: Google, inputs: Properties) -> dict[str, Any]:
        values = with_settings(self.path, inputs, client.settings)
        held = str(inputs[self.holder])
        return {**values, **(parts_of(self.path, held) or {self.holder: held})}

    def _seen(
        self, client: Google, values: dict[str, Any], member: Membership, inputs: Properties
    ) -> Properties | None:
        resource = filled(self.path, values)
        with client.lock(resource):
            try:
                policy = self.calls.get(client, resource)
            except GoogleError as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise
        found = member.found(policy)
        if found is None:
            return None
        places = {name: value for name, value in values.items() if name in self.served and name != self.holder}
        holder = resource if self.shows_path else inputs[self.holder]
        condition = {"condition": dict(member.condition)} if member.condition else {}
        told = {"role": member.role, "member": found, "etag": policy.get("etag", ""), **condition}
        return {**places, self.holder: holder, **told}

    def _id(self, values: dict[str, Any], member: Membership) -> str:
        resource = filled(self.named_as or self.path, values)
        _, title, description, expression = member.key
        ending = f"/{title}/{description}/{expression}" if member.condition else ""
        return f"{resource}/{member.role}/{spelled(member.member)}{ending}"

    def _described(self, values: dict[str, Any]) -> str:
        return f'{self.noun} "{filled(self.named_as or self.path, values)}"'


def _membership(inputs: Properties) -> Membership:
    return Membership(inputs["role"], inputs["member"], inputs.get("condition"))


def _member(noun: str, token: str, path: str, holder: str, calls: PolicyCalls, **more: Any) -> Member:
    places = frozenset(placeholders(path))
    return Member(
        token=f"gcp:{token}",
        noun=noun,
        path=path,
        holder=holder,
        calls=calls,
        replaces=places | {"role", "member", "condition"},
        filled_in=frozenset(places & {"project", "location", "name"}),
        patterns={"member": _MEMBER},
        **more,
    )


_SECRET = "projects/{project}/secrets/{secretId}"  # noqa: S105 - a path, not a secret
_SUBSCRIPTION = "projects/{project}/subscriptions/{subscription}"
_TABLE = "projects/{project}/datasets/{datasetId}/tables/{tableId}"
_RUN = "projects/{project}/locations/{location}/services/{name}"
_REPOSITORY = "projects/{project}/locations/{location}/repositories/{repository}"
_VIEW = "{parent}/locations/{location}/buckets/{bucket}/views/{name}"
_OF_PROJECT = Verbs(PROJECTS, "POST", body=VERSION_IN_BODY, mask="bindings,etag,auditConfigs")
_OF_ACCOUNT = Verbs(IAM, "POST", VERSION_IN_QUERY)
_OF_SECRET, _OF_KEYS = Verbs(SECRETS, query=VERSION_IN_QUERY), Verbs(KMS, query=VERSION_IN_QUERY)
_OF_VIEW = Verbs(LOGGING, "POST", body=VERSION_IN_BODY)
_AS_GIVEN = {"shows_path": False}

MEMBERS = (
    _member(
        "project",
        "projects/iAMMember:IAMMember",
        "projects/{project}",
        "project",
        _OF_PROJECT,
        named_as="{project}",
        **_AS_GIVEN,
    ),
    _member(
        "service account", "serviceaccount/iAMMember:IAMMember", "{serviceAccountId}", "serviceAccountId", _OF_ACCOUNT
    ),
    _member("secretmanager secret", "secretmanager/secretIamMember:SecretIamMember", _SECRET, "secretId", _OF_SECRET),
    _member(
        "pubsub topic",
        "pubsub/topicIAMMember:TopicIAMMember",
        "projects/{project}/topics/{topic}",
        "topic",
        Verbs(PUBSUB),
    ),
    _member(
        "pubsub subscription",
        "pubsub/subscriptionIAMMember:SubscriptionIAMMember",
        _SUBSCRIPTION,
        "subscription",
        Verbs(PUBSUB),
        **_AS_GIVEN,
    ),
    _member("storage bucket", "storage/bucketIAMMember:BucketIAMMember", "b/{bucket}", "bucket", BucketPolicy()),
    _member(
        "Bigquery Dataset",
        "bigquery/datasetIamMember:DatasetIamMember",
        "projects/{project}/datasets/{datasetId}",
        "datasetId",
        DatasetAccess(),
        **_AS_GIVEN,
    ),
    _member("bigquery table", "bigquery/iamMember:IamMember", _TABLE, "tableId", Verbs(BIGQUERY, "POST")),
    _member("KMS CryptoKey", "kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "{cryptoKeyId}", "cryptoKeyId", _OF_KEYS),
    _member("KMS KeyRing", "kms/keyRingIAMMember:KeyRingIAMMember", "{keyRingId}", "keyRingId", _OF_KEYS),
    _member("cloudrunv2 service", "cloudrunv2/serviceIamMember:ServiceIamMember", _RUN, "name", Verbs(RUN)),
    _member(
        "artifactregistry repository",
        "artifactregistry/repositoryIamMember:RepositoryIamMember",
        _REPOSITORY,
        "repository",
        Verbs(ARTIFACTS),
    ),
    _member("logging logview", "logging/logViewIamMember:LogViewIamMember", _VIEW, "name", _OF_VIEW),
)
"""Those that the plugin serves.

A service's read that asks for no version gets no conditions (IAM documentation, 'Specifying a policy version'); so on
topics, subscriptions, tables, Cloud Run services and repositories the real provider loses a conditional member again.
"""
