"""Files that are no checkpoints, or that mean harm: one clear sentence, nothing loaded, memory bounded."""

import io
import json
import pickle
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import plain_network
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """The parts of a good file: name -> bytes."""
    path = tmp_path_factory.mktemp("good") / "good.cnn"
    network = plain_network.random_network(ARCHITECTURE)
    run = TrainingSettings()
    state = TrainingState(3, 40, 0.05, run.optimizer.slots(network.parameters))
    whole = Checkpoint(network=network, settings=run, training=state, metadata={"note": "good"})
    checkpoint.save(path, whole)
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


@pytest.fixture(scope="module")
def content(members, tmp_path_factory):
    return write(tmp_path_factory.mktemp("bytes") / "whole.cnn", members).read_bytes()


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
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": None}}, "does not fit"),
        ({"training": {"step": 1, "slots": ["velocity"], "learning_rate": float("nan")}}, "does not fit"),
        ({"training": {"step": 10**40, "slots": ["velocity"], "learning_rate": 0.1}}, "does not fit"),
        (
            {"training": {"step": 1, "planned_steps": "all", "slots": ["velocity"], "learning_rate": 0.1}},
            "does not fit",
        ),
    ],
    ids=range(21),
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


# Arrays

WEIGHT = "parameters/4.weight.npy"
GOOD = np.zeros((32, 3), np.float32)


class Harm:
    def __reduce__(self):
        return print, ("this must never be printed",)


def lying(shape, dtype="<f4", data=b"\0" * 384):
    """Return an .npy file whose header says what is not there."""
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (len(text) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data


def zip_of(**contents):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


ARRAYS = {
    "pickled objects": npy(np.array([[Harm()] * 3] * 32, object), allow_pickle=True),
    "a bare pickle": pickle.dumps(Harm()),
    "a pickle within": npy(np.array([Harm()], object), allow_pickle=True),
    "an archive within": zip_of(a=npy(GOOD)),
    "no array": b"hello",
    "empty": b"",
    "only the magic": b"\x93NUMPY",
    "another shape": npy(GOOD.T.copy()),
    "one dimension": npy(GOOD.ravel()),
    "doubles": npy(GOOD.astype(np.float64)),
    "integers": npy(GOOD.astype(np.int32)),
    "other byte order": npy(GOOD.astype(">f4")),
    "complex": npy(GOOD.astype(np.complex64)),
    "text": npy(np.full((32, 3), "a")),
    "nan": npy(np.where(np.arange(96).reshape(32, 3) == 50, np.nan, GOOD).astype(np.float32)),
    "infinite": npy(np.where(np.arange(96).reshape(32, 3) == 50, -np.inf, GOOD).astype(np.float32)),
    "truncated": npy(GOOD)[:-1],
    "absurd shape": lying((2**40, 3)),
    "overflowing shape": lying((2**62, 2**62)),
    "endless shape": lying((10**40,)),
    "negative shape": lying((-32, 3)),
    "many dimensions": lying((1,) * 70),
    "shape of text": lying("'abc'"),
    "shape of a call": lying("__import__('os')"),
    "unknown type": lying((32, 3), dtype="<q9"),
    "structured type": lying((32,), dtype=[("a", "<f4", (3,))]),
    "objects said": lying((32, 3), dtype="|O"),
    "long header": b"\x93NUMPY\x01\x00\xff\xff" + b" " * 3000,
    "version 9": b"\x93NUMPY\x09\x00" + npy(GOOD)[8:],
}


@pytest.mark.parametrize("content", ARRAYS.values(), ids=ARRAYS.keys())
def test_arrays_that_do_not_fit_are_refused(content, members, tmp_path, capsys):
    sentence = refused(write(tmp_path / "a.cnn", {**members, WEIGHT: content}))
    assert "parameters/4.weight" in sentence
    assert capsys.readouterr().out == ""


def test_an_array_stored_column_by_column_is_read_and_made_contiguous(members, tmp_path):
    values = np.asfortranarray(np.arange(96, dtype=np.float32).reshape(32, 3))
    loaded = checkpoint.load(write(tmp_path / "f.cnn", {**members, WEIGHT: npy(values)}))
    np.testing.assert_array_equal(loaded.network.parameters["4.weight"], values)
    assert loaded.network.parameters["4.weight"].flags.c_contiguous


@pytest.mark.parametrize("name", [WEIGHT, "buffers/1.running_var.npy", "slots/velocity/0.bias.npy"])
def test_a_missing_array_is_named(name, members, tmp_path):
    rest = {k: v for k, v in members.items() if k != name}
    refused(write(tmp_path / "m.cnn", rest), f"{name} is missing")


def test_a_negative_running_variance_is_refused(members, tmp_path):
    values = np.array([1, -0.5], np.float32)
    refused(
        write(tmp_path / "v.cnn", {**members, "buffers/1.running_var.npy": npy(values)}),
        "a running variance is negative",
    )


def test_numbers_that_are_not_asked_for_are_ignored(members, tmp_path):
    more = {"parameters/9.weight.npy": npy(GOOD), "../../evil": b"x", "/etc/evil": b"x"}
    loaded = checkpoint.load(write(tmp_path / "more.cnn", {**members, **more}))
    assert "9.weight" not in loaded.network.parameters
    assert [p.name for p in tmp_path.iterdir()] == ["more.cnn"]


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
    path = write(tmp_path / "liar.cnn", {**members, WEIGHT: npy(GOOD) + b"\0" * 100_000_000})
    content = path.read_bytes()
    true, false = (100_000_000 + len(npy(GOOD))).to_bytes(4, "little"), len(npy(GOOD)).to_bytes(4, "little")
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


def test_a_loaded_state_without_settings_is_no_state(members, tmp_path):
    loaded = checkpoint.load(write(tmp_path / "s.cnn", header(members, settings=None)))
    assert loaded.training is None
    assert replace(loaded, metadata={}).settings is None
