"""Checkpoint files made by hand, good and bad, and what reading a bad one must end in."""

import io
import json
import tracemalloc
import zipfile

import numpy as np
import plain_network
import pytest

from cnn_core import (
    Architecture,
    BatchNorm,
    Checkpoint,
    CheckpointError,
    Conv2D,
    Dense,
    Flatten,
    ReLU,
    TrainingSettings,
    TrainingState,
    checkpoint,
)

ARCHITECTURE = Architecture((6, 6, 1), (Conv2D(filters=2), BatchNorm(), ReLU(), Flatten(), Dense(units=3)))
MOST_MEMORY = 40_000_000  # bytes, for the reading of any file of this module


def good_checkpoint():
    network = plain_network.random_network(ARCHITECTURE)
    run = TrainingSettings()
    state = TrainingState(3, 40, 0.05, run.optimizer.slots(network.parameters))
    return Checkpoint(network=network, settings=run, training=state, metadata={"note": "good"})


def good_members(path):
    """Write a good file; return its parts, name -> bytes."""
    checkpoint.save(path, good_checkpoint())
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(path, text=""):
    """Assert that loading ends in one sentence that names the file, and in bounded memory."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as caught:
            checkpoint.load(path)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    sentence = str(caught.value)
    assert path.name in sentence
    assert text in sentence
    assert "\n" not in sentence
    assert len(sentence) < 700
    return sentence


def npy(array, **arguments):
    content = io.BytesIO()
    np.save(content, array, **arguments)
    return content.getvalue()


def header(members, **changes):
    return {**members, "header.json": json.dumps({**json.loads(members["header.json"]), **changes}).encode()}
