"""Files that are no checkpoints, or that mean harm: one clear sentence, nothing loaded, memory bounded."""

import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from checkpoint_files import ARCHITECTURE, header, refused, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnn_core import (
    Architecture,
    CheckpointError,
    Conv2D,
    Dense,
    Flatten,
    TrainingSettings,
    checkpoint,
)

WEIGHT = "parameters/4.weight.npy"


def test_the_parts_make_a_good_file(members, tmp_path):
    loaded = checkpoint.load(write(tmp_path / "a.cnn", members))
    assert loaded.network.architecture == ARCHITECTURE
    assert loaded.training.step == 3


# Other kinds of files


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"\0" * 1000,
        b"\x89PNG\r\n\x1a\n" + b"x" * 500,
        pickle.dumps({"a": 1}),
        b"PK\x05\x06" + b"\0" * 18,
    ],
    ids=["empty", "two bytes", "zeros", "picture", "pickle", "empty zip"],
)
def test_files_of_another_kind_are_refused(content, tmp_path):
    path = tmp_path / "other.cnn"
    path.write_bytes(content)
    refused(path)


def test_what_is_no_file_is_refused(tmp_path):
    refused(tmp_path / "absent.cnn", "could not be opened: No such file or directory")
    (tmp_path / "folder.cnn").mkdir()
    refused(tmp_path / "folder.cnn", "could not be opened")


def test_a_foreign_zip_is_refused(tmp_path):
    refused(write(tmp_path / "x.cnn", {"word/document.xml": b"<a/>"}), "header.json is missing")
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    refused(tmp_path / "arrays.npz", "header.json is missing")


@pytest.mark.parametrize("part", range(1, 20))
def test_a_truncated_file_is_refused(part, members, tmp_path):
    path = write(tmp_path / "whole.cnn", members)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * part // 20])
    refused(path)


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_file_with_wrong_bytes_is_refused_or_unharmed(content, tmp_path, changes):
    damaged = bytearray(content)
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    path = tmp_path / "damaged.cnn"
    path.write_bytes(damaged)
    try:
        loaded = checkpoint.load(path)
    except CheckpointError:
        return
    for value in loaded.network.parameters.values():
        assert np.isfinite(value).all()


# Headers


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"format": "other"}, "another kind of file"),
        ({"format": ["cnn-checkpoint"]}, "another kind of file"),
        ({"version": 2}, "it has version 2, this program reads 1; update the program"),
        ({"version": "9" * 10_000}, "it has version 999"),
        ({"version": None}, "it has version None"),
        ({"architecture": None}, "architecture cannot be used"),
        ({"architecture": []}, "architecture cannot be used"),
        ({"architecture": {"format": "cnn-architecture"}}, "architecture cannot be used"),
        ({"settings": 3}, "settings cannot be used"),
        ({"settings": {"optimizer": {"type": "SGD"}}}, "settings cannot be used"),
        ({"settings": {**TrainingSettings().to_json(), "batch_size": -5}}, "batch_size is -5"),
        ({"settings": {**TrainingSettings().to_json(), "seed": "x" * 100_000}}, "settings cannot be used"),
        ({"training": 3}, "state of training does not fit"),
        ({"training": {}}, "state of training does not fit"),
        ({"training": {"step": -1, "slots": ["velocity"], "learning_rate": 0.1}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["speed"], "learning_rate": 0.1}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": -1}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": 100.5}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": None}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": float("nan")}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": 0.1, "began": 2}}, "does not fit"),
        (
            {"training": {"step": 1, "slots": ["velocity"], "learning_rate": 0.1, "began": "x"}},
            "does not fit",
        ),
        ({"training": {"step": 10**40, "slots": ["velocity"], "learning_rate": 0.1}}, "does not fit"),
        (
            {"training": {"step": 1, "planned_steps": "all", "slots": ["velocity"], "learning_rate": 0.1}},
            "does not fit",
        ),
    ],
    ids=range(24),
)
def test_a_header_that_cannot_be_is_refused(changes, text, members, tmp_path):
    refused(write(tmp_path / "h.cnn", header(members, **changes)), text)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 200_000, b"\xff\xfe\x00", b"null", b"[]", b'"x"', b'{"a": ' * 50_000, b"9" * 10_000],
    ids=range(9),
)
def test_a_header_that_is_no_json_object_is_refused(content, members, tmp_path):
    refused(write(tmp_path / "h.cnn", {**members, "header.json": content}), "header")


