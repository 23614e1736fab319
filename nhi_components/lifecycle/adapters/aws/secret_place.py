"""A Secrets Manager secret as a place of credentials, and as a home.

The current version holds a JSON object: a text for each field of the credential, and `key_id`. A write over another
version is refused by AWS itself (see `secret_versions`). Notes and the claim are tags (see `secret_notes`): a tag is
written without comparison, so two runs that claim within the same instant are told apart by reading back, a second
after writing; were one of them held up for longer than that between looking and writing, both would go on, until the
write over the other's version is refused.

Pruning takes the labels off every version but the current. Secrets Manager can't delete a version: one without labels
is deprecated, and whoever may read the secret can still read it by its id, until AWS deletes it; AWS names no time
(Secrets Manager user guide, 'Secret versions'). It holds a key that has been deleted at its source by then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError

from nhi_components.core.credential.places import SecretsManagerPlace
from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, code_of, translated
from nhi_components.lifecycle.adapters.aws.secret_notes import CLAIM, SecretTags, claim_of, notes_of, write_claim
from nhi_components.lifecycle.adapters.aws.secret_versions import KEY_ID, Content, Moved, SecretVersions
from nhi_components.lifecycle.adapters.aws.secrets import Secret, Secrets
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.credentials.ports import Claim, Held, Kept, Material, Overtaken

SETTLE_SECONDS = 1.0
"""Our own figure: ten times what a call of Secrets Manager takes, so that two claims of the same instant meet."""


class SecretPlace:
    """One secret, as `Home`."""

    def __init__(self, session: AwsSession, spec: SecretsManagerPlace) -> None:
        self._session = session
        self._spec = spec

    @property
    def spec(self) -> SecretsManagerPlace:
        """What it was opened by; resolved."""
        return self._spec

    def find(self) -> Held | None:
        """Tell what stands there; somebody else's value is not read, to tell its key. See the port."""
        with translated(self._session.name):
            secret = self._found()
            return self._held(secret) if secret else None

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        """Deliver as a new version, and make it the current one; see the port."""
        if KEY_ID in material.fields:
            fix = "let the source name that field otherwise"
            raise NhiError(str(self._problem(f"a field `{KEY_ID}`", f"none: `{KEY_ID}` names the key", fix)))
        with translated(self._session.name):
            secret = self._made(lease)
            if over is not None and over != secret.current:
                raise self._overtaken(over, secret.current)
            content = self._versions(secret).read() if secret.current else None
            if content is None or (content.key_id, content.fields) != (material.key_id, dict(material.fields)):
                self._replace(secret, material)
            return self._confirmed(lease, material)

    def prune(self) -> None:
        """Take the labels off all versions but the current; see the module. Somebody else's is left alone."""
        with translated(self._session.name):
            secret = self._found()
            if secret and secret.lease and not secret.deleted_on:
                self._versions(secret).unlabel(secret.versions, secret.current)

    def remove(self, lease_id: str) -> None:
        """Delete it with its replicas and without recovery, also while it awaits deletion; see the port."""
        with translated(self._session.name):
            secret = self._found()
            if secret is None:
                return
            if secret.lease != lease_id:
                raise self._foreign(secret, lease_id)
            self._secrets.delete(self._link(secret))

    def kept(self) -> Kept:
        """Tell all that is kept; see the port."""
        with translated(self._session.name):
            secret = self._found()
            if secret is None:
                return Kept(None, None, {})
            content = self._content(secret)
            material = Material(content.key_id, content.fields) if content and content.key_id else None
            return Kept(_held(secret, content), material, notes_of(secret.tags))

    def read(self) -> Material | None:
        """Read the current version; None also where people wrote something that names no key. See the port."""
        return self.kept().material

    def notes(self) -> Mapping[str, str]:
        """Read the notes; see the port."""
        with translated(self._session.name):
            secret = self._found()
            return notes_of(secret.tags) if secret else {}

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        """Replace all notes; an empty one is none. See the port."""
        with translated(self._session.name):
            secret = self._made(lease)
            self._tags(secret).replace_notes(secret.tags, notes)

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        """Write the claim, wait a moment, and read back whose it is; see the module and the port."""
        with translated(self._session.name):
            secret = self._made(lease)
            standing = claim_of(secret.tags)
            lapsed = standing is None or standing.until <= now
            if standing and standing.run != wanted.run and not lapsed:
                return standing
            self._tags(secret).set({CLAIM: write_claim(wanted)})
            # Others may be claiming what has lapsed, also what was our own.
            if lapsed:
                time.sleep(SETTLE_SECONDS)
            found = self._found()
            holder = claim_of(found.tags) if found else None
            if holder is None:
                fix = "run the same command again, and let nobody change its tags"
                raise NhiError(str(self._problem("no claim, once it was written", "the claim of one run", fix)))
            return wanted if holder.run == wanted.run else holder

    def release(self, run: str) -> None:
        """Remove the claim of that run; see the port."""
        with translated(self._session.name):
            secret = self._found()
            standing = claim_of(secret.tags) if secret else None
            if secret and standing and standing.run == run:
                self._tags(secret).remove(CLAIM)

    def time(self) -> datetime:
        """Tell the time of Secrets Manager's answer: whole seconds, from its HTTP header `Date` (RFC 9110)."""
        with translated(self._session.name):
            try:
                answer: Any = self._session.secrets.describe_secret(SecretId=self._spec.address)
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    raise
                answer = error.response
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    @property
    def _secrets(self) -> Secrets:
        return Secrets(self._session.secrets)

    def _versions(self, secret: Secret) -> SecretVersions:
        return SecretVersions(self._session.secrets, secret.arn)

    def _tags(self, secret: Secret) -> SecretTags:
        return SecretTags(self._session.secrets, secret.arn)

    def _found(self) -> Secret | None:
        return self._secrets.find(self._spec.address)

    def _held(self, secret: Secret) -> Held:
        return _held(secret, self._content(secret))

    def _content(self, secret: Secret) -> Content | None:
        """Read the current version; somebody else's value is not read."""
        readable = secret.lease and secret.current and not secret.deleted_on
        return self._versions(secret).read() if readable else None

    def _made(self, lease: LeaseTags) -> Secret:
        """Find the secret, as ours; make it, bring it back from a scheduled deletion and mark it, if need be."""
        secret = self._found()
        if secret is None:
            self._secrets.create(self._spec.address, lease)
            # Somebody else may have been first, so it is judged all the same.
            secret = appeared(self._secrets.find, self._spec.link())
        taken = secret.lease is None and not secret.versions
        if secret.lease != lease.lease and not taken:
            raise self._foreign(secret, lease.lease)
        if secret.deleted_on:
            self._session.secrets.restore_secret(SecretId=secret.arn)
        wanted = {key: value for key, value in lease.to_tags().items() if secret.tags.get(key) != value}
        self._tags(secret).set(wanted)
        return secret

    def _replace(self, secret: Secret, material: Material) -> None:
        try:
            self._versions(secret).replace(secret, material.key_id, dict(material.fields))
        except Moved:
            found = self._found()
            raise self._overtaken(secret.current, found.current if found else "") from None

    def _confirmed(self, lease: LeaseTags, material: Material) -> Held:
        secret = self._found()
        held = self._held(secret) if secret else None
        if held is None or (held.lease, held.key_id) != (lease.lease, material.key_id):
            got = f"key {held.key_id} of lease {held.lease}" if held else "nothing"
            fix = "find out who else writes there, and run the same command again"
            raise NhiError(str(self._problem(got, f"key {material.key_id} of {lease.lease}, just written", fix)))
        return held

    def _link(self, secret: Secret) -> Link:
        link = self._spec.link()
        return Link(link.system, link.kind, link.name, self._session.name, secret.arn, link.attributes)

    def _foreign(self, secret: Secret, lease_id: str) -> NhiError:
        fix = "give the place another name, or remove that secret if nobody needs it"
        got = f"a secret that bears {secret.lease or 'no lease'}"
        return NhiError(str(self._problem(got, f"none, or one that bears {lease_id}", fix)))

    def _overtaken(self, over: str, found: str) -> Overtaken:
        fix = "find out who else writes there, and run the same command again"
        return Overtaken(str(self._problem(f"version {found or 'none'}", f"version {over or 'none'}", fix)))

    def _problem(self, got: str, expected: str, fix: str) -> Problem:
        return Problem(f"aws.{self._session.name} secret {self._spec.address}", got, expected, fix)


def _held(secret: Secret, content: Content | None) -> Held:
    older = len(secret.versions) - bool(secret.current)
    version = content.version if content else secret.current
    return Held(secret.lease, version, content.key_id if content else None, older)
