"""Starts the emulator with what it gets wrong, and tests depend on, put right. Runs in the emulator's own environment.

CreateSecret: without a value AWS makes no version ('If you don't include SecretString or SecretBinary, no version is
created', CreateSecret API); the emulator makes an empty one and calls it the current.

PutSecretValue: a label that it gives to the new version leaves the one that had it (PutSecretValue API, VersionStages);
the emulator lets both have it.

AssumeRole: AWS tests a trust policy against the source identity that the caller gives, and asks for leave to set it
(IAM user guide, 'Monitor and control actions taken with assumed roles'); the emulator knows neither.

ListSSHPublicKeys, ListSigningCertificates, ListServiceSpecificCredentials: the emulator does not know them; a user has
none of these here.

GetAccountAuthorizationDetails: AWS tells the permissions boundary of users and roles (IAM API, UserDetail and
RoleDetail); the emulator leaves it out.

Services that it does not have: to know that a request is for one, it reads what botocore has of every service, which
takes seconds; their names say the same of those that tests ask.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import botocore.session
from ministack.app import main  # type: ignore[import-not-found] # installed in the emulator's environment only
from ministack.core import iam_evaluator, router  # type: ignore[import-not-found] # likewise
from ministack.services import iam, secretsmanager, sts  # type: ignore[import-not-found] # likewise

_store = secretsmanager._store_new_secret


def _store_without_empty_version(name: str, secret_string: Any = None, secret_binary: Any = None, **fields: Any) -> Any:
    arn, version = _store(name, secret_string=secret_string, secret_binary=secret_binary, **fields)
    if secret_string is None and secret_binary is None:
        secretsmanager._secrets[name]["Versions"].clear()
        version = None
    return arn, version


secretsmanager._store_new_secret = _store_without_empty_version

_put = secretsmanager._put_secret_value


def _put_moving_labels(data: Any) -> Any:
    answer = _put(data)
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if answer[0] == HTTPStatus.OK and secret:
        version = json.loads(answer[2])["VersionId"]
        for label in list(secret["Versions"][version]["Stages"]):
            secretsmanager._remove_stage_everywhere(secret, label, except_version_id=version)
    return answer


secretsmanager._put_secret_value = _put_moving_labels


def _lists_none(operation: str, group: str) -> Any:
    result = f"<{operation}Result><{group}/><IsTruncated>false</IsTruncated></{operation}Result>"
    return lambda _: iam._xml(HTTPStatus.OK, f"{operation}Response", result, ns="iam")


for _operation, _group in (
    ("ListSSHPublicKeys", "SSHPublicKeys"),
    ("ListSigningCertificates", "Certificates"),
    ("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
):
    iam._IAM_HANDLERS[_operation] = _lists_none(_operation, _group)

_details = iam._IAM_HANDLERS["GetAccountAuthorizationDetails"]


def _details_with_boundaries(params: Any) -> Any:
    status, headers, body = _details(params)
    for each in (*iam._users.values(), *iam._roles.values()):
        if arn := each.get("PermissionsBoundary"):
            kind = "<PermissionsBoundaryType>Policy</PermissionsBoundaryType>"
            told = f"{kind}<PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn>"
            own = f"<Arn>{each['Arn']}</Arn>"
            whole = f"{own}<PermissionsBoundary>{told}</PermissionsBoundary>"
            body = body.replace(own.encode(), whole.encode())
    return status, headers, body


iam._IAM_HANDLERS["GetAccountAuthorizationDetails"] = _details_with_boundaries

router._KNOWN_AWS_SERVICE_NAMES = frozenset(botocore.session.get_session().get_available_services())

_session_tags, _evaluate = sts._session_tags, iam_evaluator.evaluate_trust_policy
_source_identity: ContextVar[str | None] = ContextVar("source_identity", default=None)


def _note_source_identity(params: Any, **options: Any) -> Any:
    _source_identity.set(sts._p(params, "SourceIdentity", None))
    return _session_tags(params, **options)


def _evaluate_with_source_identity(trust: Any, caller: str, context: Any = None) -> bool:
    given = _source_identity.get()
    if context is None or given is None or context.action != "sts:AssumeRole":
        return bool(_evaluate(trust, caller, context))
    known = replace(context, service_context={**context.service_context, "sts:sourceidentity": given})
    setting = replace(known, action="sts:SetSourceIdentity")
    return bool(_evaluate(trust, caller, known)) and bool(_evaluate(trust, caller, setting))


sts._session_tags = _note_source_identity
iam_evaluator.evaluate_trust_policy = _evaluate_with_source_identity

if __name__ == "__main__":
    main()
