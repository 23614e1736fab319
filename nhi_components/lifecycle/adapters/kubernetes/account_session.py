"""A session of a service account: a token of it, used to ask what it may do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from nhi_components.lifecycle.adapters.kubernetes.errors import translated
from nhi_components.lifecycle.adapters.kubernetes.session import TIMEOUT_SECONDS, KubernetesSession

SECONDS = 600
"""How long its token lives: the least that Kubernetes makes (API reference, `TokenRequest`)."""


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A token of a service account, and something that its role permits.

    Attributes:
        connection: the connection's name.
        subject: the user that the token speaks for.
        uid: the account's uid.
        ends: when the token ends by itself.
        asked: the attributes of a SelfSubjectAccessReview; None when the account has no right that could be asked for.
        api: a client that speaks with the token.
    """

    connection: str
    subject: str
    uid: str
    ends: datetime
    asked: Mapping[str, str] | None
    api: Any = field(repr=False, compare=False)

    def works(self) -> bool:
        """Use it: tell whether the token is accepted and, where there is a right to ask for, the account has it."""
        return self.is_accepted() if self.asked is None else self._has_right()

    def is_accepted(self) -> bool:
        """Tell whether the API server takes the token for the account."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        review = client.AuthenticationV1Api(self.api).create_self_subject_review
        answer = self._reviewed(review, body)
        return answer is not None and answer["userInfo"]["username"] == self.subject

    def _has_right(self) -> bool:
        spec = {"resourceAttributes": dict(self.asked or {})}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        answer = self._reviewed(client.AuthorizationV1Api(self.api).create_self_subject_access_review, body)
        return bool(answer and answer.get("allowed"))

    def _reviewed(self, review: Any, body: dict[str, Any]) -> dict[str, Any] | None:
        """Give the status of a review; None when the token is refused."""
        with translated(self.connection, f"use a token of {self.subject}"):
            try:
                answer = review(body, _preload_content=False, _request_timeout=TIMEOUT_SECONDS)
            except ApiException as error:
                if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                    return None
                raise
        status: dict[str, Any] = json.loads(answer.data)["status"]
        return status


def open_session(
    session: KubernetesSession, namespace: str, name: str, uid: str, asked: Mapping[str, str] | None
) -> AccountSession:
    """Have a token of an account issued, and make what uses it.

    Args:
        session: the cluster.
        namespace: the account's namespace.
        name: its name.
        uid: its uid.
        asked: something that its role permits.
    """
    status = session.request_token(namespace, name, SECONDS)["status"]
    ends = datetime.fromisoformat(status["expirationTimestamp"])
    subject = f"system:serviceaccount:{namespace}:{name}"
    return AccountSession(session.name, subject, uid, ends, asked, session.speaking_with(status["token"]))
