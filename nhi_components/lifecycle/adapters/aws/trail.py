"""Asking CloudTrail what has happened in one account, and reading the files that it delivers.

Sources: CloudTrail API, LookupEvents (management events of the last 90 days in one region, at most 50 a page, the
newest first, one attribute a call, 2 calls a second in each account and region); CloudTrail user guide, 'Finding your
CloudTrail log files' (gzipped, each an object with a list `Records`), 'Global service events' (IAM's are those of one
region), and 'CloudTrail log file delivery' (typically about 5 minutes late, which is not guaranteed).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from nhi_components.core.connection import AwsConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.aws.discovery_policy import REGIONS
from nhi_components.lifecycle.adapters.aws.errors import ACTION_DENIED, BUSY, code_of, translated
from nhi_components.lifecycle.adapters.aws.events import told
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.events.ports import NOT_UNDERSTOOD, Batch, Event, Told, Unreadable, together

PERMISSIONS: Final = ("cloudtrail:LookupEvents", *REGIONS)
"""What asking takes; the second one only for a connection that names no regions."""
LATE: Final = timedelta(minutes=30)
"""How far behind what was read is read again: CloudTrail's 5 minutes, and our own margin for those that are late."""
REMEMBERED: Final = timedelta(days=90)
"""For how long LookupEvents knows events."""

_PAUSE_SECONDS: Final = 0.5
_TRIES: Final = 5
_GLOBAL: Final[Mapping[str, str]] = MappingProxyType(
    {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
)
"""In which region IAM's events are, by partition."""
_EVERYWHERE: Final = ("iam", "sts", "lambda", "ec2")
"""Services that are asked for in each region: private endpoints may have IAM's events there as well."""
_waits = wait_exponential_jitter(initial=1, max=30)


class CloudTrail:
    """What one connection's account tells of itself.

    Args:
        connection: its name.
        settings: how it is reached; `regions` are those that are asked, without any all that are enabled.
        clock: tells the time.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        connection: str,
        settings: AwsConnection,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._connection, self._regions = connection, settings.regions
        self._session = AwsSession(connection, settings)
        self._clock, self._sleep = clock, sleep

    @property
    def name(self) -> str:
        """By which its cursor is kept."""
        return f"cloudtrail aws.{self._connection}"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, a page of one region and service at a time; a cursor is the time that is read up to."""
        now = self._clock()
        begin = max(datetime.fromisoformat(cursor) if cursor else since, since) - LATE
        begin = max(begin, now - REMEMBERED)
        for region, service in self._places():
            for page in self._pages(region, service, begin):
                yield Batch(together(map(self._read, page)))
        yield Batch(Told(), now.astimezone(UTC).isoformat())

    def _places(self) -> Iterator[tuple[str, str]]:
        home = _GLOBAL.get(self._session.identity.arn.split(":")[1], "")
        regions = self._regions or self._enabled()
        if home and home not in regions:
            yield home, "iam"
        for region in regions:
            yield from ((region, service) for service in _EVERYWHERE)

    def _enabled(self) -> Sequence[str]:
        answer = self._asked(lambda: self._session.client("ec2").describe_regions(AllRegions=False))
        return sorted(region["RegionName"] for region in answer["Regions"])

    def _pages(self, region: str, service: str, begin: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        client = self._session.client("cloudtrail", region)
        source = {"AttributeKey": "EventSource", "AttributeValue": f"{service}.amazonaws.com"}
        more: dict[str, str] = {}
        while True:
            request = {"LookupAttributes": [source], "StartTime": begin, "MaxResults": 50, **more}
            answer = self._asked(partial(client.lookup_events, **request))
            yield answer["Events"]
            if not answer.get("NextToken"):
                return
            more = {"NextToken": answer["NextToken"]}
            self._sleep(_PAUSE_SECONDS)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """Ask; again, for a while, when CloudTrail is asked too often."""
        trying = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=_waits,
            retry=retry_if_exception_type(Busy),
            sleep=self._sleep,
            reraise=True,
        )
        return trying(self._ask_once, ask)

    def _ask_once(self, ask: Callable[[], Any]) -> Any:
        with translated(self._connection):
            try:
                return ask()
            except ClientError as error:
                code, operation = code_of(error), error.operation_name
                if code in ACTION_DENIED:
                    raise NotSeen(
                        f"aws.{self._connection}: {operation} is denied; fix: allow the connection's principal "
                        f"{' and '.join(PERMISSIONS)}"
                    ) from None
                if code in BUSY:
                    raise Busy(f"aws.{self._connection}: {operation} is throttled") from None
                raise

    def _read(self, event: Mapping[str, Any]) -> Told:
        try:
            return told(json.loads(event["CloudTrailEvent"]))
        except (ValueError, Unreadable):
            # Nobody knows what it says, so that everything is stale.
            account = self._session.identity.account
            return Told((Event(System.AWS, account, event["EventId"], event["EventTime"], NOT_UNDERSTOOD),))
