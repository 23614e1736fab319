"""`nhi discover`: what tells who answers for identities: states of programs, repositories, a CMDB, directories."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.lifecycle.discovery.ports import Source
    from nhi_components.provider.settings import Settings

_COMMAND = "nhi discover"
_FILE = "file://"

StacksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stacks",
        help="Pulumi stacks: a folder of a backend or of exports, or a backend's URL, which is read by `pulumi`; "
        "repeat it.",
        show_default="none",
    ),
]
TerraformOption = Annotated[
    list[str] | None,
    typer.Option(
        "--terraform",
        help="States of Terraform or OpenTofu: a file, or a pattern such as 'infra/**/*.tfstate'; repeat it.",
        show_default="none",
    ),
]
RepositoriesOption = Annotated[
    Path | None,
    typer.Option(
        "--repositories",
        help="Folder with checkouts of the programs' repositories: tells owners by CODEOWNERS, else by commit.",
        show_default="none",
    ),
]
CmdbOption = Annotated[
    list[str] | None,
    typer.Option(
        "--cmdb", help="Export of a CMDB: CSV, JSON or YAML, as docs/discovery.md says; repeat it.", show_default="none"
    ),
]
PeopleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--people",
        help="Who is still there: a file of CSV, JSON or YAML, scim:CONNECTION or activedirectory:CONNECTION; "
        "repeat it.",
        show_default="none",
    ),
]


def declared_sources(stacks: Sequence[str], states: Sequence[str], repositories: Path | None = None) -> list[Source]:
    """Open what states of programs there are.

    Args:
        stacks: folders and URLs.
        states: files and patterns.
        repositories: folder with checkouts, which tell the owners; None to ask none.

    Raises:
        SpecError: one of them is not there, or is no URL of a backend.
    """
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.lifecycle.declared.checkouts import Checkouts
    from nhi_components.lifecycle.declared.commits import WithOwners
    from nhi_components.lifecycle.declared.states import states_of

    found: list[Source] = [*(_of_stacks(each) for each in stacks), *(states_of(each) for each in states)]
    if repositories is None:
        return found
    if not stacks:
        fix = "give --stacks as well, or leave it out"
        raise SpecError(_COMMAND, [Problem("--repositories", "no stacks", "stacks that tell their repositories", fix)])
    checkouts = Checkouts(repositories)
    return [WithOwners(each, checkouts) for each in found]


def cmdb_sources(files: Sequence[str]) -> list[Source]:
    """Open exports of CMDBs.

    Raises:
        SpecError: one of them is not there, or is no file of rows by its name.
    """
    from nhi_components.lifecycle.cmdb.file import CmdbFile
    from nhi_components.lifecycle.row_files import file_of_rows

    return [CmdbFile(file_of_rows(_COMMAND, "--cmdb", each)) for each in files]


def people_sources(told: Sequence[str], settings: Settings) -> list[Source]:
    """Open directories of people.

    Args:
        told: files, and kinds of systems with the names of connections.
        settings: with the connections.

    Raises:
        SpecError: a file is not there, or is no file of rows by its name; or there is no such connection.
    """
    return [_of_people(each, settings) for each in told]


def _of_people(told: str, settings: Settings) -> Source:
    from nhi_components.core.links import System
    from nhi_components.lifecycle.clock import system_clock

    kind, _, name = told.partition(":")
    if name and kind == System.SCIM:
        from nhi_components.lifecycle.people.scim import ScimPeople

        settings.connection(System.SCIM, name)
        return ScimPeople(name, settings.scim[name])
    if name and kind == System.ACTIVE_DIRECTORY:
        settings.connection(System.ACTIVE_DIRECTORY, name)
        return _of_directory(name, settings)
    from nhi_components.lifecycle.people.file import PeopleFile
    from nhi_components.lifecycle.row_files import file_of_rows

    return PeopleFile(file_of_rows(_COMMAND, "--people", told), system_clock)


def _of_directory(name: str, settings: Settings) -> Source:
    from nhi_components.core.errors import NhiError
    from nhi_components.lifecycle.clock import system_clock

    try:
        from nhi_components.lifecycle.people.directory import DirectoryPeople
    except ModuleNotFoundError as missing:
        raise NhiError(
            f"connection {name!r}: the package {missing.name} is not installed, expected ldap3; "
            "fix: pip install 'nhi-components[active-directory]'"
        ) from None
    return DirectoryPeople(name, settings.activedirectory[name], system_clock)


def _of_stacks(told: str) -> Source:
    if "://" in told and not told.startswith(_FILE):
        from nhi_components.provider.stacks_of_backend import BackendStacks

        return BackendStacks(told)
    from nhi_components.lifecycle.declared.stacks import stacks_of_folder

    return stacks_of_folder(Path(told.removeprefix(_FILE)))
