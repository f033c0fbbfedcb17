"""Of which kind the bytes of an image file are, whatever it is called, and whether it is there as a whole.

Decoders show what there is of a cut-off file as if it were the picture; training data must not hold such.
"""

from __future__ import annotations

import zlib

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"BM", "bmp"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tif"),
    (b"MM\0*", "tif"),
)
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}  # markers of JPEG that nothing follows


def kind_of(content: bytes) -> str | None:
    """Return png, jpg, bmp, gif, webp or tif by how a file begins; None for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), None)


def is_whole(content: bytes, kind: str) -> bool:
    """Tell whether a file of that kind goes on to its end; True where only decoding can tell (tif)."""
    match kind:
        case "png":
            return _png_is_whole(content)
        case "jpg":
            return _jpg_is_whole(content)
        case "gif":
            return _gif_is_whole(content)
        case "bmp":
            length, pixels = (int.from_bytes(content[at : at + 4], "little") for at in (2, 10))
            return len(content) >= max(length, pixels)
        case "webp":
            return len(content) >= int.from_bytes(content[4:8], "little") + 8
    return True


def _png_is_whole(content: bytes) -> bool:
    """Follow the chunks (length, name, data, check sum) to the last one, IEND."""
    at = 8
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        if end > len(content):
            return False
        with memoryview(content) as view:
            if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
                return False
        if content[at + 4 : at + 8] == b"IEND":
            return True
        at = end
    return False


def _jpg_is_whole(content: bytes) -> bool:
    """Follow the segments to the picture's data, after which the end mark must come.

    A small preview among the segments has an end mark of its own.
    """
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return False
        marker = content[at + 1]
        if marker == 0xDA:  # the data begins
            return content.rfind(b"\xff\xd9") > at
        if marker == 0xFF:  # filling
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + max(int.from_bytes(content[at + 2 : at + 4], "big"), 2)
    return False


def _gif_is_whole(content: bytes) -> bool:
    """Follow the blocks to the end of the first picture, which is the one that is read."""
    at = 13 + _table_size(content[10:11])
    while at + 10 < len(content):
        if content[at] == 0x2C:  # a picture: place, table of colours, bits, data
            start = at + 10 + _table_size(content[at + 9 : at + 10]) + 1
            return _end_of_blocks(content, start) is not None
        if content[at] != 0x21:  # nor an extension
            return False
        end = _end_of_blocks(content, at + 2)
        if end is None:
            return False
        at = end
    return False


def _table_size(flags: bytes) -> int:
    """Return the bytes of a table of colours, as its flags tell."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _end_of_blocks(content: bytes, at: int) -> int | None:
    """Return where blocks that begin with their length end with an empty one; None where they do not."""
    while at < len(content):
        if content[at] == 0:
            return at + 1
        at += 1 + content[at]
    return None
