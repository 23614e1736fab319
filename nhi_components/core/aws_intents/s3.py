"""Intents on buckets of Amazon S3."""

from __future__ import annotations

from typing import Final

from nhi_components.core.aws_intents.arns import PARTITION
from nhi_components.core.intents import Condition, Intent, Parameter, Part, Shape

_BUCKET: Final = Shape("the ARN of a bucket", rf"{PARTITION}:s3:::[\w.-]{{3,255}}", "arn:aws:s3:::orders-in")
_KEYS: Final = Shape("the beginning of keys, without wildcard, variable or braces", r"[^*?${}\x00-\x1f]{1,1024}", "in/")
_PREFIX: Final = Parameter("prefix", _KEYS, "only keys that begin with it, or with one of them", default="")
_OBJECTS: Final = ("{target}/{prefix}*",)

INTENTS: Final = (
    Intent(
        id="s3.read_objects",
        purpose="Read the current version of objects whose keys are known.",
        excludes="Keys can't be listed, and earlier versions, tags and access lists not be read; a missing key is "
        "answered like a forbidden one unless `s3.list_objects` is granted, too.",
        target=_BUCKET,
        parts=(Part(("s3:GetObject",), _OBJECTS),),
        parameters=(_PREFIX,),
        notes="Objects encrypted with a key of one's own also need `kms.decrypt` on that key.",
    ),
    Intent(
        id="s3.write_objects",
        purpose="Write objects, also in several parts, and abort such uploads; an existing object is overwritten.",
        excludes="No object can be read or deleted, and no access list, tag, retention or legal hold be set.",
        target=_BUCKET,
        parts=(Part(("s3:PutObject", "s3:AbortMultipartUpload"), _OBJECTS),),
        parameters=(_PREFIX,),
        notes="A key of one's own also needs `kms.encrypt` on it, and `kms.decrypt` for uploads in several parts.",
    ),
    Intent(
        id="s3.delete_objects",
        purpose="Delete objects; in a bucket with versioning this hides them and keeps every version.",
        excludes="No version can be deleted for good, and no object be read or written.",
        target=_BUCKET,
        parts=(Part(("s3:DeleteObject",), _OBJECTS),),
        parameters=(_PREFIX,),
    ),
    Intent(
        id="s3.list_objects",
        purpose="List the keys of a bucket; with a prefix, only in requests that name that prefix or a longer one.",
        excludes="No object can be read, and neither versions nor unfinished uploads be listed.",
        target=_BUCKET,
        parts=(Part(("s3:ListBucket",), conditions=(Condition("StringLike", "s3:prefix", "{prefix}*"),)),),
        parameters=(_PREFIX,),
    ),
)
