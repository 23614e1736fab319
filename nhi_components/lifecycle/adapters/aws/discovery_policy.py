"""What discovery must be allowed on AWS, by what it reads."""

from __future__ import annotations

import json
from typing import Final

DETAILS: Final = ("iam:GetAccountAuthorizationDetails",)
KEYS: Final = ("iam:GetAccessKeyLastUsed", "iam:GetLoginProfile", "iam:ListAccessKeys", "iam:ListUsers")
REGIONS: Final = ("ec2:DescribeRegions",)
FUNCTIONS: Final = ("lambda:ListFunctions",)
INSTANCES: Final = ("ec2:DescribeInstances",)


def policy() -> str:
    """Write an identity policy; the listings among its actions know no resource but `*`."""
    actions = sorted({*DETAILS, *KEYS, *REGIONS, *FUNCTIONS, *INSTANCES})
    statement = {"Sid": "NhiDiscover", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