def test_metadata_of_another_kind_are_dropped(members, tmp_path):
    assert checkpoint.load(write(tmp_path / "m.cnn", header(members, metadata=[1]))).metadata == {}


def architecture(layers, shape=(6, 6, 1)):
    return json.loads(Architecture(shape, layers).to_json())


@pytest.mark.parametrize(
    "layers",
    [
        (Dense(units=3),),
        (Conv2D(filters=2, kernel_size=7), Flatten(), Dense(units=3)),
        (),
        (Conv2D(filters=65_536, kernel_size=6), Flatten(), Dense(units=65_536)),
        (Conv2D(filters=1, kernel_size=1024, padding=1024),) * 200,
    ],
    ids=["no vector", "too large a kernel", "empty", "gigantic", "a huge window"],
)
def test_an_architecture_that_cannot_work_is_refused(layers, members, tmp_path):
    path = write(tmp_path / "a.cnn", header(members, architecture=architecture(layers)))
    refused(path, "its architecture cannot work")


def test_another_number_of_classes_than_the_weights_have_is_refused(members, tmp_path):
    layers = (*ARCHITECTURE.layers[:-1], Dense(units=5))
    path = write(tmp_path / "c.cnn", header(members, architecture=architecture(layers)))
    refused(path, "parameters/4.weight is float32 (32, 3), its architecture needs float32 (32, 5)")


# Bombs and strange zips


@pytest.mark.parametrize("name", ["header.json", WEIGHT])
def test_a_zip_bomb_is_not_unpacked(name, members, tmp_path):
    path = tmp_path / "bomb.cnn"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, content in members.items():
            if other != name:
                archive.writestr(other, content)
        with archive.open(name, "w") as member:
            for _ in range(200):
                member.write(b" " * 1_000_000)
    refused(path, "bytes")


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(members, tmp_path):
    path = write(tmp_path / "liar.cnn", {**members, WEIGHT: members[WEIGHT] + b"\0" * 100_000_000})
    content = path.read_bytes()
    true, false = (
        (100_000_000 + len(members[WEIGHT])).to_bytes(4, "little"),
        len(members[WEIGHT]).to_bytes(4, "little"),
    )
    assert content.count(true) >= 2
    path.write_bytes(content.replace(true, false))
    refused(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(compression, members, tmp_path):
    path = write(tmp_path / "other.cnn", members, compression)
    refused(path, "header.json is packed in a way that is not used here")


def test_stored_members_are_read(members, tmp_path):
    loaded = checkpoint.load(write(tmp_path / "stored.cnn", members, zipfile.ZIP_STORED))
    assert loaded.network.architecture == ARCHITECTURE


def test_a_name_that_is_no_text_is_refused(content, tmp_path):
    damaged = bytearray(content)
    directory = damaged.find(b"PK\x01\x02")
    damaged[directory + 9] |= 8  # the name is said to be UTF-8
    damaged[directory + 46] = 0xFF
    path = tmp_path / "name.cnn"
    path.write_bytes(damaged)
    refused(path, "damaged")


@settings(
    max_examples=600,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_directory_with_wrong_bytes_is_refused_or_unharmed(content, tmp_path, changes):
    damaged, start = bytearray(content), content.find(b"PK\x01\x02")
    for place, byte in changes:
        damaged[start + place % (len(damaged) - start)] = byte
    path = tmp_path / "damaged.cnn"
    path.write_bytes(damaged)
    try:
        checkpoint.load(path)
    except CheckpointError as error:
        assert len(str(error)) < 700


def test_an_encrypted_member_is_refused(members, tmp_path):
    path = write(tmp_path / "secret.cnn", members)
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(magic)
        while place >= 0:
            content[place + offset] |= 1
            place = content.find(magic, place + 4)
    path.write_bytes(content)
    refused(path)


def test_a_file_that_does_not_say_when_the_optimizers_memory_began_had_it_from_the_beginning(
    members, tmp_path
):
    state = json.loads(members["header.json"])["training"]
    del state["began"]
    loaded = checkpoint.load(write(tmp_path / "old.cnn", header(members, training=state)))
    assert loaded.training.began == 0


def test_a_loaded_state_without_settings_is_no_state(members, tmp_path):
    loaded = checkpoint.load(write(tmp_path / "s.cnn", header(members, settings=None)))
    assert loaded.training is None
    assert replace(loaded, metadata={}).settings is None
