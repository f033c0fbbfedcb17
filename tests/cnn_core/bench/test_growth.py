"""The table of growth: its points, their work, and the reasons it gives."""

import pytest

from cnn_core.bench import growth
from cnn_core.bench.growth import Cost, Point, points, print_growth, reason


def test_channels_kernel_and_image_grow_one_at_a_time():
    found = {grows: [value for g, value, _ in points() if g == grows] for grows, _, _ in points()}
    assert found == {
        "channels": [4, 8, 16, 32, 64, 128],
        "kernel": [1, 3, 5, 7, 9],
        "image": [8, 16, 32, 64, 128],
    }
    for grows, value, point in points():
        others = {"channels": 32, "kernel": 3, "size": 32} | {"size" if grows == "image" else grows: value}
        assert point == Point(**others)


def test_work_is_pixels_times_window_times_filters_and_three_times_that_in_training():
    point = Point(channels=8, kernel=5, size=16)
    assert point.multiply_adds(training=False) == 16 * 16 * 5 * 5 * 8 * 8
    assert point.multiply_adds(training=True) == 3 * point.multiply_adds(training=False)


def cost(**parts):
    return Cost(work=1000, seconds=sum(parts.values()), parts=parts)


def test_the_reason_names_the_parts_that_differ_the_most_first():
    base = cost(products=0.8, copies=0.1, rest=0.1)
    assert reason(base, base) == ""
    assert reason(cost(products=0.9, copies=0.1, rest=0.1), base) == ""
    dearer = cost(products=1.2, copies=0.7, rest=0.15)
    assert reason(dearer, base) == "dearer: copies +0.60, products +0.40"
    assert reason(cost(products=0.5, copies=0.1, rest=0.1), base) == "cheaper: products -0.30"


def test_the_table_has_a_line_for_every_point(monkeypatch, capsys):
    few = [("channels", 4, Point(4, 3, 8)), ("kernel", 1, Point(8, 1, 8))]
    monkeypatch.setattr(growth, "points", lambda: iter(few))
    monkeypatch.setattr(growth, "BASE", (8, 3, 8))
    rows = print_growth(0.01)
    assert [(row["figure"], row["grows"], row["value"]) for row in rows] == [
        (figure, grows, value) for figure in ("training", "inference") for grows, value, _ in few
    ]
    for row in rows:
        assert sum(row["parts"].values()) == pytest.approx(row["relative"])
    printed = capsys.readouterr().out.splitlines()
    assert (
        sum(line.startswith(("channels ", "kernel ")) and line[14:].lstrip()[0].isdigit() for line in printed)
        >= 4
    )
