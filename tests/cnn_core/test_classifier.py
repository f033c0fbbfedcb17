"""Scores of images are the same in whatever pieces these go through the network."""

from dataclasses import replace

import numpy as np
import plain_network
import pytest
import threadpoolctl

from cnn_core import Architecture, BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, ReLU, plan
from cnn_core.classifier import Classifier

NETWORK = plain_network.random_network(
    Architecture(
        (9, 9, 4),
        (
            *(Conv2D(filters=8), BatchNorm(), ReLU(), MaxPool2D(), Flatten()),
            *(Dense(units=20), ReLU(), Dense(units=60), ReLU(), Dense(units=5)),
        ),
    )
)
VALUES = {**NETWORK.parameters, **NETWORK.buffers}
IMAGES, _ = plain_network.images_and_labels(NETWORK.architecture, 11)


@pytest.fixture
def segments(monkeypatch):
    """The network's plan, cut at every dense layer."""
    monkeypatch.setattr(plan, "LARGE_WEIGHT_BYTES", 0)
    monkeypatch.setattr(plan, "ENOUGH_IMAGES", 1000)
    found = plan.plan.__wrapped__(NETWORK.architecture, False)
    assert len(found) == 4
    return found


@pytest.mark.parametrize("images", [IMAGES, (IMAGES / 255).astype(np.float32)], ids=["uint8", "float32"])
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (3, 3, 3, 3), (2, 4, 3, 5), (128, 1, 128, 2)])
def test_a_part_may_go_through_each_segment_in_chunks(segments, images, sizes):
    classifier = Classifier([replace(s, images=n) for s, n in zip(segments, sizes, strict=True)])
    expected = plain_network.logits(NETWORK, images)
    for rows in (slice(0, 11), slice(0, 4), slice(2, 11)):  # in memory that was used before
        (found,) = classifier.scores(VALUES, images, [rows])
        np.testing.assert_allclose(found, expected[rows], rtol=1e-4, atol=1e-4)


def test_scores_of_several_parts_are_those_of_each_and_stay(segments):
    rows = [slice(0, 5), slice(7, 11), slice(5, 7)]
    classifier = Classifier(segments)
    together = classifier.scores(VALUES, IMAGES, rows)
    classifier.scores(VALUES, IMAGES[::-1], [slice(0, 11)])
    for part, found in zip(rows, together, strict=True):
        (alone,) = Classifier(segments).scores(VALUES, IMAGES, [part])
        np.testing.assert_array_equal(found, alone)


def test_numbers_that_grow_beyond_their_type_are_no_warning(segments, recwarn):
    huge = {name: value * np.float32(1e30) for name, value in VALUES.items()}
    (found,) = Classifier(segments).scores(huge, IMAGES, [slice(0, 11)])
    assert not np.isfinite(found).all()
    assert not recwarn.list


def test_products_run_on_one_thread(monkeypatch):
    threads, forward = set(), Dense.forward

    def noted(*arguments):
        threads.update(i["num_threads"] for i in threadpoolctl.threadpool_info() if i["user_api"] == "blas")
        return forward(*arguments)

    monkeypatch.setattr(Dense, "forward", noted)
    Classifier(plan.plan(NETWORK.architecture, False)).scores(VALUES, IMAGES, [slice(0, 11)])
    assert threads == {1}
