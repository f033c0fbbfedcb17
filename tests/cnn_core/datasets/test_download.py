"""Downloads against a server on this machine that misbehaves in the ways servers do."""

import gzip
import hashlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from cnn_core.datasets import Cancelled, download, from_idx, transfer
from cnn_core.datasets.catalog import RemoteFile, RemoteSet
from cnn_core.errors import DatasetError

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


class Server:
    """Serves files in memory; `answers` holds how the next requests for a file are answered instead."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, str | None]] = []  # path, Range
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def asked(self, name: str) -> list[str | None]:
        return [ranges for path, ranges in self.requests if path.endswith(name)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                outer.requests.append((self.path, self.headers.get("Range")))
                queue = outer.answers.get(name, [])
                answer = queue.pop(0) if queue else whole
                answer(self, outer.files.get(name, b""))

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def head(handler: BaseHTTPRequestHandler, status: int, **headers: object) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()


def whole(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    """An honest server: resumes when asked, 404 for what it does not have."""
    start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
    if not data:
        head(handler, 404, Content_Length=0)
    elif start >= len(data):
        head(handler, 416, Content_Length=0)
    elif start:
        head(
            handler,
            206,
            Content_Length=len(data) - start,
            Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}",
        )
        handler.wfile.write(data[start:])
    else:
        head(handler, 200, Content_Length=len(data))
        handler.wfile.write(data)


def ignores_range(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 200, Content_Length=len(data))
    handler.wfile.write(data)


def resumes_elsewhere(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 206, Content_Length=len(data), Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}")
    handler.wfile.write(data)


def breaks_off(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
    end = start + (len(data) - start) // 2
    content_range = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
    head(handler, 206 if start else 200, Content_Length=len(data) - start, **content_range)
    handler.wfile.write(data[start:end])


def breaks_off_within_a_chunk(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.protocol_version = "HTTP/1.1"
    head(handler, 200, Transfer_Encoding="chunked", Connection="close")
    handler.wfile.write(b"%x\r\n" % len(data) + data[:100])
    handler.close_connection = True


def chunked(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.protocol_version = "HTTP/1.1"
    head(handler, 200, Transfer_Encoding="chunked", Connection="close")
    handler.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n")
    handler.close_connection = True


def says_too_little(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 200, Content_Length=len(data) - 10)
    handler.wfile.write(data)


def says_nonsense(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 200, Content_Length="many")
    handler.wfile.write(data)


def stalls(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 200, Content_Length=len(data))
    handler.wfile.write(data[:20])
    handler.wfile.flush()
    time.sleep(0.6)  # longer than the client waits


def trickles(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 200, Content_Length=len(data))
    for start in range(0, len(data), len(data) // 5 + 1):
        handler.wfile.write(data[start : start + len(data) // 5 + 1])
        handler.wfile.flush()
        time.sleep(0.02)


def login_page(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    page = b"<html>Welcome to our free wireless network</html>"
    head(handler, 200, Content_Length=len(page))
    handler.wfile.write(page)


def endless(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 200)
    try:
        for _ in range(1000):
            handler.wfile.write(bytes(100_000))
    except OSError:
        pass


def error(status: int) -> Answer:
    return lambda handler, data: head(handler, status, Content_Length=0)


def redirect(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 302, Location="/elsewhere" + handler.path, Content_Length=0)


def redirect_for_ever(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    head(handler, 302, Location=handler.path, Content_Length=0)


def not_http(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transfer, "TIMEOUT", 0.3)
    server = Server()
    yield server
    server.close()


@pytest.fixture
def remote(server: Server, idx_bytes) -> RemoteSet:
    noise = np.random.default_rng(0).integers(0, 256, (20, 100, 100), dtype=np.uint8)
    plain = {IMAGES: idx_bytes(noise), LABELS: idx_bytes(np.arange(20, dtype=np.uint8))}
    server.files = {name: gzip.compress(data) for name, data in plain.items()}
    images, labels = (
        RemoteFile(
            name,
            hashlib.md5(server.files[name]).hexdigest(),
            hashlib.sha256(plain[name]).hexdigest() if name == IMAGES else "",
        )
        for name in (IMAGES, LABELS)
    )
    return RemoteSet("noise", "Noise", (server.address,), {"train": (images, labels)}, ("a",))


def mirrored(remote: RemoteSet, *mirrors: str) -> RemoteSet:
    return RemoteSet(remote.name, remote.title, mirrors, remote.files, remote.class_names)


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def test_files_are_downloaded_once_and_then_taken_from_the_folder(remote, server, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    images, labels = download.fetch(remote, "train", folder=folder)
    assert from_idx(images, labels).images.shape == (20, 100, 100, 1)
    assert download.fetch(remote, "train", folder=folder) == (images, labels)
    assert [path for path, _ in server.requests] == [f"/{LABELS}", f"/{IMAGES}"]
    assert sorted(path.name for path in folder.iterdir()) == [IMAGES, LABELS]


@pytest.mark.parametrize(
    "answers",
    [
        [trickles],
        [chunked],
        [redirect],
        [says_nonsense],
        [breaks_off],
        [breaks_off, breaks_off],
        [breaks_off_within_a_chunk],
        [stalls],
        [breaks_off, ignores_range],
        [breaks_off, resumes_elsewhere],
    ],
    ids=lambda answers: "+".join(answer.__name__ for answer in answers),
)
def test_a_difficult_server_still_delivers(remote, server, tmp_path: Path, answers: list[Answer]) -> None:
    server.answers[IMAGES] = list(answers)
    images, _ = download.fetch(remote, "train", folder=tmp_path)
    assert images.read_bytes() == server.files[IMAGES]
    assert not list(tmp_path.glob("*.part"))


def test_after_a_break_only_the_rest_is_asked_for(remote, server, tmp_path: Path) -> None:
    server.answers[IMAGES] = [breaks_off]
    download.fetch(remote, "train", folder=tmp_path)
    assert server.asked(IMAGES) == [None, f"bytes={len(server.files[IMAGES]) // 2}-"]


@pytest.mark.parametrize("left", [b"older bytes that do not belong", bytes(10**6)], ids=["wrong", "too long"])
def test_a_wrong_beginning_left_by_an_earlier_run_is_replaced(remote, server, tmp_path, left: bytes) -> None:
    (tmp_path / f"{IMAGES}.part").write_bytes(left)
    images, _ = download.fetch(remote, "train", folder=tmp_path)
    assert images.read_bytes() == server.files[IMAGES]
    assert server.asked(IMAGES) == [f"bytes={len(left)}-", None]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error(404), "answers 404"),
        (error(503), "answers 503"),
        (redirect_for_ever, "answers 302"),
        (login_page, "sends something else than the file"),
        (says_too_little, "sends something else than the file"),
        (endless, "sends more than 300,000 bytes"),
        (breaks_off, "breaks off again and again"),
        (stalls, "breaks off again and again"),
        (not_http, "is not reached"),
    ],
)
def test_the_next_mirror_is_tried_and_all_failures_are_told(
    remote, server, tmp_path: Path, monkeypatch, answer: Answer, reason: str
) -> None:
    monkeypatch.setattr(transfer, "MAX_DOWNLOAD", 300_000)
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    server.answers[LABELS] = [answer] * 20
    twice = mirrored(remote, server.address, closed_port())
    with pytest.raises(DatasetError, match=f"Noise: {LABELS} cannot be downloaded") as caught:
        download.fetch(twice, "train", folder=tmp_path)
    assert f"{server.address[7:-1]} {reason}" in str(caught.value)
    assert "is not reached (" in str(caught.value)
    assert not (tmp_path / LABELS).exists()

    server.answers[LABELS] = []
    _, labels = download.fetch(mirrored(remote, closed_port(), server.address), "train", folder=tmp_path)
    assert labels.read_bytes() == server.files[LABELS]


def test_another_mirror_goes_on_where_the_first_broke_off(
    remote, server, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    server.answers[IMAGES] = [breaks_off]
    download.fetch(mirrored(remote, server.address, server.address), "train", folder=tmp_path)
    assert server.asked(IMAGES)[1] == f"bytes={len(server.files[IMAGES]) // 2}-"


def test_offline_says_so_and_what_to_do(remote, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        download.fetch(mirrored(remote, closed_port()), "train", folder=tmp_path)
    sentence = str(caught.value)
    assert "is not reached" in sentence and "\n" not in sentence
    assert f"use the built-in 'digits', or put {IMAGES} and {LABELS} into {tmp_path}" in sentence


def test_an_address_that_does_not_exist_is_not_reached(remote, tmp_path: Path, monkeypatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(
        DatasetError, match=r"no-such-host.invalid is not reached \(Name or service not known\)"
    ):
        download.fetch(mirrored(remote, "http://no-such-host.invalid/"), "train", folder=tmp_path)


def test_cancelling_keeps_what_came_and_the_next_run_goes_on(remote, server, tmp_path: Path) -> None:
    total = len(server.files[IMAGES])
    steps: list[tuple[int, int | None]] = []

    def cancel_in_the_middle(done: int, of: int | None) -> bool:
        return not (of == total and done > 0)

    with pytest.raises(Cancelled):
        download.fetch(remote, "train", cancel_in_the_middle, tmp_path)
    kept = (tmp_path / f"{IMAGES}.part").stat().st_size
    assert 0 < kept < total and not (tmp_path / IMAGES).exists()

    download.fetch(remote, "train", lambda done, of: steps.append((done, of)), tmp_path)
    assert server.asked(IMAGES)[-1] == f"bytes={kept}-"
    assert steps[0] == (kept, total) and steps[-1] == (total, total)


def test_files_put_there_by_hand_are_taken_when_their_content_matches(remote, server, tmp_path: Path) -> None:
    (tmp_path / LABELS).write_bytes(server.files[LABELS])
    plain = gzip.decompress(server.files[IMAGES])
    for name, data in ((IMAGES, gzip.compress(plain, 1)), (IMAGES.removesuffix(".gz"), plain)):
        (tmp_path / name).write_bytes(data)
        assert download.at_hand(remote, "train", tmp_path)
        assert download.fetch(remote, "train", folder=tmp_path)[0] == tmp_path / name
        (tmp_path / name).unlink()
        assert not download.at_hand(remote, "train", tmp_path)
    assert server.requests == []


@pytest.mark.parametrize(
    "content", [b"", b"not gzip", gzip.compress(b"something else"), gzip.compress(b"x")[:9]]
)
def test_files_with_another_content_are_replaced_or_named(remote, server, tmp_path, content: bytes) -> None:
    (tmp_path / IMAGES).write_bytes(content)
    (tmp_path / LABELS).write_bytes(server.files[LABELS])
    with pytest.raises(
        DatasetError, match=f"the {IMAGES} that is there has another content; without internet"
    ):
        download.fetch(mirrored(remote, closed_port()), "train", folder=tmp_path)
    assert (tmp_path / IMAGES).read_bytes() == content
    images, _ = download.fetch(remote, "train", folder=tmp_path)
    assert images.read_bytes() == server.files[IMAGES]


def test_a_folder_that_cannot_be_written_is_named(remote, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match=f"{LABELS}: cannot be kept in .*file"):
        download.fetch(remote, "train", folder=tmp_path / "file" / "inside")


def test_a_full_disk_is_named_and_leaves_nothing_behind_that_counts(
    remote, tmp_path: Path, monkeypatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transfer.os, "fsync", full)
    with pytest.raises(DatasetError, match=r"cannot be kept in .* \(No space left on device\)"):
        download.fetch(remote, "train", folder=tmp_path)
    assert not (tmp_path / LABELS).exists()


def test_a_proxy_set_on_this_machine_is_used(remote, server, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.setenv("no_proxy", "")
    download.fetch(mirrored(remote, "http://far-away.invalid/"), "train", folder=tmp_path)
    assert server.requests[0][0] == f"http://far-away.invalid/{LABELS}"


@pytest.mark.parametrize("with_truststore", [True, False])
def test_certificates_are_checked_with_and_without_truststore(monkeypatch, with_truststore: bool) -> None:
    if with_truststore:
        pytest.importorskip("truststore")
    else:
        monkeypatch.setitem(sys.modules, "truststore", None)
    context = transfer._certificates()
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname


def test_files_are_kept_in_the_users_cache_folder() -> None:
    folder = download.cache_folder("mnist")
    assert folder.parts[-3:] == ("cnn-playground", "datasets", "mnist")


def test_the_real_mnist_put_there_by_hand_is_accepted(shared_data: Path, tmp_path: Path) -> None:
    from cnn_core.datasets.catalog import CATALOG

    for name in (IMAGES, LABELS):
        (tmp_path / name).write_bytes((shared_data / "mnist" / name).read_bytes())
    assert download.fetch(CATALOG["mnist"], "train", folder=tmp_path) == (
        tmp_path / IMAGES,
        tmp_path / LABELS,
    )
