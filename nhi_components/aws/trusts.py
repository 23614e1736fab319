"""The statement of a role's trust policy for each way of becoming it."""

from __future__ import annotations

from typing import Any

from nhi_components.core.trust import AccountTrust, ServiceTrust


def statement_of(trust: ServiceTrust | AccountTrust) -> dict[str, Any]:
    """Write the statement, without its end: principal, action, conditions; its values may be outputs."""
    match trust:
        case ServiceTrust():
            return {"Principal": {"Service": f"{trust.service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        case AccountTrust():
            return {
                "Principal": {"AWS": f"arn:aws:iam::{trust.account}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": trust.external_id}},
            }
