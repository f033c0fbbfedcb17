import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cnn_core.datasets import Cancelled, csv, from_csv, reading
from cnn_core.errors import DatasetError

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 9), dtype=np.uint8)
LABELS = [3, 0, 1, 3, 2]


def lines(labels: list, delimiter: str = ",") -> list[str]:
    return [
        delimiter.join(map(str, [label, *row])) for label, row in zip(labels, PIXELS.tolist(), strict=True)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def to(content: str | bytes) -> Path:
        (tmp_path / "set.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "set.csv"

    return to


HEADER = "label," + ",".join(f"pixel{i}" for i in range(9))


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(lines(LABELS)),
        "\r\n".join([HEADER, *lines(LABELS), "", ""]),
        "\ufeff" + "\n".join(lines(LABELS)),
        "\ufeff" + "\n".join([HEADER, *lines(LABELS)]),
        "\n".join(lines(LABELS, ";")),
        "\n".join(lines([f"{label}.0" for label in LABELS], "\t")),
        "\n".join(["label," + ",".join(map(str, range(9))), *lines(LABELS)]),
        "\n".join(
            [
                ",".join(map(str, range(1, 10))) + ",class",
                *(f"{s.split(',', 1)[1]},{s[0]}" for s in lines(LABELS)),
            ]
        ),
        '"' + "\n".join([HEADER, *lines(LABELS)]).replace(",", '","').replace("\n", '"\n"') + '"',
        "\n".join(["a,b,c,d,e,f,g,h,i,Label", *(f"{s.split(',', 1)[1]},{s[0]}" for s in lines(LABELS))]),
        "\r".join([HEADER, *lines(LABELS)]),
        ",\r\n".join([HEADER, *lines(LABELS), ""]),
        "\n".join(lines(LABELS)).replace(",", ".0,") + ".0",
    ],
)
def test_the_usual_forms_are_read(write, text: str) -> None:
    dataset = from_csv(write(text))
    assert np.array_equal(dataset.images, PIXELS.reshape(5, 3, 3, 1))
    assert dataset.labels.tolist() == LABELS
    assert (dataset.class_names, dataset.source) == (("0", "1", "2", "3"), "set.csv")


def test_a_gzipped_file_is_recognised(write) -> None:
    assert len(from_csv(write(gzip.compress("\n".join(lines(LABELS)).encode())))) == 5


def test_words_become_class_names(write) -> None:
    dataset = from_csv(write("\n".join(lines(["dog", '"cat"', "größe", "dog", "cat"]))))
    assert dataset.class_names == ("cat", "dog", "größe")
    assert dataset.labels.tolist() == [1, 0, 2, 1, 0]


@pytest.mark.parametrize("last", [False, True])
def test_a_quoted_label_may_hold_delimiters_and_quotes(write, last: bool) -> None:
    words = ['"cat, small"', '"say ""miau"""', "dog"]
    text = [f"0,1,2,3,{word}" if last else f"{word},0,1,2,3" for word in words]
    dataset = from_csv(write("\n".join(["a,b,c,d,label", *text] if last else text)))
    assert set(dataset.class_names) == {"cat, small", 'say "miau"', "dog"}
    assert dataset.images.reshape(3, 4).tolist() == [[0, 1, 2, 3]] * 3


def test_black_and_white_may_be_1_and_0(write) -> None:
    assert from_csv(write("1,0,1,1,0\n0,1,1,0,0")).images.reshape(2, 4).tolist() == [
        [0, 255, 255, 0],
        [255, 255, 0, 0],
    ]


def test_a_class_named_as_a_header_is_no_header(write) -> None:
    assert from_csv(write("y,0,255,7,9\nx,1,1,1,1\n")).class_names == ("x", "y")


