"""Every usual kind of image file is read as it is meant; what is cut off or of another kind is refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, qRgb, qRgba

import cnn_core as cnn
from playground import image_reading
from playground.image_kinds import is_whole, kind_of
from playground.image_reading import read_image

pytestmark = pytest.mark.usefixtures("qapp")
WRITTEN = ("png", "jpg", "bmp", "webp", "tif")


def written(image: QImage, form: str) -> bytes:
    """The bytes of an image file."""
    content, buffer = QByteArray(), QBuffer()
    buffer.setBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, form, 95)
    buffer.close()
    return bytes(content.data())


def noise() -> QImage:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    return QImage(pixels.tobytes(), 60, 60, 180, QImage.Format.Format_RGB888).copy()


def two_halves(width: int, height: int) -> QImage:
    """Red on the left, white on the right."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    for x in range(width // 2):
        for y in range(height):
            image.setPixelColor(x, y, QColor("red"))
    return image


def gif(*frames: tuple[int, int, int, int]) -> bytes:
    """2x2 pixels a frame, each 0 (white) or 1 (black)."""
    content = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + bytes([255] * 3 + [0] * 3)
    for frame in frames:
        codes = [code for pixel in frame for code in (4, pixel)] + [5]
        bits = "".join(f"{code:03b}" for code in reversed(codes))
        data = int(bits, 2).to_bytes(-(-len(bits) // 8), "little")
        content += b"\x21\xf9\x04\0\x0a\0\0\0," + struct.pack("<HHHHB", 0, 0, 2, 2, 0)
        content += b"\x02" + bytes([len(data)]) + data + b"\0"
    return content + b";"


def tif(*pages: tuple[int, int, int, int]) -> bytes:
    """2x2 grey pixels a page."""
    content = b"II*\0\x08\0\0\0"
    for number, page in enumerate(pages):
        data = len(content) + 2 + 12 * 9 + 4
        entries = [(256, 1, 2), (257, 1, 2), (258, 1, 8), (259, 1, 1), (262, 1, 1), (273, 1, data)]
        entries += [(277, 1, 1), (278, 1, 2), (279, 1, 4)]
        following = data + 4 if number < len(pages) - 1 else 0
        content += struct.pack("<H", 9) + b"".join(
            struct.pack("<HHII", tag, 4, *rest) for tag, *rest in entries
        )
        content += struct.pack("<I", following) + bytes(page)
    return content


def turned(jpg: bytes, orientation: int) -> bytes:
    """A photograph with the note of how the camera was held."""
    tag = struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    note = b"Exif\0\0MM\0*" + tag
    return jpg[:2] + b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note + jpg[2:]


@pytest.mark.parametrize("form", ["png", "tif"])
def test_sixteen_bits_of_grey_become_eight(form: str) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    found = read_image(written(QImage(ramp.tobytes(), 16, 16, 32, QImage.Format.Format_Grayscale16), form))
    assert found.shape == (16, 16, 1)
    np.testing.assert_allclose(found[..., 0], ramp / 257, atol=1)


def test_colours_of_a_palette_are_looked_up() -> None:
    image = QImage(3, 1, QImage.Format.Format_Indexed8)
    image.setColorTable([qRgb(250, 0, 0), qRgb(0, 0, 240)])
    image.fill(0)
    image.setPixel(2, 0, 1)
    assert read_image(written(image, "png"))[0].tolist() == [
        [250, 0, 0],
        [250, 0, 0],
        [0, 0, 240],
    ]
    image.setColorTable([qRgba(250, 0, 0, 0), qRgb(9, 9, 9)])  # a transparent colour is white whatever it is
    assert read_image(written(image, "png"))[0].tolist() == [[255], [255], [9]]


@pytest.mark.parametrize("form", ["png", "bmp", "tif"])
def test_black_and_white_is_grey(form: str) -> None:
    image = QImage(9, 1, QImage.Format.Format_Mono)
    image.fill(1)
    image.setPixel(0, 0, 0)
    assert read_image(written(image, form))[0, :2].tolist() == [[0], [255]]


@pytest.mark.parametrize("form", ["png", "webp", "tif"])
def test_half_transparent_ink_is_half_as_dark(form: str) -> None:
    image = QImage(8, 8, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    image.setPixelColor(7, 7, QColor(0, 0, 0, 128))
    found = read_image(written(image, form))
    assert found.shape == (8, 8, 1)
    assert found[0, 0, 0] >= 250
    assert found[7, 7, 0] == pytest.approx(127, abs=3)


def test_the_colours_of_print_become_those_of_the_screen() -> None:
    image = QImage(16, 16, QImage.Format.Format_CMYK8888)
    np.frombuffer(image.bits(), np.uint8)[:] = np.tile(np.array([0, 255, 255, 0], np.uint8), 256)
    found = read_image(written(image, "jpg"))
    assert found.shape == (16, 16, 3)
    assert np.abs(found[8, 8].astype(int) - [255, 0, 0]).max() < 10


@pytest.mark.parametrize(("orientation", "red_is"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")])
def test_photographs_are_turned_as_the_camera_was_held(orientation: int, red_is: str) -> None:
    found = read_image(turned(written(two_halves(32, 16), "jpg"), orientation))
    assert found.shape == ((16, 32, 3) if red_is in ("left", "right") else (32, 16, 3))
    sides = {"left": found[:, 2], "right": found[:, -3], "top": found[2], "bottom": found[-3]}
    reddest = max(sides, key=lambda side: int(sides[side][..., 0].mean() - sides[side][..., 1].mean()))
    assert reddest == red_is


@pytest.mark.parametrize("content", [gif((0, 1, 1, 1), (1, 0, 0, 0)), tif((255, 0, 0, 0), (0, 9, 9, 9))])
def test_of_several_pictures_in_a_file_the_first_is_read(content: bytes) -> None:
    assert read_image(content)[..., 0].tolist() == [[255, 0], [0, 0]]


@pytest.mark.parametrize("form", WRITTEN)
def test_the_content_decides_whatever_the_file_is_called(form: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(written(noise(), form))
    assert kind_of(path.read_bytes()) == form
    assert read_image(path).shape == (60, 60, 3)


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.97])
def test_a_file_that_is_cut_off_is_no_image(
    form: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = written(noise(), form)
    assert is_whole(whole, form)
    with pytest.raises(cnn.DatasetError, match=r"damaged|not an image"):
        read_image(whole[: int(len(whole) * share)])
    assert capfd.readouterr().err == ""  # what is wrong is said by the error alone


def test_a_gif_that_is_cut_off_within_its_first_picture_is_no_image() -> None:
    content = gif((0, 1, 1, 1), (1, 0, 0, 0))
    assert is_whole(content[:-12], "gif")
    for length in (10, 20, 30, 40):
        with pytest.raises(cnn.DatasetError, match=r"damaged|not an image"):
            read_image(content[:length])


def test_a_bmp_whose_pixels_would_lie_behind_its_end_is_no_image(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(written(noise(), "bmp"))
    content[10:14] = (len(content) + 1).to_bytes(4, "little")
    with pytest.raises(cnn.DatasetError, match="damaged or cut off; get it again"):
        read_image(bytes(content))
    assert capfd.readouterr().err == ""  # Qt would say that it cannot go there


def test_a_preview_within_a_photograph_does_not_stand_for_its_end() -> None:
    photo = written(noise(), "jpg")
    preview = b"\xff\xe1" + struct.pack(">H", 8) + b"..\xff\xd9.."
    content = photo[:2] + preview + photo[2:]
    assert is_whole(content, "jpg")
    assert not is_whole(content[:-200], "jpg")


def test_a_flipped_bit_is_noticed_by_the_check_sum() -> None:
    content = bytearray(written(noise(), "png"))
    content[len(content) // 2] ^= 1
    with pytest.raises(cnn.DatasetError, match="damaged or cut off; get it again"):
        read_image(bytes(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"%PDF-1.4\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
        b'/* XPM */\nstatic char *x[]={"1 1 1 1","a c #000000","a"};',
        b"P5 2 2 255 abcd",
        bytes(1000),
    ],
)
def test_other_content_is_not_even_tried(content: bytes) -> None:
    with pytest.raises(cnn.DatasetError, match=r"^not an image that can be read; use one of \.png"):
        read_image(content)


@pytest.mark.parametrize(
    "start", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"II*\0", b"RIFF0000WEBP"]
)
def test_any_bytes_after_a_right_beginning_give_an_image_or_a_sentence(start: bytes) -> None:
    random = np.random.default_rng(len(start))
    for size in (0, 1, 5, 30, 300):
        with pytest.raises(cnn.DatasetError, match=r"^(not an|the) image "):
            read_image(start + random.bytes(size))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_claiming(width: int, height: int) -> bytes:
    """A small file of a picture that would be as large as this."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_an_enormous_picture_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(cnn.DatasetError, match=r"200,000 x 200,000 pixels are too many; at most 100,000,000"):
        read_image(png_claiming(200_000, 200_000))


def test_a_file_of_too_many_bytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_reading, "LARGEST_FILE", 50)
    path = tmp_path / "long.png"
    path.write_bytes(bytes(51))
    with pytest.raises(cnn.DatasetError, match=r"long\.png: is larger than the 50 bytes that are read"):
        read_image(path)
