"""Arrays within a checkpoint that do not fit, or that mean harm: refused, and nothing in them is run."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from checkpoint_files import npy, refused, write

from cnn_core import checkpoint

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