def test_a_shape_can_be_given(write) -> None:
    dataset = from_csv(write("\n".join(lines(LABELS))), image_shape=(1, 3, 3))
    assert np.array_equal(dataset.images, PIXELS.reshape(5, 1, 3, 3))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_lines_cut_by_blocks_are_put_together(write, monkeypatch, chunk: int, end: str) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    dataset = from_csv(write(end.join([*lines(LABELS), ""])))
    assert np.array_equal(dataset.images[..., 0].reshape(5, 9), PIXELS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no images"),
        ("\n\n", "holds no images"),
        (HEADER, "holds no images"),
        ("hello", "line 1 has one value"),
        ("1,2,3,4,5\n1,2,3,4", "line 2 has 3 pixels, expected 4"),
        ("1,2,3,4,5\n\n1,2,3,4,256", "line 3 has the pixel '256', expected whole numbers 0 to 255"),
        ("1,2,3,4,-5", "line 1 has the pixel '-5'"),
        ("1,2,3,4,0.5", "line 1 has the pixel '0.5'"),
        ("1,2,3,4,", "has 3 pixels a line, which is no square grey image"),
        ("1,2,3,,4", "line 1 has the pixel ''"),
        ("1,2,3,4,5\n1,2,3,4,256.0", "line 2 has the pixel '256.0'"),
        ("Bär,2,3,4,5\nBür,2,3,4,5".encode("latin-1"), "is not in UTF-8; save it as CSV in UTF-8"),
        ("1,2,3,4,²", "line 1 has the pixel '²'"),
        ("1,2,3,4," + "9" * 5000, r"line 1 has the pixel '9{20}\.\.\.'"),
        ('1,2,3,4,"999"', "line 1 has the pixel '\"999\"', expected whole numbers 0 to 255"),
        ("1,2,3,4", "has 3 pixels a line, which is no square grey image"),
        ("-1,2,3,4,5", "labels reach from -1 to -1"),
        ("99999,2,3,4,5", "labels reach from 99999 to 99999"),
        ("1.5,2,3,4,5", "whole numbers"),
        (",2,3,4,5", "holds an empty label"),
        ("1,nan,3,4,5", "line 1 has the pixel 'nan'"),
        ("1,2,3,4,5\nNaN,2,3,4,5", "holds the label nan, which is no class; every image needs one"),
        ("a" * 300 + ",2,3,4,5", "holds a label of 300 characters, at most 255"),
        ("a,label,b\n1,2,3", "column 2 is the label; it must be the first or last"),
        (b"\0\1\2,3,\n" * 3, "line 1 holds more than text"),
        ("label,a,b,c,d\n1,2,3,4,5".encode("utf-16"), "is not in UTF-8; save it as CSV in UTF-8"),
        (
            "label,a,b,c,d\n1,2,3,4,5".encode("utf-16-le"),
            "line 1 holds more than text; save it as CSV in UTF-8",
        ),
        (
            "\n".join(f"{label},2,3,4,5" for label in range(1001)),
            "holds more than 1,000 different labels; is the label in the first column",
        ),
        (gzip.compress(b"1,2,3,4,5")[:-4], "damaged or cut off"),
    ],
)
def test_faults_are_named_with_their_line(write, text, sentence: str) -> None:
    with pytest.raises(DatasetError, match=f"set.csv: .*({sentence})") as caught:
        from_csv(write(text))
    assert len(str(caught.value)) < 200


def test_a_file_without_line_ends_is_not_swallowed_whole(write, monkeypatch) -> None:
    monkeypatch.setattr(csv, "MAX_LINE", 1000)
    with pytest.raises(DatasetError, match="a line of more than 1,000 bytes"):
        from_csv(write(gzip.compress(bytes(5_000_000))))


def test_a_long_label_among_many_lines_takes_little_memory(write) -> None:
    path = write("a" * 500_000 + ",1,2,3,4\n" + "b,1,2,3,4\n" * 200)
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"set\.csv: holds a label of 500,000 characters, at most 255"):
        from_csv(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_more_images_than_memory_holds_are_refused(write, monkeypatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 44)
    with pytest.raises(DatasetError, match="5 images of 3x3x1 would take"):
        from_csv(write("\n".join(lines(LABELS))))


def test_progress_is_in_bytes_and_can_cancel(write, monkeypatch) -> None:
    path = write("\n".join(lines(LABELS)))
    steps: list[tuple[int, int | None]] = []
    from_csv(path, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (path.stat().st_size, path.stat().st_size)
    with pytest.raises(Cancelled):
        from_csv(path, progress=lambda done, total: False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("0123456789,;.-+e\n\r\"' \tax\x00²", max_size=40) | st.binary(max_size=40))
@example("1,1\n1,")
def test_any_text_gives_a_data_set_or_a_sentence(write, content) -> None:
    try:
        assert len(from_csv(write(content))) > 0
    except DatasetError as error:
        assert str(error).startswith("set.csv: ")
