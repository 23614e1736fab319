"""A double of Azure: one server, over TLS, that stands in for Entra, Microsoft Graph and every Key Vault.

`AzureConnection(endpoint=double.url, authority=double.url)` leads there: Graph is below `/v1.0`, a vault below
`/vaults/<name>`. azure-identity and azure-core refuse plain HTTP, so the test names the double's authority in
REQUESTS_CA_BUNDLE (`tools.doubles.tls`).
"""

from __future__ import annotations

from http import HTTPStatus

from tools.doubles.azure import errors
from tools.doubles.azure.applications import Applications
from tools.doubles.azure.entra import GRAPH, VAULT, Entra
from tools.doubles.azure.vaults import Vaults
from tools.doubles.messages import Answer, Request
from tools.doubles.server import HttpDouble
from tools.doubles.tls import server_context

_VAULTS = "/vaults/"


class AzureDouble(HttpDouble):
    """Azure with one tenant; vaults come to be when they are named.

    Attributes:
        applications: Microsoft Graph's applications.
        entra: the tenant and its token endpoint.
        vaults: the secrets of every vault.
    """

    def __init__(self) -> None:
        super().__init__(tls=server_context())
        self.applications = Applications(self.now)
        self.entra = Entra(self.applications, self.url, self.now)
        self.vaults = Vaults(self.url, self.now)
        for service in (self.applications, self.entra, self.vaults):
            self.mount(service)

    def ambient(self, name: str = "operator") -> dict[str, str]:
        """Make an application with a secret: the environment variables by which azure-identity finds it."""
        application = self.applications.make(name)
        secret = self.applications.add(application, "by hand")["secretText"]
        names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
        return dict(zip(names, (self.entra.tenant, application["appId"], secret), strict=True))

    def principal_of(self, request: Request) -> str:
        """The client id of whom a token was issued to, for the audience that is asked."""
        audience = VAULT if request.path.startswith(_VAULTS) else GRAPH
        return self.entra.holder_of(self.token_of(request), audience)

    def unauthorized(self, request: Request) -> Answer:
        """Key Vault's challenge; Graph's 401."""
        if not request.path.startswith(_VAULTS):
            return errors.graph(401, "InvalidAuthenticationToken", "Access token is empty or not valid.")
        answer = errors.vault(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
        challenge = f'Bearer authorization="{self.url}/{self.entra.tenant}", resource="{VAULT}"'
        return Answer(answer.status, answer.body, {"WWW-Authenticate": challenge})

    def forbidden(self, request: Request, permission: str) -> Answer:
        """Key Vault names the permission; Graph does not."""
        if not request.path.startswith(_VAULTS):
            text = "Insufficient privileges to complete the operation."
            return errors.graph(403, "Authorization_RequestDenied", text)
        text = f"The application 'appid={request.principal}' does not have secrets {permission} permission on key vault"
        return errors.vault(403, "Forbidden", f"{text} '{request.path.split('/')[2]}'.", "AccessDenied")

    def absent(self, request: Request) -> Answer:
        """What is no call of theirs."""
        return errors.graph(404, "NotFound", f"no call {request.method} {request.path}")

    def busy(self, request: Request, status: int) -> Answer:
        """Their 429 and 5xx."""
        code = {429: "TooManyRequests"}.get(status, "ServiceUnavailable")
        return errors.graph(status, code, HTTPStatus(status).phrase)
