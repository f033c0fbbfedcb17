"""The well-known data sets that are downloaded by name: from where, what exactly, and the class names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RemoteFile:
    """One gzipped IDX file: its name everywhere, its MD5, and where known the SHA-256 of what is inside."""

    name: str
    md5: str
    inner_sha256: str = ""


@dataclass(frozen=True)
class RemoteSet:
    """A data set on the internet; mirrors are addresses that end in / and hold the same files."""

    name: str
    title: str
    mirrors: tuple[str, ...]
    files: Mapping[str, tuple[RemoteFile, RemoteFile]]  # split -> (images, labels)
    class_names: tuple[str, ...]


_FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}


def _files(*sums: tuple[str, str]) -> Mapping[str, tuple[RemoteFile, RemoteFile]]:
    """The files from (md5, inner sha256) of train images, train labels, test images and test labels."""
    remote = iter(sums)
    return {
        split: (RemoteFile(images, *next(remote)), RemoteFile(labels, *next(remote)))
        for split, (images, labels) in _FILES.items()
    }


_MNIST = RemoteSet(
    name="mnist",
    title="MNIST",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=_files(
        (
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        (
            "d53e105ee54ea40749a09fcbcd1e9432",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        (
            "9fb629c4189551a2d022fa330f9573f3",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        (
            "ec29112dd5afa0611ce80d1b7f02629c",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    class_names=tuple("0123456789"),
)

_FASHION = RemoteSet(
    name="fashion-mnist",
    title="Fashion-MNIST",
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    files=_files(
        ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", ""),
        ("25c81989df183df01b3e8a0aad5dffbe", ""),
        ("bef4ecab320f06d8554ea6380940ec79", ""),
        ("bb300cfdad3c16e7a12a480ee83cd310", ""),
    ),
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)

_KMNIST = RemoteSet(
    name="kmnist",
    title="KMNIST",
    mirrors=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    files=_files(
        ("bdb82020997e1d708af4cf47b453dcf7", ""),
        ("e144d726b3acfaa3e44228e80efcd344", ""),
        ("5c965bf0a639b31b8f53240b1b52f4d7", ""),
        ("7320c461ea6c1c855c0b718fb2a4b134", ""),
    ),
    class_names=(
        "お (o)",
        "き (ki)",
        "す (su)",
        "つ (tsu)",
        "な (na)",
        "は (ha)",
        "ま (ma)",
        "や (ya)",
        "れ (re)",
        "を (wo)",
    ),
)

CATALOG: Mapping[str, RemoteSet] = {remote.name: remote for remote in (_MNIST, _FASHION, _KMNIST)}
"""Every data set that can be downloaded, by name."""


def class_names_by_folder(folder: Path) -> tuple[str, ...] | None:
    """The class names of the set that a folder of its files, or the folder around that, is named after.

    As people and programs name them: fashion-mnist, Fashion_MNIST, FashionMNIST/raw. None: after no set.
    """
    sets = {_letters(remote.name): remote for remote in CATALOG.values()}
    place = folder.absolute()
    named = (sets.get(_letters(name)) for name in (place.name, place.parent.name))
    return next((remote.class_names for remote in named if remote is not None), None)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))
