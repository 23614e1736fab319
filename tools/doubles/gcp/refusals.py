"""What Google answers when it lets nobody in: without a valid token, without the permission, where an API is disabled.

Sources: Google's `google.api.ErrorReason`, with the metadata of each; API documentation of Pub/Sub and Cloud Storage.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from tools.doubles.gcp.errors import failure
from tools.doubles.gcp.json_errors import json_failure
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.projects import Projects
from tools.doubles.gcp.resources import resource_of, service_of, title_of
from tools.doubles.gcp.tokens import Tokens
from tools.doubles.messages import Answer, Request

_PROJECT = re.compile(r"/projects/([^/:]+)")
_ACCOUNT = re.compile(r"@([^/:]+)\.iam\.gserviceaccount\.com")
_SIGN_IN = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_JSON_APIS = ("storage.googleapis.com", "bigquery.googleapis.com")


class Refusals:
    """Words Google's refusals of a whole request."""

    def __init__(self, projects: Projects, policies: Policies, tokens: Tokens) -> None:
        self._projects, self._policies, self._tokens = projects, policies, tokens

    def unauthorized(self, request: Request, token: str) -> Answer:
        """401, with the reason: no token, one that has ended, or whose account is deleted or disabled."""
        service, said = service_of(request), f"Request had invalid authentication credentials. {_SIGN_IN}"
        if not token:
            said = f"Request is missing required authentication credential. {_SIGN_IN}"
            return failure("UNAUTHENTICATED", said, reason="CREDENTIALS_MISSING", service=service)
        if self._tokens.state_of(token):
            return failure("UNAUTHENTICATED", said, reason="ACCOUNT_STATE_INVALID", service=service)
        reason = "ACCESS_TOKEN_EXPIRED" if self._tokens.has_ended(token) else "ACCESS_TOKEN_INVALID"
        return failure("UNAUTHENTICATED", said, reason=reason, service=service)

    def closed(self, request: Request) -> Answer | None:
        """What is answered whoever asks: there is no such project, or the API is disabled in it; None: it is open."""
        project, service = self._project_of(request), service_of(request)
        if not project or not service:
            return None
        if not self._projects.exists(project):
            return self._no_project(request, project, service)
        if not self._projects.has_disabled(project, service):
            return None
        number = number_of(self._projects.id_of(project))
        url = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
        said = (
            f"{title_of(service)} has not been used in project {number} before or it is disabled. Enable it by "
            f"visiting {url} then retry. If you enabled this API recently, wait a few minutes for the action to "
            "propagate to our systems and retry."
        )
        return failure(
            "PERMISSION_DENIED",
            said,
            reason="SERVICE_DISABLED",
            service=service,
            serviceTitle=title_of(service),
            consumer=f"projects/{number}",
            containerInfo=number,
            activationUrl=url,
        )

    def forbidden(self, request: Request, permission: str) -> Answer:
        """403, which names permission and resource."""
        return denied(request, permission, resource_of(request))

    def absent(self, request: Request) -> Answer:
        """404 for what is no method of an API."""
        return failure("NOT_FOUND", f"no method {request.method} {request.path}")

    def busy(self, request: Request, status: int) -> Answer:
        """429 and 5xx."""
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            answer = failure("INTERNAL" if status == 500 else "UNAVAILABLE", f"{HTTPStatus(status).phrase} (double)")
            return Answer(status, answer.body)
        service, kind = service_of(request) or "googleapis.com", "Read" if request.method == "GET" else "Write"
        consumer = number_of(self._project_of(request) or "nobody")
        return failure(
            "RESOURCE_EXHAUSTED",
            f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute' of service "
            f"'{service}' for consumer 'project_number:{consumer}'.",
            reason="RATE_LIMIT_EXCEEDED",
            service=service,
            consumer=f"projects/{consumer}",
            quota_limit=f"{kind}RequestsPerMinutePerProject",
            quota_metric=f"{service}/{kind.lower()}_requests",
        )

    def _project_of(self, request: Request) -> str:
        """The project that a request names, by itself, by a service account's address or by a bucket; or none."""
        found, account = _PROJECT.search(request.path), _ACCOUNT.search(request.path)
        if found and found[1] not in ("-", "_"):
            return found[1]
        named = account[1] if account else request.query.get("project", "")
        return named or self._policies.project_of(resource_of(request))

    def _no_project(self, request: Request, project: str, service: str) -> Answer:
        if service == "pubsub.googleapis.com":
            said = (
                "Requested project not found or user does not have access to it "
                f"(project={project}). Make sure to specify the unique project identifier and not the Google Cloud "
                "Console display name."
            )
            return failure("NOT_FOUND", said)
        if service in _JSON_APIS:
            return json_failure("invalid", f"Unknown project id: {project}")
        if service == "cloudresourcemanager.googleapis.com":
            return failure("PERMISSION_DENIED", "The caller does not have permission")
        resource = f"projects/{project}"
        said = f"Permission denied on resource project {project}."
        return failure("PERMISSION_DENIED", said, reason="CONSUMER_INVALID", service=service, consumer=resource)


def denied(request: Request, permission: str, resource: str) -> Answer:
    """403 for one resource, which need not be the one that the request's path names."""
    service = service_of(request)
    said = f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
    if service in _JSON_APIS:
        who = request.principal
        told = f"{who} does not have {permission} access to the Google Cloud resource. {said}"
        return json_failure("forbidden" if service == _JSON_APIS[0] else "accessDenied", told)
    domain, reason = "iam.googleapis.com", "IAM_PERMISSION_DENIED"
    return failure("PERMISSION_DENIED", said, domain=domain, reason=reason, permission=permission, resource=resource)
