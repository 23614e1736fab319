"""Changing a resource's policy although others may change it too: the services offer no ETag to hold on to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError
from tenacity import RetryError, Retrying, retry_if_exception, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.aws.delegations.documents import Document, read_document, statements_of, written
from nhi_components.lifecycle.adapters.aws.delegations.holders import PolicyHolder
from nhi_components.lifecycle.adapters.aws.delegations.principals import aws_principals, is_unique_id
from nhi_components.lifecycle.adapters.aws.errors import code_of

SETTLING_SECONDS = 75
"""How long a policy may take to read back as it was written (SQS API, SetQueueAttributes: up to 60 seconds)."""

_REFUSED_DOCUMENT = frozenset(
    {
        "InvalidAttributeValue",
        "InvalidParameter",
        "InvalidParameterValue",
        "MalformedPolicy",
        "MalformedPolicyDocument",
        "MalformedPolicyDocumentException",
    }
)

Edit = Callable[[Document | None], Document | None]
"""Returns the policy as it shall be: the same object when it is so already, None when no statement is left."""


def read(holder: PolicyHolder) -> Document | None:
    """Read a policy; None when there is none."""
    text = holder.read()
    return read_document(text, holder.arn) if text else None


def check_size(holder: PolicyHolder, document: Document) -> None:
    """Refuse a policy that its service would not take.

    Raises:
        SpecError: naming what is too large, and the limit's source.
    """
    limits, size, count = holder.limits, len(written(document).encode()), len(statements_of(document))
    fix = "remove statements that nobody needs, or grant on the identity's side instead"
    problems = []
    if size > limits.bytes:
        expected = f"at most {limits.bytes:,} ({limits.source})"
        problems.append(Problem("policy", f"{size:,} bytes with the delegation", expected, fix))
    if limits.statements and count > limits.statements:
        expected = f"at most {limits.statements} ({limits.source})"
        problems.append(Problem("policy", f"{count} statements with the delegation", expected, fix))
    if problems:
        raise SpecError(f"delegation on {holder.arn}", problems)


def settle(holder: PolicyHolder, edit: Edit) -> None:
    """Write a policy until it reads back as it shall be.

    Whoever writes between our reading and our writing is read back with our change missing, which is then made on top
    of theirs. What reads back as it was before is an old answer, and is waited out.

    Raises:
        NhiError: when it never does, or when its service does not take it.
    """
    waiting = Retrying(
        retry=retry_if_result(lambda done: not done),
        stop=stop_after_delay(SETTLING_SECONDS),
        wait=wait_exponential(multiplier=0.2, max=5),
    )
    try:
        waiting(_Settling(holder, edit).advance)
    except RetryError:
        raise NhiError(
            f"policy of {holder.arn}: got another one back than was written, for {SETTLING_SECONDS} s, expected the "
            "same; fix: see who else writes it, then run the same command again"
        ) from None


class _Settling:
    """One change of one policy, under way."""

    def __init__(self, holder: PolicyHolder, edit: Edit) -> None:
        self._holder, self._edit = holder, edit
        self._replaced: list[Document | None] = []

    def advance(self) -> bool:
        """Write the policy if it is not as it shall be, and tell whether it is."""
        if self._settled():
            return True
        return bool(self._replaced) and self._settled()

    def _settled(self) -> bool:
        document = read(self._holder)
        wanted = self._edit(document)
        if wanted is document:
            return True
        if self._replaced[-1:] == [document]:
            return False
        if wanted is None:
            self._holder.clear()
        else:
            _write(self._holder, wanted)
        self._replaced.append(document)
        return False


def _write(holder: PolicyHolder, document: Document) -> None:
    """Write a policy; a principal just made may be unknown to the service for a while."""
    gone = [e for statement in statements_of(document) for e in aws_principals(statement) if is_unique_id(e)]
    if gone:
        _write_with_orphans(holder, document, gone)
        return
    waiting = Retrying(
        retry=retry_if_exception(_is_refused),
        stop=stop_after_delay(APPEARANCE_SECONDS[System.AWS]),
        wait=wait_exponential(multiplier=0.5, max=2),
        reraise=True,
    )
    waiting(holder.write, written(document))


def _write_with_orphans(holder: PolicyHolder, document: Document, gone: Sequence[str]) -> None:
    try:
        holder.write(written(document))
    except ClientError as error:
        if not _is_refused(error):
            raise
        raise NhiError(
            f"policy of {holder.arn}: got {', '.join(gone)}, which are principals of somebody else's that no longer "
            "exist, expected none: AWS takes no policy that names one; fix: remove them by hand, then run the same "
            "command again"
        ) from None


def _is_refused(error: BaseException) -> bool:
    return isinstance(error, ClientError) and code_of(error) in _REFUSED_DOCUMENT
