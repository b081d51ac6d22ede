"""Everything that one person gave, packed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from animator import storage
from animator.services import export
from gpu_worker.errors import InputError
from gpu_worker.tasks.checking import ending
from picturetalk_site.logs import working_on


def build_export(export_id: str, token: str) -> None:
    """Pack everything that one person gave into a zip file."""
    key = UUID(export_id)
    wanted = export.claim(key, token)
    if wanted is None:
        return

    def beat() -> bool:
        return export.keep_alive(key, token)

    with working_on(export_id), ending(key, token, beat, _nothing_to_reject, export.release):
        with tempfile.TemporaryDirectory() as folder:
            packed = Path(folder) / "export.zip"
            export.pack(wanted.owner, packed)
            kept = storage.store_file(storage.kept_path("exports", key, ".zip"), packed)
        export.finish(key, token, kept)


def _nothing_to_reject(key: UUID, token: str, error: InputError) -> bool:
    """An export has no input that could be at fault."""
    return export.release(key, token)
