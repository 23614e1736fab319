"""Keys of a service account, as Google gives them: a JSON key file, ten at a time.

A service account takes no labels, so it is ours when its description bears the lease (`core.tags.description_mark`).
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from google.auth.exceptions import RefreshError
from google.oauth2.service_account import Credentials

from nhi_components.core.credential.sources import GcpServiceAccountKeySource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.core.tags import LeaseTags, description_mark, lease_of_description
from nhi_components.lifecycle.adapters.gcp.errors import (
    FAILED_PRECONDITION,
    NOT_FOUND,
    Refused,
    is_refusal,
    translated,
)
from nhi_components.lifecycle.adapters.gcp.session import IAM, SCOPES, GcpSession, asking
from nhi_components.lifecycle.credentials.ports import Key, LimitReached, Material

KEY_FILE = "key_file"
"""The one field of the material: the key file's text."""

MOST = 10
"""Source: GCP IAM, 'Quotas and limits': service account keys for each service account."""

GONE_SECONDS = 60
"""How long a deleted key may stay listed: IAM is eventually consistent, and documents 'within seconds' typically."""

_NEVER = 9999
"""The year in `validBeforeTime` of a key that does not end."""


class ServiceAccountKeys:
    """The keys of one service account."""

    most: int | None = MOST
    can_disable = True

    def __init__(self, session: GcpSession, spec: GcpServiceAccountKeySource) -> None:
        self.spec = spec
        self._session = session
        self._path = f"/v1/projects/-/serviceAccounts/{quote(spec.address)}"

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the keys that people or we made, oldest first; Google's own are not among them."""
        return self._listed() if self._find(lease) else []

    def create(self, lease: LeaseTags) -> Material:
        """Make a key; Google lets no end be asked for, other than by policy of the organisation."""
        if self._find(lease) is None:
            raise NhiError(
                f"{self._where}: there is no such service account, expected one that bears {lease.lease}; "
                f"fix: create it with {description_mark(lease.lease)} in its description"
            )
        try:
            reply = self._ask("POST", "/keys", "create", {"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE"})
        except (Refused, SystemUnreachable) as refused:
            # Google tells the limit as 400 without a reason, and once did as 429.
            if len(self._listed()) < MOST:
                raise _explained(refused, self._where) from None
            raise LimitReached(
                f"{self._where}: {MOST} keys live, expected fewer than {MOST}; "
                "fix: delete those that nobody uses, with `gcloud iam service-accounts keys delete`"
            ) from None
        text = base64.b64decode(reply["privateKeyData"]).decode()
        return Material(_id_of(reply), {KEY_FILE: text})

    def disable(self, key_id: str) -> None:
        """Disable a key; access tokens that it got live on for up to an hour."""
        self._turn(key_id, "disable", disabled=True)

    def enable(self, key_id: str) -> None:
        """Enable a key again."""
        self._turn(key_id, "enable", disabled=False)

    def delete(self, key_id: str) -> None:
        """Delete a key; access tokens that it got live on for up to an hour."""
        try:
            self._ask("DELETE", f"/keys/{quote(key_id)}", "delete")
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise
        end = time.monotonic() + GONE_SECONDS
        while any(key.id == key_id for key in self._listed()):
            if time.monotonic() > end:
                raise NhiError(
                    f"{self._where}: key {key_id} is still listed {GONE_SECONDS} s after it was deleted, "
                    "expected it gone; fix: run the same command again"
                )
            time.sleep(0.5)

    def works(self, material: Material) -> bool:
        """Exchange a JWT signed with it for an access token, which goes nowhere."""
        told = _read(material.fields.get(KEY_FILE, ""))
        if told.get("client_email") != self.spec.address or told.get("private_key_id") != material.key_id:
            return False
        told["token_uri"] = self._trusted(told.get("token_uri"))
        with translated(self._session.name, f"POST {told['token_uri']}"):
            try:
                holder = Credentials.from_service_account_info(told, scopes=SCOPES)  # type: ignore[no-untyped-call] # google-auth has no types
                holder.refresh(asking())
            except RefreshError as error:
                if not is_refusal(error):
                    raise
                return False
            except ValueError:
                # What is no key file, or holds no key.
                return False
        return True

    def last_used(self, key_id: str) -> datetime | NotChecked | None:
        """IAM does not tell when a key was last used."""
        return NotChecked(
            f"{self._where}: IAM does not tell when key {key_id} was last used; Policy Analyzer "
            "(serviceAccountKeyLastAuthentication) does, up to two days late"
        )

    def _find(self, lease: LeaseTags) -> Mapping[str, Any] | None:
        found = self._session.look(IAM, self._path, needs="iam.serviceAccounts.get")
        if found is None:
            return None
        borne = lease_of_description(str(found.body.get("description", "")))
        if borne != lease.lease:
            bears = f"it bears {borne}" if borne else "its description bears no lease"
            raise NhiError(
                f"{self._where}: found somebody else's service account: {bears}; expected one that bears "
                f"{lease.lease}; fix: name the identity's own account, or write {description_mark(lease.lease)} into "
                "its description if it is meant to be the identity's"
            )
        return found.body

    def _listed(self) -> list[Key]:
        query = {"keyTypes": "USER_MANAGED"}
        needs = "iam.serviceAccountKeys.list"
        reply = self._session.look(IAM, f"{self._path}/keys", needs=needs, query=query)
        keys = [_key(each) for each in reply.body.get("keys", [])] if reply else []
        alive = [key for key in keys if reply and (key.ends is None or key.ends > reply.time)]
        return sorted(alive, key=lambda key: (str(key.created_at), key.id))

    def _turn(self, key_id: str, verb: str, *, disabled: bool) -> None:
        path = f"/keys/{quote(key_id)}"
        try:
            self._ask("POST", f"{path}:{verb}", verb, {})
        except Refused as refused:
            if refused.code == NOT_FOUND and disabled:
                return
            found = self._session.look(IAM, f"{self._path}{path}", needs="iam.serviceAccountKeys.get")
            if refused.code != FAILED_PRECONDITION or not found or bool(found.body.get("disabled")) != disabled:
                raise

    def _ask(self, method: str, path: str, verb: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        needs = f"iam.serviceAccountKeys.{verb}"
        return self._session.ask(method, IAM, f"{self._path}{path}", needs=needs, body=body).body

    def _trusted(self, uri: object) -> str:
        """Where a key file asks for tokens, if that is Google or the connection's own endpoint.

        What is signed with the key could be used at Google by whoever gets it, and a key file may have been altered.
        """
        own = self._session.endpoint
        if not uri:
            return self._session.url("oauth2", "/token")
        split = urlsplit(str(uri))
        google = split.scheme == "https" and (split.hostname or "").endswith(".googleapis.com")
        if google or (own and f"{split.scheme}://{split.netloc}" == own):
            return str(uri)
        raise NhiError(
            f"{self._where}: a key file asks for tokens at {split.netloc}, expected a host of googleapis.com or the "
            "connection's endpoint; fix: find out who changed the place that it was read from, and rotate the key"
        )

    @property
    def _where(self) -> str:
        return f"gcp.{self._session.name}: {self.spec.address}"


def count_keys(session: GcpSession, account: str) -> int:
    """Count the keys of an account that people or we made; none where there is no account."""
    path, query = f"/v1/projects/-/serviceAccounts/{quote(account)}/keys", {"keyTypes": "USER_MANAGED"}
    reply = session.look(IAM, path, needs="iam.serviceAccountKeys.list", query=query)
    return len(reply.body.get("keys", [])) if reply else 0


def _read(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _id_of(key: Mapping[str, Any]) -> str:
    return str(key["name"]).rpartition("/")[2]


def _key(told: Mapping[str, Any]) -> Key:
    ends = datetime.fromisoformat(told["validBeforeTime"]) if "validBeforeTime" in told else None
    return Key(
        id=_id_of(told),
        enabled=not told.get("disabled"),
        created_at=datetime.fromisoformat(told["validAfterTime"]),
        ends=None if ends is None or ends.year == _NEVER else ends,
    )


def _explained(refused: NhiError, where: str) -> NhiError:
    """Say what an organisation's policy is behind, which Google tells in a precondition only."""
    if not isinstance(refused, Refused) or refused.code != FAILED_PRECONDITION:
        return refused
    return NhiError(
        f"{where}: no key was made: {refused}; expected an account whose keys may be made; fix: have the "
        "organisation's policy iam.disableServiceAccountKeyCreation except the project, or federate instead of a key"
    )
