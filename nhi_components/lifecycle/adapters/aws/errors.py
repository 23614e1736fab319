"""botocore's errors as ours, without a credential in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable

CREDENTIALS_REFUSED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
ACTION_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
ABSENT = frozenset({"NoSuchEntity", "ResourceNotFoundException"})
BUSY = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException"})
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    SSOError,
    TokenRetrievalError,
)
_FIX_CREDENTIALS = "log in, or set the connection's profile, and check with `aws sts get-caller-identity`"


def code_of(error: ClientError) -> str:
    """Tell AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def absent_is_fine() -> Iterator[None]:
    """Let a call on something that is not there count as done."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in ABSENT:
            raise


@contextmanager
def translated(connection: str) -> Iterator[None]:
    """Turn botocore's errors into ours.

    Raises:
        SystemUnreachable: when AWS does not answer, or refuses the credentials or the permission.
        NhiError: when AWS refuses a call for another reason.
    """
    try:
        yield
    except ClientError as error:
        raise _refusal(connection, error) from None
    except BotoCoreError as error:
        raise _unreachable(connection, _no_answer(error)) from None


def _unreachable(connection: str, facts: tuple[str, str, str]) -> SystemUnreachable:
    return SystemUnreachable("aws", Problem(f"aws.{connection}", *facts))


def _refusal(connection: str, error: ClientError) -> NhiError:
    code, operation = code_of(error), error.operation_name
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in CREDENTIALS_REFUSED:
        # AWS's own text may quote the signed request with its session token, so it is left out.
        return _unreachable(connection, (f"{code} from {operation}", "valid credentials", _FIX_CREDENTIALS))
    message = str(error.response.get("Error", {}).get("Message", ""))
    if code in ACTION_DENIED:
        fix = f"allow the connection's principal to call {operation} there"
        return _unreachable(connection, (f"{code}: {message}", f"leave to call {operation}", fix))
    if code in BUSY or status >= 500:
        return _unreachable(connection, (f"{code} from {operation}", "an answer", "try again later"))
    return NhiError(f"aws.{connection}: {operation} was refused: {code}: {message}")


def _no_answer(error: BotoCoreError) -> tuple[str, str, str]:
    name = type(error).__name__
    match error:
        case HTTPClientError() | NoConnectionError():
            place = urlsplit(str(error.kwargs.get("endpoint_url", "")))
            got = f"no answer from {place.scheme}://{place.netloc} ({name})" if place.netloc else f"no answer ({name})"
            return got, "an answer", "check network, proxy and the connection's endpoint or AWS_ENDPOINT_URL"
        case ProfileNotFound():
            return str(error), "a profile of the shared AWS configuration", "correct the connection's profile"
        case NoRegionError():
            return "no region", "a region", "set the connection's region, or AWS_REGION"
        case _ if isinstance(error, _NO_CREDENTIALS):
            return f"no usable credentials ({name})", "credentials from the ambient chain", _FIX_CREDENTIALS
        case _:
            return f"a call that could not be made ({name})", "an answer", "check the connection and the AWS settings"
