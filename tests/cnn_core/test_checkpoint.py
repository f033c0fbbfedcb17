"""Checkpoints: everything comes back bit for bit, and a failing write leaves what was there."""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import plain_network
import pytest
from checkpoint_files import ARCHITECTURE, good_checkpoint

from cnn_core import (
    SGD,
    Adam,
    AdamW,
    Checkpoint,
    CheckpointError,
    Cosine,
    Dataset,
    Network,
    RMSprop,
    Trainer,
    TrainingSettings,
    checkpoint,
    presets,
)


def same_bits(one, other):
    assert set(one) == set(other)
    for name, value in one.items():
        assert other[name].dtype == value.dtype
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def dataset(count=40):
    g = np.random.default_rng(1)
    images = g.integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)
    return Dataset(images, g.integers(0, 10, count), tuple("0123456789"))


def started(settings, name="tiny", steps=3):
    """Return a trainer some steps into a run."""
    trainer = Trainer(
        Network.initialize(presets.load(name), seed=2),
        train=dataset(),
        optimizer=settings.optimizer,
        schedule=settings.schedule,
        batch_size=settings.batch_size,
        clip_norm=settings.clip_norm,
        seed=settings.seed,
    )
    trainer.plan(settings.epochs)
    for _ in trainer.run(steps=steps):
        pass
    return trainer


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.cnn"


@pytest.mark.parametrize("name", presets.names())
def test_a_network_comes_back_bit_for_bit(name, path):
    network = plain_network.random_network(presets.load(name), 3)
    network.save(path)
    again = Network.load(path)
    assert again.architecture == network.architecture
    same_bits(network.parameters, again.parameters)
    same_bits(network.buffers, again.buffers)


SETTINGS = TrainingSettings(schedule=Cosine(warmup_steps=2), batch_size=16, epochs=4, clip_norm=1.0, seed=5)


@pytest.mark.parametrize(
    "optimizer",
    [SGD(), SGD(momentum=0.0), SGD(nesterov=True), RMSprop(momentum=0.5), Adam(), AdamW()],
    ids=repr,
)
@pytest.mark.parametrize("name", ["tiny", "sample-batchnorm"])
def test_a_run_saved_and_loaded_goes_on_with_the_same_bits(optimizer, name, path):
    settings = replace(SETTINGS, optimizer=optimizer)
    trainer = started(settings, name)
    trainer.learning_rate = 0.0123
    checkpoint.save(path, Checkpoint(network=trainer.network, settings=settings, training=trainer.state()))
    loaded = checkpoint.load(path)
    assert loaded.settings == settings
    again = Trainer.resume(
        loaded.network,
        loaded.training,
        train=dataset(),
        optimizer=loaded.settings.optimizer,
        schedule=loaded.settings.schedule,
        batch_size=loaded.settings.batch_size,
        clip_norm=loaded.settings.clip_norm,
        seed=loaded.settings.seed,
    )
    for slot, values in trainer.state().slots.items():
        same_bits(values, loaded.training.slots[slot])
    losses = [[p.loss for p in t.run(steps=5)] for t in (trainer, again)]
    assert losses[0] == losses[1]
    same_bits(trainer.network.parameters, again.network.parameters)
    same_bits(trainer.network.buffers, again.network.buffers)


def test_the_step_at_which_the_optimizers_memory_began_comes_back(path):
    trainer = started(SETTINGS)
    state = replace(trainer.state(), began=1)
    checkpoint.save(path, Checkpoint(network=trainer.network, settings=SETTINGS, training=state))
    assert checkpoint.load(path).training.began == 1


def test_metadata_come_back(path):
    metadata = {"classes": ["0", "ä", "数"], "history": [[1, 2.5], None], "note": 'a "quote"\n'}
    network = Network.initialize(presets.load("tiny"))
    checkpoint.save(str(path), Checkpoint(network=network, metadata=metadata))
    loaded = checkpoint.load(str(path))
    assert loaded.metadata == metadata
    assert loaded.settings is None
    assert loaded.training is None


def test_loaded_arrays_can_be_trained_in_place(path):
    Network.initialize(presets.load("tiny")).save(path)
    loaded = Network.load(path)
    for value in loaded.parameters.values():
        assert value.flags.writeable
        assert value.flags.c_contiguous
        value += 1


