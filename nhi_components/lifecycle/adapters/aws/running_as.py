"""What runs as the roles of an account now: functions and instances, in the regions that matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from nhi_components.lifecycle.adapters.aws.session import AwsSession


def running_as(session: AwsSession, regions: Sequence[str]) -> dict[str, list[str]]:
    """Tell what runs, each as `KIND NAME`, by the role's ARN, or by the name of the instance profile.

    Args:
        session: the account.
        regions: where it is looked for; without any, in all that are enabled.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for region in regions or _enabled(session):
        for who, what in _in_region(session, region):
            found[who].append(what)
    return dict(found)


def _enabled(session: AwsSession) -> list[str]:
    answer = session.client("ec2").describe_regions(AllRegions=False)
    return sorted(region["RegionName"] for region in answer["Regions"])


def _in_region(session: AwsSession, region: str) -> Iterator[tuple[str, str]]:
    for page in session.client("lambda", region).get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            yield function["Role"], f"function {function['FunctionArn']}"
    for page in session.client("ec2", region).get_paginator("describe_instances").paginate():
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                profile = instance.get("IamInstanceProfile")
                if profile and instance["State"]["Name"] != "terminated":
                    yield profile["Arn"].rpartition("/")[2], f"instance {region}/{instance['InstanceId']}"
