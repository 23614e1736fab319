"""CI/CD variables of a project as a place: one for each field that is named.

Each is masked, not expanded (`raw`) and, from GitLab 17.4 on, hidden when it is made, so that nobody reads it back.
Its description bears the lease and the key's id; GitLab takes one since 16.2.

GitLab tells neither a version nor a time of a variable. What is compared is the random id that each write leaves in the
description, and whether the variable still is protected, masked and raw. So one that was made anew by hand, or had its
flags changed, shows; a value that somebody wrote over, leaving all else as it was, does not. No digest of the value is
kept to see that by: it would be one of a secret, in a place that others read.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from nhi_components.core.credential.places import GitLabVariablePlace
from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gitlab.marks import Mark, mark_of, place_id
from nhi_components.lifecycle.adapters.gitlab.session import GitLabSession
from nhi_components.lifecycle.credentials.ports import Held, Material, Overtaken, fields_of

MASKABLE = re.compile(r"\S{8,}")
"""What GitLab can mask of a variable that is not expanded ('CI/CD variables', mask a variable)."""

_FLAGS = ("protected", "masked", "raw")

_Variable = Mapping[str, Any]


class VariablesOfGitLab:
    """The variables of one project and one scope, as `Place`."""

    def __init__(self, session: GitLabSession, spec: GitLabVariablePlace) -> None:
        self._session = session
        self._spec = spec
        self._variables = f"/projects/{quote(spec.project, safe='')}/variables"
        self._filter = {"filter[environment_scope]": spec.environment_scope}
        self._fields = {key: field for field, key in sorted(spec.variables.items())}

    @property
    def spec(self) -> GitLabVariablePlace:
        """What it was opened by."""
        return self._spec

    def find(self) -> Held | None:
        """Tell what the variables' descriptions and flags say; see the port."""
        return _held(self._found())

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Write each variable and read it back; see the port.

        GitLab compares nothing, so `over` is looked at before, and somebody's write in between is written over.
        """
        values = fields_of(material, self._spec.variables, self._path)
        self._refuse_unmaskable(values)
        found = self._found()
        self._refuse_foreign(found, lease.lease)
        held = _held(found)
        if over is not None and over != (held.version if held else ""):
            raise Overtaken(
                f"{self._path}: got variables that were changed since, expected those seen; fix: run it again"
            )
        write, place = secrets.token_hex(6), place_id(self._spec)
        marks = {key: Mark(lease.lease, material.key_id, write, self._fields[key], place) for key in values}
        told = {key: mark.description(self._path) for key, mark in marks.items()}
        for key, value in sorted(values.items()):
            self._put(key, found[key], value, told[key])
        found = self._found()
        self._confirm(found, values, told)
        written = _held(found)
        if written is None:
            raise self._not_kept(values)
        return written

    def prune(self) -> None:
        """Nothing: GitLab keeps no older versions."""

    def remove(self, lease_id: str) -> None:
        """Delete those variables that bear the lease; see the port."""
        found = self._found()
        for key, variable in found.items():
            mark = mark_of(variable) if variable else None
            if mark and mark.lease == lease_id:
                self._session.delete_variable(f"{self._variables}/{key}", self._filter)
        self._refuse_foreign(found, lease_id)

    def _found(self) -> dict[str, _Variable | None]:
        """Read every variable of the place, by key; None for one that is not there."""
        return {key: self._session.variable(f"{self._variables}/{key}", self._filter) for key in sorted(self._fields)}

    def _put(self, key: str, found: _Variable | None, value: str, description: str) -> None:
        body = {
            "value": value,
            "variable_type": "env_var",
            "protected": self._spec.protected,
            "masked": True,
            "raw": True,
            "description": description,
        }
        if found is not None:
            self._session.update(f"{self._variables}/{key}", self._filter, body)
            return
        scope = {"key": key, "environment_scope": self._spec.environment_scope}
        made = self._session.create(self._variables, {**body, **scope, "masked_and_hidden": True})
        if made.get("description") != description:
            # Nothing would tell it from somebody else's, so it must not stay.
            self._session.delete_variable(f"{self._variables}/{key}", self._filter)
            raise NhiError(
                f"{self._path}: got {key} without its description, expected GitLab 16.2 or later, which keeps one; "
                "fix: upgrade it, or choose another place"
            )

    def _confirm(self, found: Mapping[str, _Variable | None], values: dict[str, str], told: dict[str, str]) -> None:
        """Check that each is there as it was written; the value only where GitLab shows it."""
        wrong = [
            key
            for key, variable in found.items()
            if variable is None
            or variable.get("description") != told[key]
            or (not variable.get("hidden") and variable.get("value") != values[key])
        ]
        if wrong:
            raise self._not_kept(wrong)

    def _not_kept(self, keys: Mapping[str, str] | list[str]) -> NhiError:
        return NhiError(
            f"{self._path}: got {', '.join(sorted(keys))} otherwise than written, expected the credential; "
            "fix: see who else writes these variables, and run it again"
        )

    def _refuse_unmaskable(self, values: dict[str, str]) -> None:
        bad = sorted(self._fields[key] for key, value in values.items() if not MASKABLE.fullmatch(value))
        if bad:
            raise NhiError(
                f"{self._path}: got what GitLab can't mask for {', '.join(bad)}, expected one line without spaces, of "
                "at least 8 characters; fix: leave it out of the place's variables, and have the job read it from "
                "another place, such as a Vault entry"
            )

    def _refuse_foreign(self, found: Mapping[str, _Variable | None], lease_id: str) -> None:
        for key, variable in found.items():
            mark = mark_of(variable) if variable else None
            if variable is None or (mark and mark.lease == lease_id) or (mark is None and variable.get("value") == ""):
                continue
            raise NhiError(
                f"{self._path}: got {key}, which bears {mark.lease if mark else 'no lease'}, expected none, or one of "
                f"{lease_id}; fix: delete it if it is no longer needed, or give it another name"
            )

    @property
    def _path(self) -> str:
        return f"gitlab.{self._session.name}: {self._spec.address}"


def _held(found: Mapping[str, _Variable | None]) -> Held | None:
    there = {key: variable for key, variable in found.items() if variable is not None}
    if not there:
        return None
    marks = {key: mark_of(variable) for key, variable in there.items()}
    leases = [mark.lease for mark in marks.values() if mark]
    key_ids = {mark.key_id if mark else None for mark in marks.values()}
    version = ",".join(f"{key}={_version(variable, marks.get(key))}" for key, variable in found.items())
    empty = all(variable.get("value") == "" for variable in there.values())
    whole = len(key_ids) == 1 and len(there) == len(found)
    return Held(leases[0] if leases else None, "" if empty else version, key_ids.pop() if whole else None)


def _version(variable: _Variable | None, mark: Mark | None) -> str:
    if variable is None:
        return "-"
    flags = "+".join(flag for flag in _FLAGS if variable.get(flag))
    return f"{mark.write if mark else '?'}:{flags}"