def test_the_file_is_a_zip_of_json_and_plain_arrays(path):
    Network.initialize(presets.load("tiny")).save(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        header = json.loads(archive.read("header.json"))
        assert (header["format"], header["version"]) == ("cnn-checkpoint", 1)
        names = set(archive.namelist())
    assert names == {
        "header.json",
        *(f"parameters/{n}.npy" for n in ("0.weight", "0.bias", "4.weight", "4.bias")),
    }


# Writing


@pytest.fixture
def saved(path):
    """A file that must survive whatever happens, and its bytes."""
    plain_network.random_network(presets.load("tiny"), 1).save(path)
    return path, path.read_bytes()


def broken(*_, **__):
    raise OSError(28, "No space left on device")


class FullDisk:
    """A file on a disk that has room for some bytes only."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            broken()
        return self.file.write(data)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod", "fdopen"])
def test_a_write_that_fails_keeps_the_previous_file_and_leaves_nothing_behind(call, saved, monkeypatch):
    path, before = saved
    monkeypatch.setattr(os, call, broken)
    with pytest.raises(CheckpointError, match=r"net.cnn could not be saved: No space left on device"):
        Network.initialize(presets.load("sample")).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("room", [0, 10, 1000, 10_000, 500_000])
def test_a_disk_that_runs_full_keeps_the_previous_file(room, saved, monkeypatch):
    path, before = saved
    real = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda *arguments: FullDisk(real(*arguments), room))
    with pytest.raises(CheckpointError, match="No space left on device"):
        Network.initialize(presets.load("sample")).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def bias(value):
    """Return what gives the network another bias, none for None."""

    def changed(whole):
        others = {k: v for k, v in whole.network.parameters.items() if k != "0.bias"}
        own = {} if value is None else {"0.bias": value}
        return replace(whole, network=replace(whole.network, parameters=others | own))

    return changed


def running_variance(value):
    def changed(whole):
        buffers = {**whole.network.buffers, "1.running_var": np.full(2, value, np.float32)}
        return replace(whole, network=replace(whole.network, buffers=buffers))

    return changed


def state(**changes):
    return lambda whole: replace(whole, training=replace(whole.training, **changes))


BIAS = "parameters/0.bias"
NO_SLOT = {"velocity": {}}
UNFIT = {
    "large metadata": (lambda c: replace(c, metadata={"a": "x" * (4 << 20)}), "the metadata are too large"),
    "an object": (
        lambda c: replace(c, metadata={"a": object()}),
        "the metadata are not JSON: Object of type",
    ),
    "NumPy's number": (lambda c: replace(c, metadata={"a": np.float32(1)}), "the metadata are not JSON"),
    "not finite": (bias(np.full(2, np.inf, np.float32)), f"{BIAS} holds values that are not"),
    "doubles": (bias(np.zeros(2)), rf"{BIAS} is float64 \(2,\), its architecture needs float32"),
    "another shape": (bias(np.zeros(9, np.float32)), rf"{BIAS} is float32 \(9,\)"),
    "a parameter too few": (bias(None), f"{BIAS} is missing"),
    "a negative variance": (running_variance(-1), "a running variance is negative"),
    "a slot too few": (state(slots=NO_SLOT), "slots/velocity/0.weight is missing"),
    "no settings": (lambda c: replace(c, settings=None), "its state of training does not fit its settings"),
    "another optimizer": (
        lambda c: replace(c, settings=TrainingSettings(optimizer=Adam())),
        "its state of training does not fit its settings",
    ),
    "too high a rate": (state(learning_rate=100.5), "learning_rate is 100.5; use a number from 0 to 100"),
    "no rate": (state(learning_rate=float("nan")), "learning_rate is nan"),
    "no step": (state(step=-1), "its state of training does not fit its settings"),
    "an architecture that cannot work": (
        lambda c: replace(c, network=replace(c.network, architecture=ARCHITECTURE.removed(3))),
        "its architecture cannot work: layer",
    ),
}


@pytest.mark.parametrize(("change", "text"), UNFIT.values(), ids=UNFIT.keys())
def test_what_could_not_be_opened_again_is_not_saved_and_leaves_the_previous_file(change, text, saved):
    path, before = saved
    with pytest.raises(CheckpointError, match=f"^net.cnn could not be saved: .*{text}"):
        checkpoint.save(path, change(good_checkpoint()))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("rate", [0.0, 100.0])
def test_any_learning_rate_that_an_optimizer_may_have_comes_back(rate, path):
    checkpoint.save(path, state(learning_rate=rate)(good_checkpoint()))
    assert checkpoint.load(path).training.learning_rate == rate


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CheckpointError, match=r"net.cnn could not be saved: No such file or directory"):
        Network.initialize(presets.load("tiny")).save(tmp_path / "nowhere" / "net.cnn")


def test_saving_over_a_file_keeps_its_permissions_and_a_new_one_follows_the_umask(saved):
    path, _ = saved
    path.chmod(0o640)
    Network.load(path).save(path)
    assert path.stat().st_mode & 0o777 == 0o640
    old = os.umask(0o022)
    try:
        Network.load(path).save(path.with_name("new.cnn"))
    finally:
        os.umask(old)
    assert path.with_name("new.cnn").stat().st_mode & 0o777 == 0o644


def test_a_file_held_for_a_moment_by_another_program_is_replaced_in_the_end(saved, monkeypatch):
    path, _ = saved
    real, calls = os.replace, []

    def held(*arguments):
        calls.append(arguments)
        if len(calls) < 3:
            raise PermissionError(13, "held")
        real(*arguments)

    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    network = Network.initialize(presets.load("sample"))
    network.save(path)
    assert Network.load(path).architecture == network.architecture
    assert list(Path(path.parent).iterdir()) == [path]
