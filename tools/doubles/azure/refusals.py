"""How each part of Azure words what it refuses before any handler is asked: 401, 403, 404, 429 and 5xx.

Sources: Azure Resource Manager documentation, 'Resolve common Azure deployment errors', 'Understand how Azure Resource
Manager throttles requests'; Key Vault, 'Key Vault REST API error codes', 'Troubleshooting Azure Key Vault access
policy issues'; Storage, 'Common REST API error codes'; Azure RBAC, 'Troubleshoot Azure RBAC'.
"""

from __future__ import annotations

from http import HTTPStatus

from tools.doubles.azure import errors
from tools.doubles.azure.audiences import ARM, REGISTRY, STORAGE, VAULT, plane_of
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.scopes import subscription_of
from tools.doubles.azure.tokens import Held, Tokens
from tools.doubles.messages import Answer, Refusal, Request


class Refusals:
    """The words of every service."""

    def __init__(self, tokens: Tokens, url: str) -> None:
        self._tokens, self._url = tokens, url

    def unauthorized(self, request: Request, token: str) -> Answer:
        """What is answered without a token that is good here."""
        held, plane = self._tokens.find(token), plane_of(request.path)
        if plane == "arm":
            return self._arm(held)
        if plane == "vaults":
            return self._vault(held)
        if plane == "blob":
            refused = errors.storage(401, "NoAuthenticationInformation", "Server failed to authenticate the request.")
            challenge = f"Bearer authorization_uri={self._url}/{TENANT}/oauth2/authorize resource_id={STORAGE}"
            headers = {**refused.answer.headers, "WWW-Authenticate": challenge}
            return Answer(401, refused.answer.body, headers)
        if plane in ("servicebus", "eventhubs"):
            return errors.messaging(401, "40103: Invalid authorization token signature").answer
        if plane == "cosmos":
            return errors.cosmos(401, "Unauthorized", "The input authorization token can't serve the request.").answer
        if plane == "registry":
            return self._registry(request)
        return errors.graph(401, "InvalidAuthenticationToken", "Access token is empty or not valid.")

    def busy(self, request: Request, status: int) -> Answer:
        """Their 429 and 5xx."""
        plane, phrase = plane_of(request.path), HTTPStatus(status).phrase
        if plane == "arm" and status == HTTPStatus.TOO_MANY_REQUESTS:
            text = (
                f"Number of requests for subscription '{subscription_of(request.path)}' and operation "
                f"'{request.method}' exceeded the backend storage limit. Please try again later."
            )
            return errors.arm(429, "SubscriptionRequestsThrottled", text).answer
        if plane == "blob":
            return errors.storage(status, "ServerBusy", phrase).answer
        if plane in ("servicebus", "eventhubs"):
            return errors.messaging(status, phrase).answer
        code = {429: "TooManyRequests"}.get(status, "ServiceUnavailable")
        return errors.graph(status, code, phrase)

    @staticmethod
    def denied(client: str, object_id: str, operation: str, scope: str) -> Refusal:
        """Azure Resource Manager's 403."""
        text = (
            f"The client '{client}' with object id '{object_id}' does not have authorization to perform action "
            f"'{operation}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
            "refresh your credentials."
        )
        return errors.arm(403, "AuthorizationFailed", text)

    @staticmethod
    def denied_by_roles(held: Held, operation: str, scope: str, vault: str) -> Answer:
        """Key Vault's 403 where roles decide."""
        text = (
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
            "definitions were changed recently, please observe propagation time.\r\n"
            f"Caller: appid={held.client_id};oid={held.object_id};iss=https://sts.windows.net/{TENANT}/\r\n"
            f"Action: '{operation}'\r\nResource: '{scope.lower()}'\r\nAssignment: (not found)\r\n"
            f"DenyAssignmentId: null\r\nDecisionReason: null \r\nVault: {vault};location=westeurope\r\n"
        )
        return errors.vault(403, "Forbidden", text, "ForbiddenByRbac")

    def _arm(self, held: Held | None) -> Answer:
        if held is None:
            code, text = "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
        elif not self._tokens.is_good(held):
            code = "ExpiredAuthenticationToken"
            text = f"The access token expiry UTC time '{held.ends}' is earlier than current UTC time."
        else:
            code = "InvalidAuthenticationTokenAudience"
            text = (
                f"The access token has been obtained for wrong audience or resource '{held.audience}'. It should "
                f"exactly match with one of the allowed audiences 'https://management.core.windows.net/', '{ARM}'."
            )
        challenge = (
            f'Bearer authorization_uri="{self._url}/{TENANT}", error="invalid_token", error_description="{code}"'
        )
        return Answer(401, errors.arm(401, code, text).answer.body, {"WWW-Authenticate": challenge})

    def _vault(self, held: Held | None) -> Answer:
        text = "AKV10000: Request is missing a Bearer or PoP token."
        if held is not None:
            wrong = f"AKV10022: Invalid audience. Expected {VAULT}, found: {held.audience}."
            text = wrong if self._tokens.is_good(held) else "AKV10046: Unable to validate the token: it has expired."
        challenge = f'Bearer authorization="{self._url}/{TENANT}", resource="{VAULT}"'
        return Answer(401, errors.vault(401, "Unauthorized", text).body, {"WWW-Authenticate": challenge})

    def _registry(self, request: Request) -> Answer:
        name = request.path.split("/")[2]
        refused = errors.registry(
            401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization"
        )
        base = f"{self._url}/registry/{name}"
        challenge = f'Bearer realm="{base}/oauth2/token",service="{REGISTRY.removeprefix("https://")}"'
        return Answer(401, refused.answer.body, {"WWW-Authenticate": challenge})
