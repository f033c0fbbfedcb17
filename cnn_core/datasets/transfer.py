"""One file over HTTP, resumed where an earlier attempt ended; bounded in size and in waiting."""

import http.client
import os
import re
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from cnn_core.datasets.progress import OnProgress, report

TIMEOUT = 20.0
"""Seconds without a byte after which a connection counts as broken; slow mobile networks pause for less."""

MAX_DOWNLOAD = 64 * 1024**2
"""Most bytes of one file: the largest known has 26 MB; a server that never ends must not fill the disk."""

_CHUNK = 1 << 16  # at most this much between two reports of progress

_FAILURES = (OSError, http.client.HTTPException, ValueError)
"""What urllib raises for no network, refused, reset or late connections, wrong certificates, broken HTTP."""


class TransferError(Exception):
    """A server that cannot deliver; the text goes on after the server's name: 'answers 404'."""


def transfer(url: str, part: Path, progress: OnProgress | None = None) -> bool:
    """Append what is missing to `part`; False when the connection broke off before the end.

    Begins anew when the server cannot resume. Raises TransferError when the server does not deliver at all,
    Cancelled when `progress` answers False (`part` stays, to be resumed), OSError when the disk is full.
    """
    start = part.stat().st_size if part.exists() else 0
    try:
        response = _open(url, start)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
            part.unlink()  # longer than the server's file: not what it should be
            return False
        raise TransferError(f"answers {error.code}") from None
    except _FAILURES as error:
        raise TransferError(f"is not reached ({_reason(error)})") from None
    with response:
        if start and not _resumes_at(response, start):
            start = 0
        with part.open("ab" if start else "wb") as file:
            complete = _receive(response, file, start, progress)
            file.flush()
            os.fsync(file.fileno())
    if part.stat().st_size > MAX_DOWNLOAD:
        part.unlink()
        raise TransferError(f"sends more than {MAX_DOWNLOAD:,} bytes")
    return complete


def _open(url: str, start: int) -> http.client.HTTPResponse:
    """The answer to a request for the file from byte `start` on, through the proxy set on this machine."""
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_certificates()))
    request = urllib.request.Request(url, headers={"User-Agent": "cnn-playground"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT)
    return response


def _certificates() -> ssl.SSLContext:
    """The system's certificates, as schools and firms add theirs to; Python's own list without truststore."""
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _resumes_at(response: http.client.HTTPResponse, start: int) -> bool:
    given = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return response.status == http.HTTPStatus.PARTIAL_CONTENT and given is not None and int(given[1]) == start


def _receive(
    response: http.client.HTTPResponse, file: IO[bytes], start: int, progress: OnProgress | None
) -> bool:
    """Write what comes; whether all of it came."""
    total = None if response.length is None else start + response.length
    done = start
    while True:
        report(progress, done, total)
        try:
            chunk = response.read1(_CHUNK)
        except _FAILURES:
            return False
        if not chunk:
            return total is None or done == total
        file.write(chunk)
        done += len(chunk)
        if done > MAX_DOWNLOAD:
            return False


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)
