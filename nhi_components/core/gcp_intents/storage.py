"""Intents on buckets of Cloud Storage.

Source: Cloud Storage documentation, 'IAM permissions for JSON methods': `objects.insert` asks for
`storage.objects.delete` as well where it would replace an object. `storage.objects.list` is asked for on the bucket,
whose `resource.name` begins with no object's prefix: a condition on it would refuse every listing ('Attribute reference
for IAM Conditions'). 'Uniform bucket-level access': it is required for conditions.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.gcp_intents.model import GcpIntent
from nhi_components.core.gcp_resource import BUCKET_NAME, ResourceKind
from nhi_components.core.intents import Parameter, Part, Shape

_BUCKET: Final = Shape("the name of a bucket, as its `name` or `id`", BUCKET_NAME, "orders-in")
_WHOLE_BUCKET: Final = ("projects/_/buckets/{target}",)
_OBJECTS: Final = ("projects/_/buckets/{target}/objects/{prefix}*",)
_NAMES: Final = Shape(
    "the beginning of names, without wildcard, quote, backslash or braces", r'[^*"\\{}\x00-\x1f\x7f]{1,1024}', "in/"
)
_UNIFORM: Final = "The bucket must have uniform bucket-level access, without which it takes no conditional binding."
_PREFIX: Final = Parameter("prefix", _NAMES, "only objects whose names begin with it, or with one of them")


def _on_objects(name: str, permissions: tuple[str, ...], nearest: str, purpose: str, excludes: str) -> GcpIntent:
    return GcpIntent(
        id=f"storage.{name}",
        purpose=purpose,
        excludes=excludes,
        target=_BUCKET,
        parts=(Part(permissions, _OBJECTS, otherwise=_WHOLE_BUCKET),),
        parameters=(_PREFIX,),
        kind=ResourceKind.BUCKET,
        nearest=nearest,
        notes=_UNIFORM,
    )


INTENTS: Final = (
    _on_objects(
        "read_objects",
        ("storage.objects.get",),
        "roles/storage.objectViewer",
        "Read objects whose names are known, every generation that is kept, and their metadata.",
        "Names can't be listed, and no access list be read; a missing object is answered like a forbidden one unless "
        "`storage.list_objects` is granted, too.",
    ),
    _on_objects(
        "write_objects",
        ("storage.objects.create",),
        "roles/storage.objectCreator",
        "Write new objects, also by resumable uploads.",
        "No object that exists can be replaced, deleted or read, no metadata or retention be changed afterwards, and "
        "no upload be made in parts by the XML API.",
    ),
    _on_objects(
        "replace_objects",
        ("storage.objects.create", "storage.objects.delete"),
        "roles/storage.objectUser",
        "Write objects, new ones and in the place of old ones, and delete them.",
        "IAM does not tell replacing from deleting. No object can be read, and no access list, metadata, retention or "
        "hold be changed.",
    ),
    _on_objects(
        "delete_objects",
        ("storage.objects.delete",),
        "roles/storage.objectUser",
        "Delete objects, and generations of them.",
        "No object can be read, written or restored, and no retention or hold be lifted.",
    ),
    GcpIntent(
        id="storage.list_objects",
        purpose="List the names and metadata of all objects of a bucket.",
        excludes="No object can be read, and no access list be shown. Listing can't be narrowed to a prefix: it is "
        "asked for on the bucket, not on objects.",
        target=_BUCKET,
        parts=(Part(("storage.objects.list",), _WHOLE_BUCKET),),
        kind=ResourceKind.BUCKET,
        nearest="roles/storage.objectViewer",
        notes=_UNIFORM,
    ),
)
