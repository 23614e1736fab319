"""What every identity on Kubernetes is made from; all problems of its arguments are reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from nhi_components.core.kubernetes_account import AccountNamespace
from nhi_components.core.kubernetes_federation import Federations
from nhi_components.core.model import wrong
from nhi_components.core.spec import BundleSpec

SHORTEST_TOKEN_SECONDS: Final = 600
"""Kubernetes API reference, `ServiceAccountTokenProjection`: expirationSeconds, at least 10 minutes."""

LONGEST_TOKEN_SECONDS: Final = 3_600
"""Our own bound: a token of an account that is gone may be accepted elsewhere until it ends."""

MOST_AUDIENCES: Final = 8


def _audience(value: str) -> str:
    if not value or "*" in value or any(character.isspace() for character in value):
        raise wrong(got=value, expected="the exact audience that the tokens are issued for", fix="name it, without `*`")
    return value


def token_file(audience: str) -> str:
    """Name the file of the tokens for an audience."""
    return "token-" + re.sub(r"[^a-z0-9.]+", "-", audience.lower()).strip("-.")


def _distinct(audiences: Sequence[str]) -> tuple[str, ...]:
    files = [token_file(audience) for audience in audiences]
    same = [audience for audience, file in zip(audiences, files, strict=True) if files.count(file) > 1]
    if same:
        expected = "audiences whose tokens lie in files of different names"
        raise wrong(got=", ".join(same), expected=expected, fix="name each once; or make two identities")
    return tuple(audiences)


Audiences = Annotated[
    tuple[Annotated[str, AfterValidator(_audience)], ...],
    Field(max_length=MOST_AUDIENCES),
    AfterValidator(_distinct),
]


class KubernetesBundleSpec(BundleSpec):
    """The part of a Kubernetes identity's specification that is the same for every kind.

    Attributes:
        namespace: where the service account lives; it must exist, and not be one of the cluster's own.
        token_audiences: for whom pods get tokens besides the API server, at most 8.
        token_seconds: how long a token lives: 600 to 3,600.
        federations: what the account may become in clouds.
    """

    subject: ClassVar[str] = "Kubernetes identity"
    grants_on_paths: ClassVar[bool] = False

    namespace: AccountNamespace
    token_audiences: Audiences = ()
    token_seconds: Annotated[int, Field(ge=SHORTEST_TOKEN_SECONDS, le=LONGEST_TOKEN_SECONDS)] = LONGEST_TOKEN_SECONDS
    federations: Federations = ()

    @property
    def sessions(self) -> Mapping[str, int]:
        """Tokens, which are not renewed but made anew."""
        return {"token_seconds": self.token_seconds}


def audiences_of(spec: KubernetesBundleSpec, federated: Iterable[str] = ()) -> tuple[str, ...]:
    """Name for whom tokens are made out besides the API server, those for clouds among them."""
    return tuple(dict.fromkeys([*spec.token_audiences, *federated]))
