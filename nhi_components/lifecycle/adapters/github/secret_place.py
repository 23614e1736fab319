"""Secrets of GitHub Actions as a place: one for each field that is named.

GitHub keeps no marks on them and never shows a value: whose they are is known by the journal of the credential's home
only. What is told is when each was last written, in whole seconds. So a write waits until GitHub's own clock is past
the second of the write before, and a change by hand within the same second as a write is not seen.
"""

from __future__ import annotations

import time
from datetime import datetime
from urllib.parse import quote

from github.PublicKey import encrypt

from nhi_components.core.credential.places import GitHubSecretPlace
from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.github.session import GitHubSession
from nhi_components.lifecycle.credentials.ports import Held, Material, Overtaken, fields_of

LARGEST = 48 * 1024
"""Bytes of a value (GitHub Actions, 'Secrets reference', limits)."""

_PAGE = 100
_PATIENCE_SECONDS = 5


class SecretsOfGitHub:
    """The secrets of one repository or one of its environments, as `Place`."""

    def __init__(self, session: GitHubSession, spec: GitHubSecretPlace) -> None:
        self._session = session
        self._spec = spec
        self._repository = f"/repos/{spec.repository}"
        named = f"environments/{quote(spec.environment, safe='')}" if spec.environment else ""
        self._environment = f"{self._repository}/{named}" if named else None
        self._secrets = f"{self._repository}/{named or 'actions'}/secrets"
        # GitHub keeps names in capitals, whatever they were written in.
        self._names = sorted(name.upper() for name in spec.variables.values())

    @property
    def spec(self) -> GitHubSecretPlace:
        """What it was opened by."""
        return self._spec

    def find(self) -> Held | None:
        """Tell when each secret was last written; see the port."""
        written = self._written()
        return Held(None, self._version(written), None) if written else None

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Encrypt each value for GitHub and write it; see the port.

        GitHub compares nothing, so `over` is looked at before, and somebody's write in between is written over.
        """
        values = fields_of(material, self._spec.variables, self._path)
        self._refuse_large(values)
        before = self._written()
        if over is not None and over != self._version(before):
            raise Overtaken(
                f"{self._path}: got secrets that were written since, expected those seen; fix: run it again"
            )
        key = self._key_after(max(before.values(), default=None))
        for name, value in sorted(values.items()):
            body = {"encrypted_value": encrypt(key["key"], value), "key_id": key["key_id"]}
            if self._session.put(f"{self._secrets}/{name}", body) is None:
                raise self._invisible()
        after = self._written()
        if stale := [name for name in self._names if after.get(name) in (None, before.get(name))]:
            raise NhiError(
                f"{self._path}: got {', '.join(stale)} as before, expected each to have been written just now; "
                "fix: see GitHub's status, and run it again"
            )
        return Held(None, self._version(after), None)

    def prune(self) -> None:
        """Nothing: GitHub keeps no older versions."""

    def remove(self, lease_id: str) -> None:
        """Delete the secrets; GitHub tells not whose they are, so whoever calls must know."""
        for name in self._written():
            self._session.delete(f"{self._secrets}/{name}")
        if left := sorted(self._written()):
            raise NhiError(f"{self._path}: got {', '.join(left)} still there, expected nothing; fix: run it again")

    def _written(self) -> dict[str, datetime]:
        """Tell when each of our secrets was last written, by name; those that are not there are left out."""
        found: dict[str, datetime] = {}
        seen, page = 0, 1
        while True:
            answer = self._session.get(f"{self._secrets}?per_page={_PAGE}&page={page}")
            if answer is None:
                self._refuse_invisible()
                return {}
            secrets = answer.data["secrets"]
            found |= {each["name"].upper(): datetime.fromisoformat(each["updated_at"]) for each in secrets}
            seen, page = seen + len(secrets), page + 1
            if not secrets or seen >= answer.data["total_count"]:
                return {name: found[name] for name in self._names if name in found}

    def _key_after(self, written: datetime | None) -> dict[str, str]:
        """Read the key to encrypt for, once GitHub's clock is past a second in which something was written."""
        for _ in range(_PATIENCE_SECONDS):
            answer = self._session.get(f"{self._secrets}/public-key")
            if answer is None:
                raise self._invisible()
            if written is None or answer.at > written:
                key: dict[str, str] = answer.data
                return key
            time.sleep(1)
        raise NhiError(
            f"{self._path}: got a last write at {written}, which is ahead of GitHub's clock, expected an earlier one; "
            "fix: run it again"
        )

    def _version(self, written: dict[str, datetime]) -> str:
        told = {name: moment.isoformat() for name, moment in written.items()}
        return ",".join(f"{name}={told.get(name, '-')}" for name in self._names) if written else ""

    def _refuse_large(self, values: dict[str, str]) -> None:
        if large := sorted(name for name, value in values.items() if len(value.encode()) > LARGEST):
            raise NhiError(
                f"{self._path}: got more than {LARGEST:,} bytes for {', '.join(large)}, expected no more; "
                "fix: leave it out of the place's variables"
            )

    def _refuse_invisible(self) -> None:
        """Tell an environment that is not there from one whose secrets, or whose repository, the token may not see."""
        if self._environment is None or self._session.get(self._repository) is None:
            raise self._invisible()
        if self._session.get(self._environment) is not None:
            raise self._invisible()

    def _invisible(self) -> NhiError:
        what = self._spec.repository + (f", environment {self._spec.environment}" if self._spec.environment else "")
        return self._session.unreachable(
            f"no {what} that the token may see",
            "it to be there, and the token to reach its secrets",
            "correct the place, make the environment, or give the token the repository",
        )

    @property
    def _path(self) -> str:
        return f"github.{self._session.name}: {self._spec.address}"
