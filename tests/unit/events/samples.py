"""Records as the systems document them, cut down to what is read of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

ACCOUNT = "111111111111"
AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
CLUSTER = "0b1c2d3e-cluster"
VAULT = "7c0f-vault"
TENANT = "11112222-tenant"
SUBSCRIPTION = "00000000-aaaa-bbbb-cccc-000000000001"


def trail(name: str, service: str = "iam", **fields: Any) -> dict[str, Any]:
    """A record of CloudTrail."""
    return {
        "eventVersion": "1.11",
        "eventID": f"id-of-{name}",
        "eventTime": "2026-11-30T09:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "recipientAccountId": ACCOUNT,
        "readOnly": False,
        "userIdentity": {"type": "AWSService"},
        **fields,
    }


def audited(verb: str, resource: str, group: str = "", **fields: Any) -> dict[str, Any]:
    """A record of a cluster's audit log."""
    target = {"resource": resource, "namespace": "shop", "name": "orders", **({"apiGroup": group} if group else {})}
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": f"{verb}-{resource}",
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": "dana"},
        "objectRef": target,
        "responseStatus": {"code": 200},
        "stageTimestamp": "2026-11-30T09:00:00.123456Z",
        **fields,
    }


def vaulted(operation: str, path: str, mount: str = "", **fields: Any) -> dict[str, Any]:
    """A record of a Vault's audit device."""
    return {
        "time": "2026-11-30T09:00:00.123456789Z",
        "type": "response",
        "auth": {"client_token": "hmac-sha256:0123", "accessor": "hmac-sha256:4567"},
        "request": {
            "id": f"{operation}-{path}",
            "operation": operation,
            "path": path,
            "mount_point": mount,
            "namespace": {"id": "root"},
            "data": {"password": "hmac-sha256:89ab"},
        },
        **fields,
    }


def logged(method: str, service: str = "iam.googleapis.com", **payload: Any) -> dict[str, Any]:
    """An entry of Google Cloud's log of administrators' activity."""
    return {
        "insertId": f"id-of-{method}",
        "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": "2026-11-30T09:00:00.123456789Z",
        "resource": {"type": "service_account", "labels": {"project_id": "shop"}},
        "protoPayload": {"serviceName": service, "methodName": method, "status": {}, **payload},
    }


def acted(operation: str, resource: str = f"/subscriptions/{SUBSCRIPTION}", **fields: Any) -> dict[str, Any]:
    """An event of Azure's activity log, as its API gives it."""
    return {
        "eventDataId": f"id-of-{operation}",
        "eventTimestamp": "2026-11-30T09:00:00.1234567Z",
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "operationName": {"value": operation, "localizedValue": operation},
        "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
        "resourceId": resource,
        "tenantId": TENANT,
        **fields,
    }


def exported(operation: str, resource: str = f"/SUBSCRIPTIONS/{SUBSCRIPTION}", **fields: Any) -> dict[str, Any]:
    """The same, as diagnostic settings export it."""
    return {
        "time": "2026-11-30T09:00:00.1234567Z",
        "category": "Administrative",
        "operationName": operation.upper(),
        "resultType": "Success",
        "resultSignature": "Succeeded.Created",
        "correlationId": "correlation-1",
        "resourceId": resource,
        "identity": {"claims": {}},
        **fields,
    }


def entered(activity: str, category: str = "ApplicationManagement", **fields: Any) -> dict[str, Any]:
    """An entry of Entra's audits, as Graph gives it."""
    return {
        "id": f"Directory_{activity}",
        "activityDateTime": "2026-11-30T09:00:00.1234567Z",
        "activityDisplayName": activity,
        "category": category,
        "result": "success",
        "initiatedBy": {"user": {"id": "dana"}, "app": None},
        "targetResources": [],
        **fields,
    }
