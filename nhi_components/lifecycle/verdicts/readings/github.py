"""GitHub: what Apps, tokens and deploy keys may do to repositories, whose workflows show tokens to clouds.

Sources: GitHub documentation, 'Permissions required for GitHub Apps' (a change below `.github/workflows` takes
`workflows`, which a deploy key does not need), 'Managing deploy keys'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts.readings.federation import Federation
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows

_CONTENTS: Final = "contents:write"
_WORKFLOWS: Final = "workflows:write"
_OF_ALL: Final = ("all repositories of ", "selected repositories of ")
_DEPLOY_KEY: Final = "deploy key"
_PUSH: Final = "push code to"
_POWERS: Final = {
    "organization_administration:write": (Degree.ADMINISTRATOR, "is administrator of an organisation"),
    "members:write": (Degree.SELF_ESCALATING, "may make owners of an organisation"),
    "administration:write": (Degree.WILDCARD, "may change every setting of repositories"),
}


def read(found: Found, rows: Rows, federation: Federation) -> None:
    """Tell what Apps, tokens and deploy keys may do, and whose workflows they can change.

    Args:
        found: the estate.
        rows: takes what is told.
        federation: not asked: what workflows become elsewhere, those tell who let them in.
    """
    del federation
    repositories: dict[str, list[str]] = defaultdict(list)
    for known in found.identities(System.GITHUB):
        if known.kind == "repository-workflows":
            repositories[known.name.partition("/")[0].lower()].append(known.key)
            repositories[known.key].append(known.key)
    pushing: dict[tuple[str, str], set[str]] = defaultdict(set)
    told: set[str] = set()
    for holder, privilege, target, via in found.rows("grants", System.GITHUB, "holder", "privilege", "target", "via"):
        if privilege in _POWERS and (target.startswith(_OF_ALL) or "/orgs/" in target):
            degree, how = _POWERS[privilege]
            rows.power(holder, degree, f"{how} ({privilege} on {target})")
        if privilege in (_CONTENTS, _WORKFLOWS):
            pushing[holder, target].add(_WORKFLOWS if via == _DEPLOY_KEY else privilege)
            pushing[holder, target].add(privilege)
    for (holder, target), privileges in pushing.items():
        if _CONTENTS in privileges:
            certain = _WORKFLOWS in privileges and not target.startswith(_OF_ALL[1])
            door = f"github: {_PUSH} {target}{'' if certain else ', perhaps'}"
            rows.name(holder, door)
            if door not in told:
                told.add(door)
                for repository in _chosen(target, repositories):
                    rows.step(door, repository, _PUSH, certain=certain)


def _chosen(target: str, repositories: dict[str, list[str]]) -> Iterator[str]:
    """Give the workflows of one repository, or of all of an organisation."""
    for beginning in _OF_ALL:
        if target.startswith(beginning):
            yield from repositories.get(target.removeprefix(beginning).lower(), ())
            return
    yield from repositories.get(target, ())
