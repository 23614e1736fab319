"""Trials on secrets, keys, parameters and roles of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.engine.intents.trial import Case, Trial, case, judged
from tests.engine.intents.world import OTHERS, OURS, Key, World, arn, role_arn

Cases = tuple[Case, ...]
_POLICY = '{"Version": "2012-10-17", "Statement": []}'
_KNOWS_NO_KMS_KEYS = "it does not know the condition keys of KMS"
_ASKS_WITHOUT_NAMES = "it asks for calls on several parameters on `*`"
_KNOWS_NO_SESSION_ACTIONS = "it asks for them in the trust policy at most, not in the policies of who calls"
_VIA = "sqs.eu-central-1.amazonaws.com"


def trials(world: World) -> Iterator[Trial]:
    yield from _on_secrets(world)
    yield from _on_keys(world)
    yield from _on_keys_under_conditions(world)
    yield from _signing_with_keys(world)
    yield from _on_parameters()
    yield from _on_roles()


def _on_secrets(world: World) -> Iterator[Trial]:
    secret, other = world.secrets[OURS], world.secrets[OTHERS]
    ruling = _ruling_secret(secret)
    for target in (secret, secret[:-6] + "??????"):
        may, may_not = _reading(secret), (*_reading(other), *_writing(secret), *ruling)
        yield Trial("secretsmanager.read_secret", target, may, may_not)
    may_not = (*_writing(other), *_reading(secret), *ruling)
    yield Trial("secretsmanager.write_secret", secret, may=_writing(secret), may_not=may_not)


def _reading(secret: str) -> Cases:
    return (
        case("secretsmanager:GetSecretValue", secret, SecretId=secret),
        case("secretsmanager:DescribeSecret", secret, SecretId=secret),
    )


def _writing(secret: str) -> Cases:
    return (case("secretsmanager:PutSecretValue", secret, SecretId=secret, SecretString="y"),)


def _ruling_secret(secret: str) -> Cases:
    named = {"SecretId": secret}
    return (
        case("secretsmanager:UpdateSecret", secret, **named, Description="x"),
        case("secretsmanager:DeleteSecret", secret, **named, ForceDeleteWithoutRecovery=True),
        case("secretsmanager:PutResourcePolicy", secret, **named, ResourcePolicy=_POLICY),
        case("secretsmanager:DeleteResourcePolicy", secret, **named),
        case("secretsmanager:GetResourcePolicy", secret, **named),
        case("secretsmanager:RotateSecret", secret, **named),
        case("secretsmanager:UpdateSecretVersionStage", secret, **named, VersionStage="x"),
        case("secretsmanager:ReplicateSecretToRegions", secret, **named, AddReplicaRegions=[{"Region": "eu-west-1"}]),
        case("secretsmanager:ListSecrets", "*"),
        case("secretsmanager:BatchGetSecretValue", "*", SecretIdList=[secret]),
    )


def _on_keys(world: World) -> Iterator[Trial]:
    key, other = world.keys[OURS], world.keys[OTHERS]
    more = (*_ruling_key(key), *_more_of(key))
    yield Trial("kms.encrypt", key.arn, may=_encrypting(key), may_not=(*_encrypting(other), *_decrypting(key), *more))
    yield Trial("kms.decrypt", key.arn, may=_decrypting(key), may_not=(*_decrypting(other), *_encrypting(key), *more))


def _on_keys_under_conditions(world: World) -> Iterator[Trial]:
    key, other = world.keys[OURS], world.keys[OTHERS]
    for intent, actions in (("kms.encrypt", ("Encrypt", "GenerateDataKey")), ("kms.decrypt", ("Decrypt",))):
        yield _under(intent, actions, key, other, {"via": _VIA}, {"kms:ViaService": _VIA})
        entry = {"kms:EncryptionContext:PARAMETER_ARN": arn("ssm", "parameter/orders/database")}
        context = {"context": {"PARAMETER_ARN": arn("ssm", "parameter/orders/database")}}
        yield _under(intent, actions, key, other, context, entry)
        both = {"via": [_VIA, "sns.eu-central-1.amazonaws.com"], **context}
        yield _under(intent, actions, key, other, both, {"kms:ViaService": _VIA, **entry})


def _under(
    intent: str,
    actions: tuple[str, ...],
    key: Key,
    other: Key,
    parameters: Mapping[str, object],
    context: Mapping[str, str],
) -> Trial:
    refused = [dict[str, str](), *({**context, name: "other"} for name in context)]
    refused += [{name: value for name, value in context.items() if name != left_out} for left_out in context]
    return Trial(
        intent,
        key.arn,
        may=tuple(judged(f"kms:{action}", key.arn, _KNOWS_NO_KMS_KEYS, context) for action in actions),
        may_not=(
            *(judged(f"kms:{action}", other.arn, _KNOWS_NO_KMS_KEYS, context) for action in actions),
            *(judged(f"kms:{action}", key.arn, _KNOWS_NO_KMS_KEYS, given) for action in actions for given in refused),
            *_ruling_key(key),
        ),
        parameters=parameters,
    )


def _encrypting(key: Key) -> Cases:
    return (
        case("kms:Encrypt", key.arn, KeyId=key.arn, Plaintext=b"x"),
        case("kms:GenerateDataKey", key.arn, KeyId=key.arn, KeySpec="AES_256"),
    )


def _decrypting(key: Key) -> Cases:
    return (case("kms:Decrypt", key.arn, KeyId=key.arn, CiphertextBlob=key.ciphertext),)


def _more_of(key: Key) -> Cases:
    anew = {"CiphertextBlob": key.ciphertext, "DestinationKeyId": key.arn}
    return (
        case("kms:ReEncryptFrom", key.arn, "re_encrypt", **anew),
        case("kms:ReEncryptTo", key.arn, "re_encrypt", **anew),
        case("kms:GenerateDataKeyPair", key.arn, KeyId=key.arn, KeyPairSpec="RSA_2048"),
    )


def _ruling_key(key: Key) -> Cases:
    named: dict[str, Any] = {"KeyId": key.arn}
    return (
        case("kms:ScheduleKeyDeletion", key.arn, **named, PendingWindowInDays=7),
        case("kms:DisableKey", key.arn, **named),
        case("kms:PutKeyPolicy", key.arn, **named, PolicyName="default", Policy=_POLICY),
        case("kms:GetKeyPolicy", key.arn, **named, PolicyName="default"),
        case("kms:CreateGrant", key.arn, **named, GranteePrincipal=role_arn(OURS), Operations=["Decrypt"]),
        case("kms:DisableKeyRotation", key.arn, **named),
        case("kms:DeleteImportedKeyMaterial", key.arn, **named),
        case("kms:ListKeys", "*"),
    )


def _signing_with_keys(world: World) -> Iterator[Trial]:
    """The keys are symmetric: whether a call is authorized comes before whether the key can sign."""
    key, other = world.keys[OURS], world.keys[OTHERS]
    ruling = (*_ruling_key(key), *_encrypting(key), *_decrypting(key))
    sign, verify, public = _signing(key), _verifying(key), case("kms:GetPublicKey", key.arn, KeyId=key.arn)
    others = case("kms:GetPublicKey", other.arn, KeyId=other.arn)
    yield Trial("kms.sign", key.arn, may=(sign, public), may_not=(_signing(other), others, verify, *ruling))
    yield Trial("kms.verify", key.arn, may=(verify, public), may_not=(_verifying(other), others, sign, *ruling))


_SIGNED = {"Message": b"message", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}


def _signing(key: Key) -> Case:
    return case("kms:Sign", key.arn, KeyId=key.arn, **_SIGNED)


def _verifying(key: Key) -> Case:
    return case("kms:Verify", key.arn, KeyId=key.arn, Signature=b"x", **_SIGNED)


def _on_parameters() -> Iterator[Trial]:
    database = "orders/database"
    ruling = _ruling_parameter(database)
    yield Trial(
        "ssm.read_parameter",
        _parameter(database),
        may=_getting(database),
        may_not=(
            *_getting("invoices/database"),
            *_getting("orders/other"),
            *_below("orders"),
            *_putting(database),
            *ruling,
        ),
    )
    yield Trial(
        "ssm.read_parameters",
        _parameter("orders"),
        may=(*_getting(database), *_getting("orders/deep/down"), *_below("orders"), *_below("orders/deep")),
        may_not=(
            *_getting("invoices/database"),
            *_getting("orders-of-others/database"),
            *_below("invoices"),
            *_below("orders-of-others"),
            *_putting(database),
            *ruling,
        ),
    )
    yield Trial(
        "ssm.write_parameter",
        _parameter(database),
        may=_putting(database),
        may_not=(*_putting("invoices/database"), *_getting(database), *_below("orders"), *ruling),
    )


def _parameter(name: str) -> str:
    return arn("ssm", f"parameter/{name}")


def _getting(name: str) -> Cases:
    return (
        case("ssm:GetParameter", _parameter(name), Name=f"/{name}", WithDecryption=True),
        judged("ssm:GetParameters", _parameter(name), _ASKS_WITHOUT_NAMES),
    )


def _below(path: str) -> Cases:
    return (judged("ssm:GetParametersByPath", _parameter(path), _ASKS_WITHOUT_NAMES),)


def _putting(name: str) -> Cases:
    return (case("ssm:PutParameter", _parameter(name), Name=f"/{name}", Value="y", Type="String", Overwrite=True),)


def _ruling_parameter(name: str) -> Cases:
    target, named = _parameter(name), {"Name": f"/{name}"}
    to = {"ResourceType": "Parameter", "ResourceId": f"/{name}"}
    return (
        case("ssm:GetParameterHistory", target, **named),
        case("ssm:DeleteParameter", target, **named),
        case("ssm:LabelParameterVersion", target, **named, Labels=["x"]),
        case("ssm:AddTagsToResource", target, **to, Tags=[{"Key": "a", "Value": "b"}]),
        case("ssm:PutResourcePolicy", target, ResourceArn=target, Policy=_POLICY),
        case("ssm:DescribeParameters", "*"),
    )


def _on_roles() -> Iterator[Trial]:
    role, other = role_arn(f"{OURS}-reader"), role_arn(f"{OTHERS}-reader")
    yield Trial(
        "sts.assume_role",
        role,
        may=(_becoming(role),),
        may_not=(
            _becoming(other),
            judged("sts:TagSession", role, _KNOWS_NO_SESSION_ACTIONS),
            judged("sts:SetSourceIdentity", role, _KNOWS_NO_SESSION_ACTIONS),
            case("iam:GetRole", role, RoleName=f"{OURS}-reader"),
            case("iam:UpdateAssumeRolePolicy", role, RoleName=f"{OURS}-reader", PolicyDocument=_POLICY),
            case("iam:PutRolePolicy", role, RoleName=f"{OURS}-reader", PolicyName="x", PolicyDocument=_POLICY),
            case(
                "iam:AttachRolePolicy",
                role,
                RoleName=f"{OURS}-reader",
                PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess",
            ),
            case("iam:DeleteRole", role, RoleName=f"{OURS}-reader"),
        ),
    )


def _becoming(role: str) -> Case:
    return case("sts:AssumeRole", role, RoleArn=role, RoleSessionName="trial")
