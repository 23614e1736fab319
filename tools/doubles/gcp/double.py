"""A double of Google Cloud: one server that stands in for all its REST endpoints.

The paths are those of oauth2, iamcredentials, iam and secretmanager, which do not collide; so one base URL serves all,
as `GcpConnection.endpoint` or `client_options.api_endpoint`. More services are mounted beside.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import failure
from tools.doubles.gcp.keys import Keys
from tools.doubles.gcp.secrets import Secrets
from tools.doubles.gcp.tokens import Tokens
from tools.doubles.messages import Answer, Request
from tools.doubles.server import HttpDouble

PROJECT = "nhi-tests"


class GcpDouble(HttpDouble):
    """Google Cloud with one project, `nhi-tests`; further ones come to be when they are named.

    Attributes:
        accounts: IAM's service accounts.
        keys: their keys.
        secrets: Secret Manager.
        tokens: what was issued.
    """

    def __init__(self) -> None:
        super().__init__()
        self.accounts = Accounts(self.now)
        self.keys = Keys(self.accounts, self.url, self.now)
        self.secrets = Secrets(self.now)
        self.tokens = Tokens(self.accounts, self.keys, self.url, self.now)
        for service in (self.accounts, self.keys, self.secrets, self.tokens):
            self.mount(service)

    def ambient(self, folder: Path, name: str = "operator", project: str = PROJECT) -> Path:
        """Make an account with a key file, for GOOGLE_APPLICATION_CREDENTIALS."""
        email = self.accounts.make(project, name)["email"]
        file = folder / f"{name}.json"
        file.write_text(json.dumps(self.keys.make(email)[1]))
        return file

    def principal_of(self, request: Request) -> str:
        """Also whom a JWT speaks for that an account has signed itself, as Google's clients do."""
        token = self.token_of(request)
        return self.tokens.holder_of(token) or super().principal_of(request)

    def unauthorized(self, request: Request) -> Answer:
        """Google's 401."""
        return failure(
            "UNAUTHENTICATED", "Request had invalid authentication credentials.", reason="ACCESS_TOKEN_INVALID"
        )

    def forbidden(self, request: Request, permission: str) -> Answer:
        """Google's 403, which names permission and resource."""
        resource = request.path.removeprefix("/v1/").split(":")[0]
        message = f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
        reason = "IAM_PERMISSION_DENIED"
        return failure("PERMISSION_DENIED", message, reason=reason, permission=permission, resource=resource)

    def absent(self, request: Request) -> Answer:
        """Google's 404 for what is no method of an API."""
        return failure("NOT_FOUND", f"no method {request.method} {request.path}")

    def busy(self, request: Request, status: int) -> Answer:
        """Google's 429 and 5xx."""
        codes = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
        answer = failure(codes.get(status, "UNAVAILABLE"), f"{HTTPStatus(status).phrase} (double)")
        return Answer(status, answer.body)
