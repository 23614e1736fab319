"""Reading a role that is to be adopted: what it is now, and what IAM knows of its uses.

Sources: IAM API, GenerateServiceLastAccessedDetails and GetServiceLastAccessedDetails (a job, its answer in pages; an
action that reports its own use stands in `TrackedActionsLastAccessed`, with no time when it was not tried); IAM user
guide, 'Refine permissions in AWS using last accessed information' (a trailing period of 400 days, uses are told within
four hours).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.connection import AwsConnection
from nhi_components.core.inventory.records import FoundDocument
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, ACTION_DENIED, code_of, translated
from nhi_components.lifecycle.adapters.aws.roles import Roles, document_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adoption.ports import Role
from nhi_components.lifecycle.adoption.usage import NotKnown, ServiceUse, Usage

TRACKED: Final = timedelta(days=400)
"""For how long IAM remembers uses."""

REPORT_SECONDS: Final = 120
"""How long a report may take; our own figure, AWS documents none."""


class RoleReading:
    """The roles of one account, as `lifecycle.adoption.ports.RoleReader`."""

    def __init__(
        self,
        connection: str,
        settings: AwsConnection,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = AwsSession(connection, settings)
        self._connection = connection
        self._clock = clock
        self._sleep = sleep

    def role(self, arn: str) -> Role | None:
        """Read a role with all its documents; see the port."""
        name = arn.rpartition("/")[2]
        with translated(self._connection):
            try:
                found = self._session.iam.get_role(RoleName=name)["Role"]
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise
            if found["Arn"] != arn:
                return None
            attached = Roles(self._session.iam).attached(name)
            trust = document_of(found["AssumeRolePolicyDocument"])
            documents = [_document(arn, PolicyKind.TRUST, "trust", trust)]
            documents += [self._inline(arn, name, policy) for policy in attached.inline]
            documents += [self._managed(policy) for policy in attached.managed]
        return Role(
            name=name,
            path=found["Path"],
            unique_id=found["RoleId"],
            created_at=found["CreateDate"].astimezone(UTC),
            session_seconds=found.get("MaxSessionDuration", 3600),
            boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
            attached=attached.managed,
            inline=attached.inline,
            documents=tuple(documents),
        )

    def usage(self, role: Role, arn: str) -> Usage | NotKnown:
        """Tell what IAM knows of a role's uses, action by action where it is told; see the port."""
        try:
            with translated(self._connection):
                services = self._report(arn)
        except _NoReport as error:
            return NotKnown(str(error))
        if not services:
            return NotKnown("IAM's report of last accessed services names no service of the role's policies")
        return Usage("IAM, last accessed services and actions", max(role.created_at, self._clock() - TRACKED), services)

    def _inline(self, arn: str, role: str, policy: str) -> FoundDocument:
        content = self._session.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        return _document(arn, PolicyKind.IDENTITY, policy, document_of(content))

    def _managed(self, arn: str) -> FoundDocument:
        iam = self._session.iam
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
        version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return _document(arn, PolicyKind.IDENTITY, policy["PolicyName"], document_of(version["Document"]))

    def _report(self, arn: str) -> Mapping[str, ServiceUse]:
        iam = self._session.iam
        try:
            job = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
            answer = self._ended(lambda: iam.get_service_last_accessed_details(JobId=job))
            services = dict(_services(answer))
            while answer.get("IsTruncated"):
                answer = iam.get_service_last_accessed_details(JobId=job, Marker=answer["Marker"])
                services |= dict(_services(answer))
        except ClientError as error:
            if code_of(error) not in ACTION_DENIED:
                raise
            raise _NoReport(f"the connection may not call iam:{error.operation_name}") from None
        return services

    def _ended(self, ask: Callable[[], Any]) -> Mapping[str, Any]:
        """Ask for a report until it is there."""
        waiting = Retrying(
            retry=retry_if_result(lambda answer: answer["JobStatus"] == "IN_PROGRESS"),
            stop=stop_after_delay(REPORT_SECONDS),
            wait=wait_exponential(multiplier=0.5, max=5),
            sleep=self._sleep,
        )
        try:
            answer: Mapping[str, Any] = waiting(ask)
        except RetryError:
            raise _NoReport(f"IAM had not made its report after {REPORT_SECONDS} s") from None
        if answer["JobStatus"] != "COMPLETED":
            raise _NoReport(f"IAM's report ended with {answer.get('Error', {}).get('Code', answer['JobStatus'])}")
        return answer


class _NoReport(Exception):
    """There is no report of uses; the text tells why."""


def _services(answer: Mapping[str, Any]) -> Iterator[tuple[str, ServiceUse]]:
    for service in answer["ServicesLastAccessed"]:
        tracked = service.get("TrackedActionsLastAccessed") or ()
        actions = {each["ActionName"].lower(): _time(each.get("LastAccessedTime")) for each in tracked}
        yield service["ServiceNamespace"].lower(), ServiceUse(_time(service.get("LastAuthenticated")), actions)


def _time(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _document(holder: str, kind: PolicyKind, name: str, content: Mapping[str, Any]) -> FoundDocument:
    return FoundDocument(holder, kind, name, json.dumps(content, sort_keys=True))
