"""Broken and hostile data given to --data and to the import: one clear sentence each, and nothing changes."""

import gzip
import os
import pickle
import shutil
import stat
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

import cnn_core as cnn
from playground import importing
from playground.qt_images import to_picture


class Trap:
    """Would say so if a pickle of it were ever opened."""

    def __reduce__(self):
        return (print, ("a pickle was opened",))


@pytest.fixture(scope="module")
def picture(qapp_session, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("picture") / "1.png"
    assert to_picture(np.random.default_rng(0).integers(0, 256, (12, 12), dtype=np.uint8)).save(str(path))
    return path.read_bytes()


@pytest.fixture(scope="session")
def qapp_session(qapp):
    return qapp


@pytest.fixture
def pets(picture, tmp_path) -> Path:
    """Four cats and four dogs, all good."""
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "pets" / name / f"{number}.png").write_bytes(picture)
    return tmp_path / "pets"


def claiming(width, height):
    """A small png of a picture that would be as large as this."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


def strange(content):
    return lambda pets, picture: (pets / "cat" / "x.png").write_bytes(content)


def link(target):
    return lambda pets, picture: (pets / "cat" / "x.png").symlink_to(target)


def classes(*names):
    def make(pets, picture):
        for name in names:
            (pets / name).mkdir()
            (pets / name / "1.png").write_bytes(picture)

    return make


NO_IMAGE = "cat/x.png: not an image that can be read; use one of .png"
OUTSIDE = "cat/x.png: is a link that leads nowhere or outside the folder"
LEFT_OUT = {  # what is put into a folder of good images -> what is said of it
    "a text called png": (strange(b"hello"), NO_IMAGE),
    "an empty file": (strange(b""), NO_IMAGE),
    "svg called png": (strange(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), NO_IMAGE),
    "a png cut off": (
        lambda pets, picture: (pets / "cat" / "x.png").write_bytes(picture[:-30]),
        "cat/x.png: the image is damaged or cut off; get it again",
    ),
    "40,000 megapixels": (
        strange(claiming(200_000, 200_000)),
        "cat/x.png: 200,000 x 200,000 pixels are too many",
    ),
    "a link outside": (link("/etc/passwd"), OUTSIDE),
    "a link nowhere": (link("nowhere"), OUTSIDE),
    "a link to itself": (link("x.png"), OUTSIDE),
    "a link to a device": (link("/dev/zero"), OUTSIDE),
    "a link to a folder above": (
        lambda pets, picture: (pets / "cat" / "up").symlink_to(".."),
        "cat/up: is a folder within a class folder, not read",
    ),
    "a pipe": (lambda pets, picture: os.mkfifo(pets / "cat" / "x.png"), "cat/x.png: is not a file"),
    "an empty class": (
        lambda pets, picture: (pets / "emu").mkdir(),
        "emu: holds no images; the class is left out",
    ),
    "a class of bad images": (
        lambda pets, picture: ((pets / "emu").mkdir(), (pets / "emu" / "1.png").write_bytes(b"x")),
        "emu: none of its images can be read; the class is left out",
    ),
    "a stray image": (
        lambda pets, picture: (pets / "x.png").write_bytes(picture),
        "x.png: lies outside the class folders",
    ),
    "one name in two spellings": (
        classes("caf\u00e9", "cafe\u0301"),
        "caf\u00e9: has the same name as another folder; both are one class",
    ),
    "names alike but for case": (
        classes("Dog"),
        "is another class than",
    ),
}


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_cannot_be_used_is_named_and_the_rest_is_taken(command, model, pets, picture, tmp_path, case):
    make, sentence = LEFT_OUT[case]
    make(pets, picture)
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", pets, "--architecture", "tiny", "--epochs", 1, "--output", output)
    assert ran.code == 0, ran.err
    assert sentence in ran.err
    assert all(line.startswith("note: ") for line in ran.err.splitlines())
    evaluated = command("evaluate", output, "--json")
    assert evaluated.code == 0
    assert sentence in evaluated.err
    said = [str(problem) for problem in importing.survey(pets).problems]
    name = sentence.partition(":")[0]
    assert any(name in each.replace("cafe\u0301", "caf\u00e9") for each in said)
    assert len(said) == len(set(said))


def test_names_in_any_script_become_classes(command, pets, picture, tmp_path):
    names = ("日本", "ελλ", "naïve 😀", "a\x1b[2J")
    classes(*names)(pets, picture)
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", pets, "--architecture", "tiny", "--epochs", 1, "--output", output)
    assert ran.code == 0, ran.err
    found = cnn.checkpoint.load(output).metadata["class_names"]
    assert {"cat", "dog", "日本", "ελλ", "naïve 😀", "a\\x1b[2J"} == set(found)
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.skipif(os.name == "nt", reason="rights")
def test_files_without_rights_and_files_that_vanish_are_named(pets, monkeypatch):
    choice = importing.Choice((8, 8, 1))
    found = cnn.datasets.find_folder(pets, importing.read_image)
    (pets / "dog" / "1.png").unlink()
    shutil.rmtree(pets / "cat")
    made = cnn.datasets.collect(found, choice.shape)
    said = " ".join(map(str, made.problems))
    assert "dog/1.png: there is no such file" in said
    assert "cat: none of its images can be read; the class is left out" in said
    assert made.dataset.class_names == ("dog",)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(
        cnn.DatasetError, match=r"none of its images can be read; .*cannot be read \(Permission denied\)"
    ):
        importing.gather(pets, choice)


def packed(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def good(picture):
    return [(f"{name}/{number}.png", picture) for name in ("cat", "dog") for number in range(4)]


def linked():
    info = zipfile.ZipInfo("cat/x.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


MEMBERS = {  # a member among good ones -> what is said of it
    "a slip": ("../evil.png", b"x", "../evil.png: leads outside the zip file"),
    "an absolute name": ("/etc/x.png", b"x", "/etc/x.png: leads outside the zip file"),
    "a drive": ("C:/x/y.png", b"x", "C:/x/y.png: leads outside the zip file"),
    "a slip in the middle": ("cat/../../x.png", b"x", "leads outside the zip file"),
    "a link": (linked(), b"/etc/passwd", "cat/x.png: is a link or a device"),
    "a bomb": ("cat/x.png", bytes(270_000_000), "cat/x.png: would unpack to 270,000,000 bytes"),
    "a bomb of pixels": (
        "cat/x.png",
        claiming(100_000, 100_000),
        "cat/x.png: 100,000 x 100,000 pixels are too many",
    ),
    "a text called png": ("cat/x.png", b"hello", NO_IMAGE),
    "a zip in a zip": ("cat/in.zip", b"PK", "cat/in.zip: is not named as an image"),
    "two spellings": ("Cat/1.png", None, "Cat: is another class than cat, by large and small letters alone"),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_a_hostile_member_of_a_zip_is_named_and_the_rest_is_taken(command, picture, tmp_path, case):
    name, content, sentence = MEMBERS[case]
    path = packed(tmp_path / "pets.zip", [*good(picture), (name, picture if content is None else content)])
    output, before = tmp_path / "net.cnn", sorted(tmp_path.parent.rglob("*.png"))
    ran = command("train", "--data", path, "--architecture", "tiny", "--epochs", 1, "--output", output)
    assert ran.code == 0, ran.err
    assert ran.err.startswith("note: ") and sentence in ran.err
    assert len(ran.err.splitlines()) == 1
    assert any(sentence in str(problem) for problem in importing.survey(path).problems)
    assert sorted(tmp_path.parent.rglob("*.png")) == before  # nothing was unpacked anywhere


def overlapping(path, picture):
    """Many members that are the same bytes of the file."""
    packed(path, good(picture) * 1)
    content = path.read_bytes()
    start = content.index(b"PK\1\2")
    size = content.index(b"PK\1\2", start + 4) - start
    entry = content[start : start + size]
    many = b"".join(entry.replace(b"cat/0.png", b"cat/%c.png" % c) for c in range(65, 91)) * 4
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 104, 104, len(many), start, 0)
    path.write_bytes(content[:start] + many + end)


def idx(magic, *sizes, content=b""):
    return struct.pack(f">I{len(sizes)}I", magic, *sizes) + content


def pair(images, labels):
    def make(path, picture):
        path.mkdir()
        (path / "train-images-idx3-ubyte").write_bytes(images)
        if labels is not None:
            (path / "train-labels-idx1-ubyte").write_bytes(labels)

    return make


def arrays(**values):
    return lambda path, picture: np.savez(path, **values)


def text(content):
    return lambda path, picture: path.write_bytes(content)


def in_folder(name):
    def make(path, picture):
        path.mkdir()
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(b"x")

    return make


IMAGES = np.zeros((4, 8, 8), np.uint8)
REFUSED = {  # file name, how it is made -> the sentence
    "images without class folders": (
        "pets",
        in_folder("a.png"),
        "pets: its images lie in no class folders; put",
    ),
    "a folder of other things": ("pets", in_folder("a.txt"), "pets: holds no train data; accepted are"),
    "only bad images": (
        "pets",
        in_folder("cat/a.png"),
        "pets: none of its images can be read; cat/a.png: not an image",
    ),
    "a pipe": (
        "x.npz",
        lambda path, picture: os.mkfifo(path),
        "x.npz: cannot be read (this is a pipe or a device; give a file)",
    ),
    "a piped zip": ("x.zip", lambda path, picture: os.mkfifo(path), "x.zip: cannot be read (this is a pipe"),
    "an empty zip": (
        "x.zip",
        lambda path, picture: packed(path, []),
        "x.zip: no images found in class folders",
    ),
    "a zip of rubbish": ("x.zip", text(b"PK\3\4rubbish"), "x.zip: is not a complete zip file"),
    "a zip cut off": (
        "x.zip",
        lambda path, picture: path.write_bytes(packed(path, good(picture)).read_bytes()[:300]),
        "x.zip: is not a complete zip file (its end record is missing); get it again",
    ),
    "a zip that overlaps": ("x.zip", overlapping, "they overlap, do not use it"),
    "npz of objects": (
        "x.npz",
        arrays(images=np.array([Trap()] * 3), labels=np.zeros(3)),
        "x.npz: images holds pickled",
    ),
    "a pickle": ("x.npz", text(pickle.dumps(Trap())), "x.npz: is not a complete zip file"),
    "npz without a number": (
        "x.npz",
        arrays(images=np.full((4, 8, 8), np.nan), labels=np.zeros(4)),
        "from nan to nan",
    ),
    "npz of no labels": (
        "x.npz",
        arrays(images=IMAGES),
        "x.npz: holds images; expected arrays named images and labels",
    ),
    "npz of other counts": (
        "x.npz",
        arrays(images=IMAGES, labels=np.zeros(3)),
        "holds 4 images but 3 labels",
    ),
    "npz of negative labels": (
        "x.npz",
        arrays(images=IMAGES, labels=np.full(4, -1)),
        "labels reach from -1 to -1",
    ),
    "npz of fractions": ("x.npz", arrays(images=IMAGES, labels=np.full(4, 0.5)), "must be whole numbers"),
    "csv that is not square": ("x.csv", text(b"1,2,3\n"), "x.csv: has 2 pixels a line, which is no square"),
    "csv of other lengths": (
        "x.csv",
        text(b"1,2,3,4,5\n1,2,3,4\n"),
        "x.csv: line 2 has 3 pixels, expected 4",
    ),
    "csv without a number": (
        "x.csv",
        text(b"1,nan,3,4,5\n"),
        "x.csv: line 1 has the pixel 'nan', expected whole numbers",
    ),
    "csv without a label": (
        "x.csv",
        text(b"nan,1,3,4,5\n1,1,3,4,5\n"),
        "x.csv: holds the label nan, which is no class",
    ),
    "csv of a huge line": (
        "x.csv",
        text(b"1" + b",2" * 3_000_000),
        "x.csv: has a line of more than 4,194,304 bytes",
    ),
    "csv of bytes": ("x.csv", text(bytes(range(256)) * 9), "x.csv: is not in UTF-8"),
    "csv of nothing": ("x.csv", text(b""), "x.csv: holds no images; a line is a label and its pixels"),
    "csv as a bomb": ("x.csv.gz", text(gzip.compress(b"1," + b"0" * 9_000_000)), "has a line of more than"),
    "idx that promises more": (
        "i",
        pair(idx(0x803, 9, 2, 2, content=bytes(4)), idx(0x801, 9, content=bytes(9))),
        "is cut off",
    ),
    "idx that promises less": (
        "i",
        pair(idx(0x803, 2, 2, 2, content=bytes(9)), idx(0x801, 2, content=bytes(2))),
        "goes on after",
    ),
    "idx of other counts": (
        "i",
        pair(idx(0x803, 2, 2, 2, content=bytes(8)), idx(0x801, 3, content=bytes(3))),
        "holds 2 images, but",
    ),
    "idx without labels": (
        "i",
        pair(idx(0x803, 2, 2, 2, content=bytes(8)), None),
        "is not beside it; give 'IMAGES,LABELS'",
    ),
    "a text": ("readme.md", text(b"hello"), "readme.md: no labels file is beside it"),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_at_all_is_one_sentence(command, model, picture, tmp_path, case):
    name, make, sentence = REFUSED[case]
    path, output = tmp_path / name, tmp_path / "net.cnn"
    make(path, picture)
    for arguments in (("train", "--output", output), ("evaluate", model)):
        ran = command(*arguments, "--data", path)
        assert ran.code == 1
        assert sentence in ran.err
        assert len(ran.err.splitlines()) == 1
        assert ran.err.startswith(f"cnn-playground {arguments[0]}: ")
        assert "a pickle was opened" not in ran.out
    assert not output.exists()
    if importing.holds_images(path):
        with pytest.raises(cnn.DatasetError):
            importing.survey(path)


# From Python 3.14 on, a path asked whether it is a folder says no to any name.
LONG = "cannot be read (File name too long)" if sys.version_info < (3, 14) else "there is no data set or file"


@pytest.mark.parametrize(
    ("spec", "code", "sentence"),
    [
        ("", 2, "the name of the data is empty"),
        ("/dev/zero", 1, "zero: cannot be read (this is a pipe or a device; give a file)"),
        ("a\0b", 1, "there is no data set or file 'a\\x00b'"),
        ("x" * 5000, 1, LONG),
        ("nowhere::8x8x1,keep,17", 1, "nowhere: there is no such file"),
        ("nowhere::0x8x1,keep,17", 2, "is no data choice; a folder or .zip of images is followed by"),
        ("nowhere::8x8x1,bent,17", 2, "is no data choice"),
    ],
)
def test_a_name_that_means_nothing_is_one_sentence(command, model, tmp_path, spec, code, sentence):
    for arguments in (("train", "--output", tmp_path / "net.cnn"), ("evaluate", model)):
        ran = command(*arguments, "--data", spec)
        assert ran.code == code
        assert sentence in ran.err.splitlines()[-1]
        assert len(ran.err.splitlines()[-1]) < 900
