"""What is dropped on the window: a file or folder that is opened rather than shown as a picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

NETWORK = ".cnn"
DATA = (".npz", ".csv", ".tsv", ".txt", ".zip", ".gz", "-ubyte")


def file_to_open(data: QMimeData) -> Path | None:
    """Return the network, data file or folder in what is dropped; None where it is something else.

    Of several files the first one counts.
    """
    path = next((Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()), None)
    if path is None:
        return None
    return path if path.name.lower().endswith((NETWORK, *DATA)) or path.is_dir() else None
