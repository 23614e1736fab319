"""The tags that every linked resource bears: the connected systems themselves are the ledger of a lease.

One module writes and reads them. The values are plain text of at most 256 characters from the alphabet that AWS
documents for tags (letters, digits, spaces and `_ . : / = + - @`). Vault's metadata takes the same values, but an
entity's keys may hold no colon (measured on OpenBao 2.7.2: 'key contains invalid characters'), so there it is `_`.
Source: IAM user guide, 'Rules for tagging in IAM and AWS STS' (256 characters a value).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

LEASE = "nhi:lease"
IDENTITY = "nhi:identity"
ENVIRONMENT = "nhi:environment"
OWNER = "nhi:owner"
PURPOSE = "nhi:purpose"
ENDS = "nhi:ends"
MANAGED_BY = "nhi:managed-by"
STACK = "nhi:stack"
WHY_NOT_FEDERATED = "nhi:why-not-federated"

MANAGER = "nhi_components"
MAXIMUM_VALUE_LENGTH = 256
_POLICY_MARK = re.compile(rf"#\s*{LEASE}=(\S+)\s*")
_STATEMENT_MARK = re.compile(rf"--\s*{LEASE}=(\S+)\s*")
_ORGANIZATION_MARK = re.compile(rf"{LEASE}=(\S+)")
_DESCRIPTION_MARK = re.compile(rf"(?:^|\s){LEASE}=(\S+)")
_FORBIDDEN = re.compile(r"[^\w .:/=+@-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class LeaseTags:
    """What the tags of one lease say.

    Attributes:
        lease: the lease id.
        identity: the identity's name.
        environment: the identity's environment.
        owner: the owner's contact.
        purpose: what the identity is for.
        ends: the UTC day at whose start access ends.
        stack: organisation-independent name of the Pulumi stack, `project/stack`.
    """

    lease: str
    identity: str
    environment: str
    owner: str
    purpose: str
    ends: date
    stack: str

    def to_tags(self) -> dict[str, str]:
        """Write them as tags; characters that a tag may not hold become `_`, long values are cut."""
        values = {
            LEASE: self.lease,
            IDENTITY: self.identity,
            ENVIRONMENT: self.environment,
            OWNER: self.owner,
            PURPOSE: self.purpose,
            ENDS: self.ends.isoformat(),
            MANAGED_BY: MANAGER,
            STACK: self.stack,
        }
        return {key: tag_value(value) for key, value in values.items()}

    def to_metadata(self) -> dict[str, str]:
        """Write them as Vault metadata, of entities and of KV v2 entries alike: `nhi_lease` for `nhi:lease`."""
        return {_metadata_key(key): value for key, value in self.to_tags().items()}

    def to_labels(self) -> dict[str, str]:
        """Write what a label of Google Cloud can hold, which takes a-z, 0-9, `_` and `-` only."""
        metadata = self.to_metadata()
        return {_metadata_key(key): metadata[_metadata_key(key)] for key in (LEASE, MANAGED_BY)}


def tag_value(text: str) -> str:
    """Write a text as a tag's value: characters that a tag may not hold become `_`, what is too long is cut."""
    return _FORBIDDEN.sub("_", text)[:MAXIMUM_VALUE_LENGTH]


def lease_of(tags: Mapping[str, str]) -> str | None:
    """Tell which lease the bearer of these tags belongs to; None when to none of ours."""
    return tags.get(LEASE) if tags.get(MANAGED_BY) == MANAGER else None


def lease_of_metadata(metadata: Mapping[str, str]) -> str | None:
    """Tell which lease the bearer of this Vault metadata belongs to; None when to none of ours."""
    return metadata.get(_metadata_key(LEASE)) if metadata.get(_metadata_key(MANAGED_BY)) == MANAGER else None


def policy_mark(lease_id: str) -> str:
    """Write the first line of a lease's Vault policy, which takes no metadata: a comment that bears the lease id."""
    return f"# {LEASE}={lease_id}"


def lease_of_policy(text: str) -> str | None:
    """Tell which lease the first line of a Vault policy names; None when none."""
    match = _POLICY_MARK.fullmatch(text.split("\n", 1)[0])
    return match[1] if match else None


def statement_mark(lease_id: str) -> str:
    """Write the first line of a database role's first statement: a role takes no metadata, SQL takes a comment."""
    return f"-- {LEASE}={lease_id}"


def lease_of_statement(text: str) -> str | None:
    """Tell which lease the first line of an SQL statement names; None when none."""
    match = _STATEMENT_MARK.fullmatch(text.split("\n", 1)[0])
    return match[1] if match else None


def organization_mark(lease_id: str) -> str:
    """Write the organization of a PKI role, which puts it into the subject of each certificate it issues.

    At most 64 characters (RFC 5280, appendix A.1: ub-organization-name).
    """
    return f"{LEASE}={lease_id}"


def lease_of_organizations(organizations: Iterable[str]) -> str | None:
    """Tell which lease the organizations of a PKI role, or of a certificate's subject, name; None when none."""
    return next((match[1] for name in organizations if (match := _ORGANIZATION_MARK.fullmatch(name))), None)


def description_mark(lease_id: str) -> str:
    """Write what the description of a thing bears that takes neither tags nor labels, such as a GCP service account."""
    return f"{LEASE}={lease_id}"


def marked_description(text: str, lease_id: str, longest: int) -> str:
    """Write the description of what takes neither tags nor labels: a text, cut to fit, and the lease.

    Args:
        text: what it is for.
        lease_id: whose it is.
        longest: bytes of the whole.
    """
    mark = description_mark(lease_id)
    # A text that names another lease would make it doubtful whose the thing is.
    return f"{cut(text.replace(f'{LEASE}=', f'{LEASE} '), longest - len(mark) - 1)} {mark}"


def cut(text: str, longest: int) -> str:
    """Give as much of a text as fits into that many bytes."""
    return text.encode()[:longest].decode(errors="ignore").rstrip()


def lease_of_description(text: str) -> str | None:
    """Tell which lease a description names, wherever in it; None when none, or more than one."""
    named = set(_DESCRIPTION_MARK.findall(text))
    return named.pop() if len(named) == 1 else None


def _metadata_key(key: str) -> str:
    return key.replace(":", "_")
