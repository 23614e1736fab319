"""Intents on keys of AWS KMS."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import arn_shape
from nhi_components.core.intents import Condition, Intent, Parameter, Part, Shape

_KEY: Final = arn_shape(
    "the ARN of a key; IAM never takes an alias for its key",
    "kms",
    r"key/[\w-]+",
    "key/1234abcd-12ab-34cd-56ef-1234567890ab",
)
_VIA: Final = Parameter(
    "via",
    Shape(
        "the name of a service in a region",
        r"[a-z0-9-]+(?:\.[a-z0-9-]+)+\.amazonaws\.com(?:\.cn)?",
        "sqs.eu-central-1.amazonaws.com",
    ),
    "only through this service, or one of these, never by a call of one's own",
)
_CONTEXT: Final = Parameter(
    "context",
    Shape("a text without wildcard, variable or braces", r"[^*?${}\x00-\x1f]{1,2048}", "orders"),
    "only with this encryption context",
    key_shape=Shape("the name of an entry of an encryption context", r"[\w./=+@:-]{1,128}", "PARAMETER_ARN"),
)
_CONDITIONS: Final = (
    Condition("StringEquals", "kms:ViaService", "{via}"),
    Condition("StringEquals", "kms:EncryptionContext:{context}", "{context}"),
)
_NOTES: Final = "The key's own policy must leave permissions to IAM, as the default one does."

INTENTS: Final = (
    Intent(
        id="kms.encrypt",
        purpose="Encrypt under a key, directly or with data keys.",
        excludes="Nothing can be decrypted or encrypted anew, and the key's policy, grants and state not be changed.",
        target=_KEY,
        parts=(Part(("kms:Encrypt", "kms:GenerateDataKey"), conditions=_CONDITIONS),),
        parameters=(_VIA, _CONTEXT),
        notes=_NOTES,
    ),
    Intent(
        id="kms.decrypt",
        purpose="Decrypt what is encrypted under a key.",
        excludes="Nothing can be encrypted, and the key's policy, grants and state not be changed.",
        target=_KEY,
        parts=(Part(("kms:Decrypt",), conditions=_CONDITIONS),),
        parameters=(_VIA, _CONTEXT),
        notes=_NOTES,
    ),
    Intent(
        id="kms.sign",
        purpose="Sign with an asymmetric key, and get its public key.",
        excludes="Nothing can be encrypted or decrypted, and the key's policy, grants and state not be changed.",
        target=_KEY,
        parts=(Part(("kms:Sign", "kms:GetPublicKey")),),
        notes=_NOTES,
    ),
    Intent(
        id="kms.verify",
        purpose="Verify signatures of an asymmetric key, and get its public key.",
        excludes="Nothing can be signed, and the key's policy, grants and state not be changed.",
        target=_KEY,
        parts=(Part(("kms:Verify", "kms:GetPublicKey")),),
        notes=_NOTES,
    ),
)
