"""What links rest on and the lease does not own: it must be there, and admit them, before anything is created."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.glob import glob_matches
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.places import mount_of

DATABASE = "database"
"""The attribute in which a database role's link names the connection that it rests on."""


def require(http: VaultHttp, links: Sequence[Link]) -> None:
    """Refuse database roles without a connection that permits them, and PKI roles without an issuer.

    Raises:
        SpecError: with every problem.
    """
    problems = [problem for link in links for problem in _problems(http, link)]
    if problems:
        raise SpecError(f"vault.{http.connection}", problems)


def _problems(http: VaultHttp, link: Link) -> Iterator[Problem]:
    match link.kind:
        case LinkKind.VAULT_DATABASE_ROLE if DATABASE in link.attributes:
            yield from _of_database_role(http, link)
        case LinkKind.VAULT_PKI_ROLE:
            yield from _of_pki_role(http, link)


def _of_database_role(http: VaultHttp, link: Link) -> Iterator[Problem]:
    path = f"{mount_of(link)}/config/{link.attributes[DATABASE]}"
    connection = http.read(path)
    if connection is None:
        fix = "have it made, or correct `database` or `database_mount`"
        yield Problem(path, "nothing", "a database connection", fix)
        return
    allowed = [str(pattern) for pattern in connection.get("allowed_roles") or ()]
    if not any(glob_matches(pattern, link.name) for pattern in allowed):
        prefix = link.name.rsplit("-", 1)[0]
        fix = f"add `{prefix}-*` to the connection's allowed_roles"
        yield Problem(f"{path}: allowed_roles", ", ".join(allowed) or "none", f"one that permits {link.name}", fix)


def _of_pki_role(http: VaultHttp, link: Link) -> Iterator[Problem]:
    mount = mount_of(link)
    if not http.keys(f"{mount}/issuers"):
        fix = "have a CA made or imported there, or correct `pki_mount`"
        yield Problem(f"{mount}/issuers", "nothing", "a PKI engine with a CA", fix)
