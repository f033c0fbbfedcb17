import gzip
import io
import json
import os
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest

import cnn_core as cnn


class Bomb:
    """Would say so if a pickle of it were ever opened."""

    def __reduce__(self):
        return (print, ("a pickle was opened",))


def rewritten(model, path, change):
    """A copy of a .cnn file whose members went through change(name, content); None leaves one out."""
    with zipfile.ZipFile(model) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
    return path


def header_with(**values):
    def change(name, content):
        return json.dumps({**json.loads(content), **values}) if name == "header.json" else content

    return change


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def parameter(content):
    return lambda name, old: content if name == "parameters/0.weight.npy" else old


def absent(model, path):
    return path


def empty(model, path):
    path.write_bytes(b"")
    return path


def folder(model, path):
    path.mkdir()
    return path


def truncated(model, path):
    path.write_bytes(model.read_bytes()[:-200])
    return path


def flipped(model, path):
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    return path


def foreign(model, path):
    np.savez(path.with_suffix(".npz"), a=np.zeros(3))
    return path.with_suffix(".npz")


def pickled(model, path):
    path.write_bytes(pickle.dumps(Bomb()))
    return path


def future(model, path):
    return rewritten(model, path, header_with(version=99))


def deep(model, path):
    return rewritten(model, path, lambda name, old: b"[" * 100_000 if name == "header.json" else old)


def not_finite(model, path):
    return rewritten(model, path, parameter(npy(np.full((5, 5, 1, 8), np.nan, np.float32))))


def objects(model, path):
    return rewritten(model, path, parameter(npy(np.array([Bomb()], object))))


def bomb(model, path):
    return rewritten(model, path, parameter(bytes(300_000_000)))


def absurd(model, path):
    layers = [{"type": "Flatten"}, {"type": "Dense", "units": 10**9}]
    architecture = {"format": "cnn-architecture", "version": 1, "input_shape": [28, 28, 1], "layers": layers}
    return rewritten(model, path, header_with(architecture=architecture))


BAD_MODELS = [
    absent,
    empty,
    folder,
    truncated,
    flipped,
    foreign,
    pickled,
    future,
    deep,
    not_finite,
    objects,
    bomb,
    absurd,
]


@pytest.mark.parametrize("make", BAD_MODELS)
def test_a_bad_model_is_one_sentence(command, model, digits_file, tmp_path, make):
    bad = make(model, tmp_path / "bad.cnn")
    for arguments in (
        ("evaluate", bad, "--data", digits_file),
        ("train", "--resume", bad, "--data", digits_file),
    ):
        ran = command(*arguments)
        assert ran.code == 1
        assert len(ran.err.splitlines()) == 1
        assert ran.err.startswith(f"cnn-playground {arguments[0]}: ")
        assert "bad." in ran.err
        assert "a pickle was opened" not in ran.out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--resume", "a.pipe"),
        ("evaluate", "a.pipe"),
        ("predict", "a.pipe", "digit.png"),
        ("predict", "digits", "a.pipe"),
        ("evaluate", "digits", "--strokes", "a.pipe"),
        ("train", "--architecture", "a.pipe"),
        ("train", "--data", "a.pipe"),
        ("a.pipe",),
    ],
)
def test_a_pipe_is_not_waited_for(start_program, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("a.pipe")
    with start_program(arguments, {"QT_QPA_PLATFORM": "offscreen"}) as process:
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "a.pipe" in said and "this is a pipe or a device; give a file" in said
    assert len(said.splitlines()) == 1


def idx(magic, *sizes, content=b""):
    return struct.pack(f">I{len(sizes)}I", magic, *sizes) + content


BAD_DATA = {
    "absent": None,
    "wrong magic": (b"\x00\x00\x0d\x05" + bytes(100), idx(0x801, 2, content=b"\x00\x01")),
    "truncated": (idx(0x803, 100, 28, 28, content=bytes(50)), idx(0x801, 100, content=bytes(100))),
    "absurd sizes": (idx(0x803, 2**32 - 1, 2**32 - 1, 2**32 - 1), idx(0x801, 2**32 - 1)),
    "other counts": (idx(0x803, 2, 28, 28, content=bytes(1568)), idx(0x801, 3, content=bytes(3))),
    "gzip bomb": (gzip.compress(bytes(100_000_000)), idx(0x801, 2, content=b"\x00\x01")),
    "broken gzip": (gzip.compress(bytes(9999))[:40], idx(0x801, 2, content=b"\x00\x01")),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_idx_files_are_one_sentence(command, tmp_path, name):
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    if (contents := BAD_DATA[name]) is not None:
        images.write_bytes(contents[0])
        labels.write_bytes(contents[1])
    ran = command("train", "--data", images, "--output", tmp_path / "net.cnn")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "net.cnn").exists()


def test_pickled_objects_in_an_npz_are_not_opened(command, tmp_path):
    data = tmp_path / "data.npz"
    np.savez(data, images=np.array([Bomb()] * 3, object), labels=np.zeros(3, int))
    ran = command("train", "--data", data, "--output", tmp_path / "net.cnn")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "a pickle was opened" not in ran.out


def png_claiming(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", png_claiming(200_000, 200_000), png_claiming(10, 10), bytes(1000)]
)
def test_a_bad_image_is_one_sentence(command, model, tmp_path, content):
    image = tmp_path / "bad.png"
    image.write_bytes(content)
    ran = command("predict", model, image)
    assert ran.code == 1
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert "bad.png" in ran.err


def test_a_folder_in_place_of_an_image_is_told_as_one(command, model, tmp_path):
    ran = command("predict", model, tmp_path)
    assert ran.code == 1
    said = f"{tmp_path}: is a folder; give image files, such as {tmp_path / '*.png'}"
    assert ran.err == f"cnn-playground predict: {said}\n"


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 50_000, "7", '{"format": "cnn-architecture", "version": 2}', "\ufeff\x00"]
)
def test_a_bad_architecture_is_one_sentence(command, digits_file, tmp_path, text):
    file = tmp_path / "mine.json"
    file.write_text(text, encoding="utf-8")
    ran = command("train", "--data", digits_file, "--architecture", file, "--output", tmp_path / "net.cnn")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "mine.json" in ran.err


def test_names_in_a_file_do_not_command_the_terminal(command, model, digits_file, tmp_path):
    hostile = cnn.checkpoint.load(model)
    path = tmp_path / "hostile.cnn"
    names = ["\x1b[2J", "two\nlines", "\ud800", 3, None, "x" * 100_000]
    cnn.checkpoint.save(
        path,
        cnn.Checkpoint(network=hostile.network, metadata={"class_names": names, "data": 5, "hold_out": -3}),
    )
    ran = command("evaluate", path, "--data", digits_file)
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert max(map(len, ran.out.splitlines())) < 200
