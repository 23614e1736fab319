"""An issuer of OpenID Connect tokens on loopback: discovery document, key set, and tokens that it signs.

In the place of GitHub's, GitLab's or a cluster's issuer, for whoever fetches keys by an issuer's URL.
"""

from __future__ import annotations

from typing import Any

from tools.doubles.gcp.oidc import jwks_of
from tools.doubles.messages import Request
from tools.doubles.routes import route
from tools.doubles.server import HttpDouble
from tools.lab.sandbox.issuer import Issuer

_KEY = "key-1"


class OidcIssuer(HttpDouble):
    """An issuer; its URL is `url`.

    Attributes:
        signer: signs with its key.
    """

    def __init__(self) -> None:
        self.signer = Issuer()
        super().__init__()

    def token(self, subject: str, audience: str, **claims: Any) -> str:
        """Sign a token, good for five minutes."""
        return self.signer.token(iss=self.url, sub=subject, aud=audience, **claims)

    @route("GET", "/.well-known/openid-configuration", public=True)
    def document(self, request: Request) -> Any:
        """The discovery document."""
        return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", "id_token_signing_alg_values_supported": ["RS256"]}

    @route("GET", "/jwks", public=True)
    def keys(self, request: Request) -> Any:
        """The key set."""
        return jwks_of(self.signer.public_key, _KEY)
