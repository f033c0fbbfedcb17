"""What can be taken out of the window: weights for NumPy, curves for a spreadsheet, a picture for a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtWidgets import QWidget

import cnn_core as cnn
from cnn_core.writing import write_whole

FILTERS = {
    "Weights for NumPy (*.npz)": ".npz",
    "Curves as a table (*.csv)": ".csv",
    "Picture of the window (*.png)": ".png",
}
COLUMNS = (
    "step", "epoch", "learning_rate", "loss", "accuracy", "validation_loss", "validation_accuracy",
)  # fmt: skip


def export(path: Path, window: QWidget, network: cnn.Network, history: Sequence[cnn.Progress]) -> None:
    """Write what the suffix of `path` asks for. Raises OSError, or ValueError for another suffix."""
    suffix = path.suffix.lower()
    if suffix == ".npz":
        _write(path, weights(network))
    elif suffix == ".csv":
        _write(path, curves(history))
    elif suffix == ".png":
        _write(path, picture(window))
    else:
        raise ValueError(
            f"{path.suffix or 'no suffix'} is not a known kind; use {', '.join(FILTERS.values())}"
        )


def weights(network: cnn.Network) -> bytes:
    """Parameters and buffers by name as an .npz file, readable with numpy.load."""
    target = io.BytesIO()
    np.savez(target, **network.parameters, **network.buffers)  # type: ignore[arg-type]
    return target.getvalue()


def curves(history: Sequence[cnn.Progress]) -> bytes:
    """One line a training step; the validation columns are filled where an epoch ends."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for point in history:
        end = point.validation
        measured = ("", "") if end is None else (end.loss, end.accuracy)
        writer.writerow((point.step, point.epoch, point.learning_rate, point.loss, point.accuracy, *measured))
    return target.getvalue().encode()


def picture(widget: QWidget) -> bytes:
    """The widget as it looks now, as a .png file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not widget.grab().save(buffer, "PNG"):
        raise OSError("the picture could not be encoded")
    return bytes(buffer.data().data())


def _write(path: Path, content: bytes) -> None:
    write_whole(path, lambda file: file.write(content))
