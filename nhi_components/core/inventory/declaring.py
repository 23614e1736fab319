"""Whether what a program declares is an identity that a scan has found."""

from __future__ import annotations

from collections.abc import Iterator

from nhi_components.core.inventory.records import Declaration, FoundIdentity
from nhi_components.core.links import System


def declares(declaration: Declaration, found: FoundIdentity) -> bool:
    """Tell whether a declaration is of an identity: of its key, and not of one that had the key before.

    Several places can end a key alike, such as two clusters; then the unique id tells them apart, where it is known.

    Args:
        declaration: as a stack or state tells it.
        found: as its system tells it.
    """
    if declaration.system is not found.system:
        return False
    key, declared = found.key, declaration.identity
    if found.system is System.AZURE:
        # Azure's services write the same resource id in letter cases of their own.
        key, declared = key.casefold(), declared.casefold()
    ends = key == declared or key.endswith((f"/{declared}", f": {declared}"))
    return ends and declaration.unique_id in ("", found.unique_id)


def declarable(system: System, key: str) -> Iterator[str]:
    """Yield whatever a declaration may call an identity, for looking it up: `same_key` of its key and of its ends.

    Args:
        system: where it lives.
        key: of the identity.
    """
    whole = same_key(system, key)
    yield whole
    for at, letter in enumerate(whole):
        if letter == "/":
            yield whole[at + 1 :]
        elif whole.startswith(": ", at):
            yield whole[at + 2 :]


def same_key(system: System, key: str) -> str:
    """Write a key as it compares: Azure's services write the same resource id in letter cases of their own."""
    return key.casefold() if system is System.AZURE else key
