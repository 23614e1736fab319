"""What an engine that is killed while it saves leaves in a backend of files: an empty note beside a whole state.

The backend keeps the attributes of each file in a second one, which it makes empty and fills only then, before it puts
the new state in the old one's place (gocloud.dev 0.37, `blob/fileblob`). Killed in between, every later command fails
with `failed to load checkpoint: EOF`, although no state is lost. A file without such a note is read like any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_SCHEME: Final = "file"
_FOLDER: Final = ".pulumi"
_NOTES: Final = "*.attrs"


def torn_notes(backend: str) -> list[Path]:
    """List the empty notes of a backend; none for a backend that is no folder.

    Args:
        backend: its URL, as `pulumi whoami --verbose` tells it.
    """
    parts = urlsplit(backend)
    if parts.scheme != _SCHEME:
        return []
    folder = Path(unquote(parts.netloc + parts.path)).expanduser()
    return sorted(note for note in (folder / _FOLDER).rglob(_NOTES) if note.is_file() and not note.stat().st_size)
