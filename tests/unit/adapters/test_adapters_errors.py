"""SDK errors become ours: what was found, what to do, and never a credential."""

from __future__ import annotations

import pytest
import requests
from botocore import exceptions as boto
from hvac import exceptions as hvac

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.lifecycle.adapters.aws import errors as aws
from nhi_components.lifecycle.adapters.vault import errors as vault

TOKEN = "FwoGZXIvYXdzEXAMPLETOKEN"


def client_error(code: str, message: str = "", status: int = 400) -> boto.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(answer, "GetRole")  # type: ignore[arg-type] # only what is read is given


@pytest.mark.parametrize("code", sorted(aws.CREDENTIALS_REFUSED))
def test_refused_credentials_never_quote_the_signed_request(code: str) -> None:
    quoted = f"The Canonical String should have been x-amz-security-token:{TOKEN}"
    with pytest.raises(SystemUnreachable) as caught, aws.translated("prod"):
        raise client_error(code, quoted)
    assert TOKEN not in str(caught.value)
    assert caught.value.problem.path == "aws.prod"
    assert caught.value.problem.got == f"{code} from GetRole"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "got", "fix"),
    [
        (client_error("AccessDenied", "User: x may not"), "AccessDenied: User: x may not", "to call GetRole"),
        (client_error("Throttling"), "Throttling from GetRole", "later"),
        (client_error("InternalFailure", status=500), "InternalFailure from GetRole", "later"),
        (
            boto.EndpointConnectionError(endpoint_url="http://h:1/?X-Amz-Security-Token=" + TOKEN),
            "http://h:1 ",
            "endpoint",
        ),
        (boto.ConnectTimeoutError(endpoint_url="http://h:1/"), "http://h:1 ", "endpoint"),
        (boto.ReadTimeoutError(endpoint_url="http://h:1/"), "http://h:1 ", "endpoint"),
        (boto.SSLError(endpoint_url="http://h:1/", error="x"), "http://h:1 ", "endpoint"),
        (boto.ProfileNotFound(profile="p"), "(p)", "profile"),
        (boto.NoCredentialsError(), "no usable credentials", "log in"),
        (boto.CredentialRetrievalError(provider="p", error_msg=TOKEN), "no usable credentials", "log in"),
        (boto.NoRegionError(), "no region", "AWS_REGION"),
        (boto.UnknownServiceError(service_name="x", known_service_names=""), "UnknownServiceError", "settings"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_aws_that_cannot_be_used(error: Exception, got: str, fix: str) -> None:
    with pytest.raises(SystemUnreachable) as caught, aws.translated("prod"):
        raise error
    assert got in caught.value.problem.got
    assert fix in caught.value.problem.fix
    assert TOKEN not in str(caught.value)


def test_another_refusal_of_aws_names_the_call() -> None:
    with pytest.raises(NhiError, match="GetRole was refused: DeleteConflict: in use") as caught, aws.translated("prod"):
        raise client_error("DeleteConflict", "in use")
    assert not isinstance(caught.value, SystemUnreachable)


def test_absence_is_fine_and_nothing_else_is() -> None:
    with aws.absent_is_fine():
        raise client_error("NoSuchEntity")
    with pytest.raises(boto.ClientError), aws.absent_is_fine():
        raise client_error("AccessDenied")


@pytest.mark.parametrize(
    ("error", "expected", "fix"),
    [
        (hvac.Forbidden("denied"), vault.Denied, "log in afresh"),
        (hvac.VaultDown("sealed"), SystemUnreachable, "unseal it"),
        (hvac.InternalServerError("x"), SystemUnreachable, "log"),
        (hvac.BadGateway("x"), SystemUnreachable, "log"),
        (hvac.RateLimitExceeded("x"), vault.Busy, "later"),
        (requests.exceptions.SSLError(TOKEN), SystemUnreachable, "ca_certificate"),
        (requests.exceptions.ConnectTimeout(TOKEN), SystemUnreachable, "VAULT_ADDR"),
        (requests.exceptions.ConnectionError(TOKEN), SystemUnreachable, "VAULT_ADDR"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_vault_that_cannot_be_used(error: Exception, expected: type[SystemUnreachable], fix: str) -> None:
    with pytest.raises(expected) as caught, vault.translated("prod", "https://v GET sys/health"):
        raise error
    assert caught.value.problem.path == "vault.prod"
    assert "https://v GET sys/health" in caught.value.problem.got
    assert fix in caught.value.problem.fix
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (hvac.InvalidRequest("x", errors=["no such\n\trole"]), "was refused: no such role"),
        (hvac.UnexpectedError("x"), "failed"),
    ],
)
def test_another_refusal_of_vault_tells_the_reason_on_one_line(error: Exception, expected: str) -> None:
    with pytest.raises(NhiError, match=expected) as caught, vault.translated("prod", "https://v POST auth/x"):
        raise error
    assert not isinstance(caught.value, SystemUnreachable)
    assert "\n" not in str(caught.value)
