"""Files from the internet in the user's cache folder: fetched once, resumed after a break, checked."""

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_cache_dir

from cnn_core.datasets import reading
from cnn_core.datasets.catalog import RemoteFile, RemoteSet
from cnn_core.datasets.progress import OnProgress
from cnn_core.errors import DatasetError

ATTEMPTS = 3
"""How often one mirror is asked for a file: connections in trains break, but dead servers stay dead."""

_WRONG = "sends something else than the file; does this network need a login page?"


def cache_folder(name: str) -> Path:
    """Where the files of that data set are kept, and where a person may put them by hand."""
    return Path(user_cache_dir("cnn-playground", appauthor=False)) / "datasets" / name


def fetch(
    remote: RemoteSet, split: str, progress: OnProgress | None = None, folder: Path | None = None
) -> tuple[Path, Path]:
    """(images file, labels file) of that split, downloaded unless `folder` has them with the right content.

    `progress` is told the bytes of the file on its way. Raises Cancelled (what has come is kept to go on from
    there), and DatasetError when no mirror delivers, saying what can be done instead.
    """
    folder = folder or cache_folder(remote.name)
    images, labels = remote.files[split]
    # The small file first: when there is no connection, that is known at once.
    paths = [_get(file, remote, split, folder, progress) for file in (labels, images)]
    return paths[1], paths[0]


def at_hand(remote: RemoteSet, split: str, folder: Path | None = None) -> bool:
    """Whether `fetch` would find that split in the folder, with the right content, without the internet."""
    folder = folder or cache_folder(remote.name)
    return all(_present(file, folder) is not None for file in remote.files[split])


def _present(file: RemoteFile, folder: Path) -> Path | None:
    places = (folder / file.name, folder / file.name.removesuffix(".gz"))
    return next((place for place in places if _is_right(place, file)), None)


def _get(file: RemoteFile, remote: RemoteSet, split: str, folder: Path, progress: OnProgress | None) -> Path:
    if (present := _present(file, folder)) is not None:
        return present
    # Here, not above: HTTP is slow to import, and few runs need it.
    from cnn_core.datasets.transfer import TransferError

    target = folder / file.name
    failures = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for mirror in remote.mirrors:
            try:
                _from_mirror(mirror + file.name, target, file, progress)
                return target
            except TransferError as failure:
                failures.append(f"{urlsplit(mirror).netloc} {failure}")
    except OSError as error:
        reason = error.strerror or error
        raise DatasetError(
            f"{file.name}: cannot be kept in {folder} ({reason}); make room or rights there"
        ) from None
    raise DatasetError(_advice(file, remote, split, folder, failures))


def _from_mirror(url: str, target: Path, file: RemoteFile, progress: OnProgress | None) -> None:
    """Put the file from one mirror at `target`; TransferError when it does not come or is another one."""
    from cnn_core.datasets.transfer import TransferError, transfer

    part = target.with_name(target.name + ".part")
    for _ in range(ATTEMPTS):
        resumed = part.exists()
        if not transfer(url, part, progress):
            continue  # broken off: the next attempt goes on where this one ended
        if _md5(part) == file.md5:
            part.replace(target)
            return
        part.unlink()
        if not resumed:
            raise TransferError(_WRONG)
    raise TransferError("breaks off again and again")


def _is_right(path: Path, file: RemoteFile) -> bool:
    """Whether that file is there with the content it should have, gzipped in any way or unpacked."""
    if not path.is_file():
        return False
    if path.suffix == ".gz" and _md5(path) == file.md5:
        return True
    return bool(file.inner_sha256) and _inner_sha256(path) == file.inner_sha256


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _inner_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    read = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            while (chunk := stream.read(reading.CHUNK)) and read <= reading.MAX_BYTES:
                digest.update(chunk)
                read += len(chunk)
    except (OSError, EOFError, zlib.error):
        return ""
    return digest.hexdigest()


def _advice(file: RemoteFile, remote: RemoteSet, split: str, folder: Path, failures: list[str]) -> str:
    present = folder / file.name
    both = " and ".join(needed.name for needed in remote.files[split])
    other = f"; the {file.name} that is there has another content" if present.exists() else ""
    return (
        f"{remote.title}: {file.name} cannot be downloaded ({'; '.join(failures)}){other}; "
        f"without internet use the built-in 'digits', or put {both} into {os.fspath(folder)}"
    )
