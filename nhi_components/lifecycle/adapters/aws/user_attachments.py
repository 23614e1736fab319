"""What hangs on an IAM user beside its access keys; IAM deletes no user before all of it is gone.

Source: IAM API, DeleteUser, which lists what has to be deleted first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from nhi_components.lifecycle.adapters.aws.errors import ABSENT, absent_is_fine, code_of
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_VIRTUAL = ":mfa/"


@dataclass(frozen=True, slots=True)
class Attached:
    """What hangs on a user.

    Attributes:
        managed: ARNs of managed policies.
        inline: names of inline policies.
        groups: names of the groups that it is in.
        password: whether it can log in to the console.
        devices: serial numbers of its MFA devices.
        ssh_keys: ids of its SSH keys.
        certificates: ids of its signing certificates.
        service_credentials: ids of its credentials for single services.
    """

    managed: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    password: bool = False
    devices: tuple[str, ...] = ()
    ssh_keys: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    service_credentials: tuple[str, ...] = ()

    @property
    def by_hand(self) -> tuple[str, ...]:
        """Tell, in words, of what no lease ever lists, because no component makes it."""
        counted = [
            (len(self.devices), "MFA device"),
            (len(self.ssh_keys), "SSH key"),
            (len(self.certificates), "signing certificate"),
            (len(self.service_credentials), "service-specific credential"),
        ]
        told = [f"{count} {what}{'s' if count > 1 else ''}" for count, what in counted if count]
        groups = [f"group {name}" for name in self.groups]
        return (*groups, *(["a console password"] if self.password else []), *told)


class UserAttachments:
    """What hangs on one user."""

    def __init__(self, iam: IAMClient, user: str) -> None:
        self._iam: Any = iam
        self._who = {"UserName": user}

    def list(self) -> Attached:
        """List it."""
        return Attached(
            managed=self._all("list_attached_user_policies", "AttachedPolicies", "PolicyArn"),
            inline=self._all("list_user_policies", "PolicyNames"),
            groups=self._all("list_groups_for_user", "Groups", "GroupName"),
            password=self._has_password(),
            devices=self._all("list_mfa_devices", "MFADevices", "SerialNumber"),
            ssh_keys=self._all("list_ssh_public_keys", "SSHPublicKeys", "SSHPublicKeyId"),
            certificates=self._all("list_signing_certificates", "Certificates", "CertificateId"),
            service_credentials=self._service_credentials(),
        )

    def remove(self) -> None:
        """Remove it; the deny of a cut-off goes last."""
        found, iam, who = self.list(), self._iam, self._who
        if found.password:
            _done(iam.delete_login_profile, **who)
        for credential in found.service_credentials:
            _done(iam.delete_service_specific_credential, ServiceSpecificCredentialId=credential, **who)
        for certificate in found.certificates:
            _done(iam.delete_signing_certificate, CertificateId=certificate, **who)
        for key in found.ssh_keys:
            _done(iam.delete_ssh_public_key, SSHPublicKeyId=key, **who)
        for device in found.devices:
            self._remove_device(device)
        for group in found.groups:
            _done(iam.remove_user_from_group, GroupName=group, **who)
        for arn in found.managed:
            _done(iam.detach_user_policy, PolicyArn=arn, **who)
        for policy in sorted(found.inline, key=lambda policy: policy == CUT_OFF_POLICY):
            _done(iam.delete_user_policy, PolicyName=policy, **who)

    def _remove_device(self, serial: str) -> None:
        """Take an MFA device off the user; a virtual one is only a secret, and goes too."""
        _done(self._iam.deactivate_mfa_device, SerialNumber=serial, **self._who)
        if _VIRTUAL in serial:
            _done(self._iam.delete_virtual_mfa_device, SerialNumber=serial)

    def _all(self, call: str, group: str, name: str = "") -> tuple[str, ...]:
        pages = self._iam.get_paginator(call).paginate(**self._who)
        members = [member for page in pages for member in page[group]]
        return tuple(str(member[name] if name else member) for member in members)

    def _service_credentials(self) -> tuple[str, ...]:
        found = self._iam.list_service_specific_credentials(**self._who)["ServiceSpecificCredentials"]
        return tuple(str(each["ServiceSpecificCredentialId"]) for each in found)

    def _has_password(self) -> bool:
        try:
            self._iam.get_login_profile(**self._who)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            raise
        return True


def _done(call: Callable[..., Any], **arguments: str) -> None:
    with absent_is_fine():
        call(**arguments)
