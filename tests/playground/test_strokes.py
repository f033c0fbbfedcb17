import gzip
import json

import numpy as np
import pytest

import cnn_core as cnn
from playground import strokes

SEVEN = {"label": 7, "strokes": [[[0, 0], [40, 0], [10, 90]]], "writer": "a"}
ONE = {"label": 1, "strokes": [[[5, 0], [5, 50]]], "writer": "b"}
NAMES = tuple("0123456789")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_drawings_are_read_plain_and_gzipped(tmp_path, pack):
    path = tmp_path / "drawings.json"
    path.write_bytes(pack(json.dumps([SEVEN, ONE]).encode()))
    assert strokes.read_drawings(path) == [SEVEN, ONE]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[1]", b'[{"label": 1}]', b"\x1f\x8bnot gzip"])
def test_anything_else_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(cnn.DatasetError, match=r"other\.json holds no pen drawings"):
        strokes.read_drawings(path)


def test_writers_are_held_out_whole():
    assert strokes.split_writers([SEVEN, ONE, SEVEN], 1) == ([SEVEN, SEVEN], [ONE])


def test_copies_of_a_drawing_differ_and_are_framed_as_drawings_are():
    dataset = strokes.from_drawings([SEVEN, ONE], NAMES, copies=3, seed=0)
    assert dataset.images.shape == (6, 28, 28, 1)
    assert dataset.labels.tolist() == [7, 7, 7, 1, 1, 1]
    assert not np.array_equal(dataset.images[0], dataset.images[1])
    assert (dataset.images[:, 12:16, 12:16].max(axis=(1, 2, 3)) > 100).all()
    again = strokes.from_drawings([SEVEN, ONE], NAMES, copies=3, seed=0)
    assert np.array_equal(again.images, dataset.images)


def test_drawings_by_anyone_differ_more_than_by_the_pen():
    plain, anyone = (
        strokes.from_drawings([SEVEN], NAMES, copies=40, seed=0, by_anyone=changed)
        for changed in (False, True)
    )
    spread = [dataset.images.astype(float).std(axis=0).mean() for dataset in (plain, anyone)]
    assert spread[1] > 1.3 * spread[0]
    assert plain.source != anyone.source


def test_a_dot_is_seen_too():
    image = strokes.seen([[[3, 3]]], np.random.default_rng(0))
    assert image.max() > 100
