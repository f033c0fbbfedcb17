"""The measuring command: pen drawings as the canvas shows them, training, a verdict."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from cnn_core import DatasetError
from cnn_core.datasets import digits_check


@pytest.fixture
def strokes(tmp_path: Path) -> Path:
    """A file with a one and a seven, in the units of some tablet."""
    drawings = [
        {"label": 1, "strokes": [[[500, 100], [500, 900]]]},
        {"label": 7, "strokes": [[[100, 100], [500, 100], [300, 700]], [[200, 400]]]},
    ]
    path = tmp_path / "strokes.json.gz"
    path.write_bytes(gzip.compress(json.dumps(drawings).encode()))
    return path


def test_a_line_is_as_wide_as_the_pen() -> None:
    line = np.array([[40.0, 140.0], [240.0, 140.0]], dtype=np.float32)
    canvas = digits_check.rasterize([line], width=20)
    assert canvas.shape == (280, 280)
    assert canvas[:, 140].sum() / 255 == pytest.approx(20, abs=0.1)
    assert canvas[140, 35:245].min() > 0
    assert not canvas[140, :29].any()


def test_a_dot_is_a_disc() -> None:
    canvas = digits_check.rasterize([np.array([[100.0, 50.0]], dtype=np.float32)], width=20)
    assert canvas.sum() / 255 == pytest.approx(np.pi * 100, rel=0.02)


def test_drawings_become_normalised_images(strokes: Path) -> None:
    dataset = digits_check.from_strokes(strokes)
    assert dataset.image_shape == (28, 28, 1)
    assert dataset.labels.tolist() == [1, 7]
    assert (dataset.images[0, :, :, 0].max(axis=1) > 50).sum() == 20


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"[1]", b'[{"label": 99, "strokes": [[[0, 0], [1, 1]]]}]']
)
def test_a_file_of_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"other.json holds no pen drawings"):
        digits_check.from_strokes(path)


def test_the_command_trains_tests_and_fails_below_what_is_meant(
    strokes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--strokes", str(strokes), "--architecture", "tiny", "--count", "60", "--epochs", "1"]
    status = digits_check.main(arguments)
    printed = capsys.readouterr().out
    assert "60 built-in digits made" in printed
    assert "strokes:" in printed
    assert status in (0, 1)
    assert (status == 0) == ("strokes: 100.00 %" in printed)
