"""Intents on containers of Azure Blob Storage.

Sources: Azure Storage REST API, 'Authorize with Microsoft Entra ID', permissions for calling data operations: Put Blob
takes `blobs/write`, or for a new blob `blobs/add/action`; Put Block and Put Block List take `blobs/write`; List Blobs
takes `blobs/read`, which conditions alone tell from reading ('Actions and attributes for Azure role assignment
conditions for Azure Blob Storage', suboperation `Blob.List`); List Containers takes `containers/read`.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.azure_intents.model import AzureIntent, named
from nhi_components.core.azure_resource import ResourceKind
from nhi_components.core.intents import Part

_CONTAINERS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers"
_ACCOUNT: Final = "Microsoft.Storage/storageAccounts/shopprod"
_CONTAINER: Final = named(ResourceKind.BLOB_CONTAINER, f"{_ACCOUNT}/blobServices/default/containers/orders")
_CONTRIBUTOR: Final = "Storage Blob Data Contributor"
_ADMINISTRATION: Final = "no tag of one be set, and the container not be read, changed, removed or shared."


def _on_blobs(name: str, operation: str, nearest: str, purpose: str, excludes: str, notes: str = "") -> AzureIntent:
    return AzureIntent(
        id=f"storage.{name}_blobs",
        purpose=purpose,
        excludes=f"{excludes} {_ADMINISTRATION}",
        target=_CONTAINER,
        parts=(Part((f"{_CONTAINERS}/blobs/{operation}",)),),
        kind=ResourceKind.BLOB_CONTAINER,
        nearest=(nearest,),
        notes=notes,
    )


INTENTS: Final = (
    _on_blobs(
        "read",
        "read",
        "Storage Blob Data Reader",
        "Read the blobs of a container, their versions, snapshots and metadata, and list their names.",
        "No blob can be written or deleted,",
        "Azure's operations do not tell listing from reading.",
    ),
    _on_blobs(
        "write",
        "add/action",
        _CONTRIBUTOR,
        "Write new blobs to a container, each in one request, and append to append blobs.",
        "No blob that exists can be replaced, deleted or read, no blob be written in blocks,",
        "A client that cuts large blobs into blocks needs `storage.replace_blobs` instead.",
    ),
    _on_blobs(
        "replace",
        "write",
        _CONTRIBUTOR,
        "Write blobs to a container, new ones and in the place of old ones, also in blocks, and change their metadata.",
        "No blob can be deleted or read,",
        "What is replaced is lost as if it were deleted, unless the account keeps versions or what is softly deleted.",
    ),
    _on_blobs(
        "delete",
        "delete",
        _CONTRIBUTOR,
        "Delete the blobs of a container.",
        "No blob can be read or written, no version of one be deleted or purged,",
    ),
    AzureIntent(
        id="storage.list_containers",
        purpose="List the containers of a storage account with their properties and metadata.",
        excludes="No blob can be listed or read, no container be made, changed, removed or shared, and the account and "
        "its keys not be read.",
        target=named(ResourceKind.STORAGE_ACCOUNT, _ACCOUNT),
        parts=(Part((f"{_CONTAINERS}/read",)),),
        kind=ResourceKind.STORAGE_ACCOUNT,
        nearest=("Storage Blob Data Reader",),
    ),
)
