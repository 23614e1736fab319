"""What hangs on an IAM user and the sandbox's AWS does not know, against botocore's stub of IAM."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY
from nhi_components.lifecycle.adapters.aws.user_attachments import Attached, UserAttachments

USER = "orders-dev-aaaaaa"
WHO = {"UserName": USER}
AT = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
VIRTUAL, HARDWARE = f"arn:aws:iam::111111111111:mfa/{USER}", "GAHT12345678"
SSH_KEY, CERTIFICATE, CREDENTIAL = "APKAEXAMPLEEXAMPLE01", "CERTIFICATEEXAMPLE0000001", "ACCAEXAMPLEEXAMPLE01"


@pytest.fixture
def client() -> Any:
    return boto3.client("iam", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def iam(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def everything(iam: Stubber) -> None:
    """Answer as for a user on which everything hangs that can."""
    policy = {"PolicyName": "ReadOnlyAccess", "PolicyArn": ARN}
    group = {"Path": "/", "GroupName": "admins", "GroupId": "AGPAEXAMPLEEXAMPLE01", "Arn": "a" * 20, "CreateDate": AT}
    devices = [{"UserName": USER, "SerialNumber": each, "EnableDate": AT} for each in (VIRTUAL, HARDWARE)]
    ssh_key = {"UserName": USER, "SSHPublicKeyId": SSH_KEY, "Status": "Active", "UploadDate": AT}
    certificate = {"UserName": USER, "CertificateId": CERTIFICATE, "CertificateBody": "x", "Status": "Active"}
    credential = {
        **WHO,
        "Status": "Active",
        "ServiceUserName": "x" * 20,
        "CreateDate": AT,
        "ServiceSpecificCredentialId": CREDENTIAL,
        "ServiceName": "codecommit.amazonaws.com",
    }
    iam.add_response("list_attached_user_policies", {"AttachedPolicies": [policy]}, WHO)
    iam.add_response("list_user_policies", {"PolicyNames": [CUT_OFF_POLICY, "zzz"]}, WHO)
    iam.add_response("list_groups_for_user", {"Groups": [group]}, WHO)
    iam.add_response("get_login_profile", {"LoginProfile": {**WHO, "CreateDate": AT}}, WHO)
    iam.add_response("list_mfa_devices", {"MFADevices": devices}, WHO)
    iam.add_response("list_ssh_public_keys", {"SSHPublicKeys": [ssh_key]}, WHO)
    iam.add_response("list_signing_certificates", {"Certificates": [certificate]}, WHO)
    iam.add_response("list_service_specific_credentials", {"ServiceSpecificCredentials": [credential]}, WHO)


def test_everything_is_listed_and_told(client: Any, iam: Stubber) -> None:
    everything(iam)
    found = UserAttachments(client, USER).list()
    assert found == Attached(
        managed=(ARN,),
        inline=(CUT_OFF_POLICY, "zzz"),
        groups=("admins",),
        password=True,
        devices=(VIRTUAL, HARDWARE),
        ssh_keys=(SSH_KEY,),
        certificates=(CERTIFICATE,),
        service_credentials=(CREDENTIAL,),
    )
    assert found.by_hand == (
        "group admins",
        "a console password",
        "2 MFA devices",
        "1 SSH key",
        "1 signing certificate",
        "1 service-specific credential",
    )


def test_everything_is_removed_and_the_deny_goes_last(client: Any, iam: Stubber) -> None:
    everything(iam)
    iam.add_response("delete_login_profile", {}, WHO)
    iam.add_response("delete_service_specific_credential", {}, {**WHO, "ServiceSpecificCredentialId": CREDENTIAL})
    iam.add_response("delete_signing_certificate", {}, {**WHO, "CertificateId": CERTIFICATE})
    iam.add_client_error("delete_ssh_public_key", "NoSuchEntity", expected_params={**WHO, "SSHPublicKeyId": SSH_KEY})
    iam.add_response("deactivate_mfa_device", {}, {**WHO, "SerialNumber": VIRTUAL})
    iam.add_response("delete_virtual_mfa_device", {}, {"SerialNumber": VIRTUAL})
    iam.add_response("deactivate_mfa_device", {}, {**WHO, "SerialNumber": HARDWARE})
    iam.add_response("remove_user_from_group", {}, {**WHO, "GroupName": "admins"})
    iam.add_response("detach_user_policy", {}, {**WHO, "PolicyArn": ARN})
    iam.add_response("delete_user_policy", {}, {**WHO, "PolicyName": "zzz"})
    iam.add_response("delete_user_policy", {}, {**WHO, "PolicyName": CUT_OFF_POLICY})
    UserAttachments(client, USER).remove()


def test_what_may_not_be_asked_is_not_called_absent(client: Any, iam: Stubber) -> None:
    iam.add_response("list_attached_user_policies", {"AttachedPolicies": []}, WHO)
    iam.add_response("list_user_policies", {"PolicyNames": []}, WHO)
    iam.add_response("list_groups_for_user", {"Groups": []}, WHO)
    iam.add_client_error("get_login_profile", "NoSuchEntity", expected_params=WHO)
    iam.add_response("list_mfa_devices", {"MFADevices": []}, WHO)
    iam.add_client_error("list_ssh_public_keys", "AccessDenied", expected_params=WHO)
    with pytest.raises(ClientError, match="AccessDenied"):
        UserAttachments(client, USER).list()
