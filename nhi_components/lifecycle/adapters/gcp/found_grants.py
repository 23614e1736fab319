"""Who is bound to which role on what: a project with all that lies in it, and above it folders and organisation.

Cloud Asset Inventory follows minutes later. Sources: Cloud Asset API, REST reference `searchAllIamPolicies` (at most
500 a page; a result names the organisation that its resource lies in), 'Supported asset types'; IAM API, REST reference
`projects.roles.list` and `organizations.roles.list` (with `view=FULL` the permissions are told; at most 1,000 a page).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from nhi_components.lifecycle.adapters.gcp.discovery_policy import GRANTS, ROLES
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks
from nhi_components.lifecycle.adapters.gcp.grants_of_policy import grants_of, grants_on
from nhi_components.lifecycle.adapters.gcp.names import resource_of_asset
from nhi_components.lifecycle.adapters.gcp.session import ASSETS, IAM, Query
from nhi_components.lifecycle.discovery.ports import Page, Section

_AT_ONCE: Final = "500"
_ROLES_AT_ONCE: Final = "300"
_ACCOUNT: Final = "iam.googleapis.com/ServiceAccount"
_ABOVE: Final = ("cloudresourcemanager.googleapis.com/Organization", "cloudresourcemanager.googleapis.com/Folder")
_ORGANIZATIONS: Final = "organizations/"


def grants(looks: Looks, name: str, project: str) -> Section:
    """Make the section of a project's bindings; those on its service accounts are told with the ways into them."""

    def read(cursor: str | None) -> Page:
        return _page(looks, f"projects/{project}", {}, cursor)

    return Section(name, f"bindings on {project} and on what is in it", GRANTS, read)


def grants_above(looks: Looks, name: str, organization: str) -> Section:
    """Make the section of the bindings on an organisation and on its folders, from its number."""

    def read(cursor: str | None) -> Page:
        return _page(looks, f"{_ORGANIZATIONS}{organization}", {"assetTypes": _ABOVE}, cursor)

    return Section(name, f"bindings on organisation {organization} and its folders", GRANTS, read)


def custom_roles(looks: Looks, name: str, parent: str) -> Section:
    """Make the section of what the custom roles of a project or an organisation hold, from its relative name."""

    def read(cursor: str | None) -> Page:
        path, query = f"/v1/{quote(parent)}/roles", {"view": "FULL", "pageSize": _ROLES_AT_ONCE}
        part = looks.part(IAM, path, "roles", needs=ROLES[0], query=query, cursor=cursor)
        return Page([record for each in part.items for record in grants_of(each)], part.next)

    return Section(name, f"custom roles of {parent}", ROLES, read)


def _page(looks: Looks, scope: str, query: Query, cursor: str | None) -> Page:
    path, asked = f"/v1/{quote(scope)}:searchAllIamPolicies", {**query, "pageSize": _AT_ONCE}
    part = looks.part(ASSETS, path, "results", needs=GRANTS[0], query=asked, cursor=cursor)
    found = [
        record
        for each in part.items
        if each.get("assetType") != _ACCOUNT
        for record in grants_on(_resource(each, scope), each["policy"].get("bindings", ()))
    ]
    # A custom role is bound to somebody in several places; that it carries grants is told once a page.
    return Page(list(dict.fromkeys(found)), part.next, _opens(part.items, scope))


def _resource(told: Mapping[str, Any], scope: str) -> str:
    return resource_of_asset(str(told["resource"]), scope.partition("/")[2])


def _opens(results: Any, scope: str) -> list[str]:
    if scope.startswith(_ORGANIZATIONS):
        return []
    above = {str(each["organization"]).removeprefix(_ORGANIZATIONS) for each in results if each.get("organization")}
    return [f"organization/{part}/{number}" for number in sorted(above) for part in ("grants", "roles")]
