from pytestqt.qtbot import QtBot

from playground.views.elided_label import ElidedLabel, ElidedLines


def test_text_that_does_not_fit_is_told_by_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a sentence that is longer than its room", role="small")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""


def test_words_give_way_to_the_value_after_them(qtbot: QtBot) -> None:
    label = ElidedLabel("Conv2D 1, channel 3, row 4, column 7: 1.24", before_value=": ")
    qtbot.addWidget(label)
    metrics = label.fontMetrics()
    for room in range(metrics.horizontalAdvance("1.24"), metrics.horizontalAdvance(label.text())):
        label.resize(room, 20)
        assert label.fitting.endswith("1.24")
        assert label.fitting == "1.24" or "…: " in label.fitting
        assert metrics.horizontalAdvance(label.fitting) <= room + 1
    label.resize(600, 20)
    assert label.fitting == label.text()


def test_a_value_too_long_for_its_room_is_elided_with_the_words_before_it(qtbot: QtBot) -> None:
    label = ElidedLabel("Conv2D 1, does not fit: its kernel is larger than its input", before_value=": ")
    qtbot.addWidget(label)
    label.resize(90, 20)
    assert label.fitting.startswith("Conv2D 1") and label.fitting.endswith("…")


def test_it_does_not_widen_what_it_sits_in(qtbot: QtBot) -> None:
    label = ElidedLabel("x" * 500)
    qtbot.addWidget(label)
    assert label.minimumSizeHint().width() <= 40


def test_lines_that_do_not_fit_end_in_dots_and_are_told_by_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLines()
    qtbot.addWidget(label)
    label.setText("a sentence that has more words than there is room for in two lines, or even in three")
    label.resize(120, 2 * label.fontMetrics().lineSpacing() + 1)
    label.grab()
    first, second = label.fitting.splitlines()
    assert label.text().startswith(f"{first} {second.removesuffix('…')}")
    assert second.endswith("…")
    assert max(label.fontMetrics().horizontalAdvance(line) for line in (first, second)) <= 120
    assert label.toolTip() == label.text()
    label.resize(120, 400)
    label.grab()
    assert " ".join(label.fitting.splitlines()) == label.text()
    assert label.toolTip() == ""


def test_no_text_is_no_line(qtbot: QtBot) -> None:
    label = ElidedLines()
    qtbot.addWidget(label)
    assert label.fitting == ""


def test_a_tooltip_that_was_given_stays(qtbot: QtBot) -> None:
    label = ElidedLabel("a sentence that is longer than its room")
    qtbot.addWidget(label)
    label.setToolTip("more")
    for width in (60, 600):
        label.resize(width, 20)
        label.grab()
        assert label.toolTip() == "more"
