"""The answer and its bars."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from playground.theme import LIGHT, font
from playground.views.class_bars import ClassBars
from playground.views.class_texts import it_is
from playground.views.prediction_panel import NOTHING_DRAWN, NOTHING_FITS, PredictionPanel
from playground.views.seen_view import SeenView

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform has no window manager

DIGITS = tuple("0123456789")


@pytest.fixture
def panel(qtbot: QtBot) -> PredictionPanel:
    widget = PredictionPanel()
    qtbot.addWidget(widget)
    widget.resize(240, 400)
    widget.set_prediction(None, DIGITS)
    widget.show()
    return widget


def seven(sureness: float = 0.91) -> np.ndarray:
    probabilities = np.full(10, (1 - sureness) / 9, np.float32)
    probabilities[7] = sureness
    return probabilities


def labels(panel: PredictionPanel) -> str:
    return " ".join(label.text() for label in panel.findChildren(QLabel) if not label.isHidden())


def test_the_winner_is_named_with_its_percentage(panel: PredictionPanel) -> None:
    panel.set_prediction(seven(), DIGITS)
    assert panel.property("predictedClass") == 7
    assert panel.property("probabilities") == pytest.approx(seven().tolist())
    assert labels(panel).replace("\u202f", " ") == "7 sure, 91.0 %"


def test_no_drawing_is_said_and_predicts_nothing(panel: PredictionPanel) -> None:
    assert panel.property("predictedClass") == -1
    assert panel.property("probabilities") == []
    assert "Draw something" in labels(panel)


def test_an_unsure_answer_names_the_runner_up(panel: PredictionPanel) -> None:
    probabilities = np.zeros(10)
    probabilities[[4, 9]] = 0.52, 0.48
    panel.set_prediction(probabilities, DIGITS)
    assert labels(panel).endswith("or 9")


def test_a_long_name_of_the_runner_up_gives_way_and_no_line_is_lost(qtbot: QtBot) -> None:
    panel = PredictionPanel(lead=SeenView())
    qtbot.addWidget(panel)
    panel.resize(186, 400)
    panel.show()
    names = tuple(f"class number {index}" for index in range(40))
    panel.set_prediction(np.full(40, 1 / 40), names)
    said = next(label for label in panel.findChildren(QLabel) if label.text().startswith("unsure"))
    lines = said.text().splitlines()
    assert lines[1].startswith("or c") and lines[1].endswith("…")
    assert lines[2] == "not calibrated"
    assert said.heightForWidth(said.width()) <= said.height()
    assert "or class number 38" in panel.accessibleDescription()
    panel.resize(500, 400)
    assert said.text().splitlines()[0].endswith("; or class number 38")


def test_a_long_name_keeps_the_mark_of_doubt(qtbot: QtBot) -> None:
    panel = PredictionPanel(lead=SeenView())
    qtbot.addWidget(panel)
    panel.resize(186, 400)
    panel.show()
    panel.set_prediction([0.9, 0.1], ("an exceedingly long name", "other"), familiar=False)
    assert any(label.text().endswith("…?") for label in panel.findChildren(QLabel))


def test_nothing_moves_between_no_prediction_and_any_prediction(panel: PredictionPanel, qtbot: QtBot) -> None:
    bars = panel.findChild(ClassBars)
    before = bars.geometry(), panel.sizeHint(), panel.minimumSizeHint()
    panel.set_prediction(seven(), DIGITS)
    qtbot.wait(1)
    assert (bars.geometry(), panel.sizeHint(), panel.minimumSizeHint()) == before


def test_clicking_a_bar_selects_its_class(panel: PredictionPanel) -> None:
    panel.set_prediction(seven(), DIGITS)
    chosen: list[int] = []
    panel.class_selected.connect(chosen.append)
    QTest.mouseClick(panel.findChild(ClassBars), Qt.MouseButton.LeftButton, pos=QPoint(50, 3 * 20 + 10))
    assert chosen == [3]


def test_arrows_walk_the_classes_and_enter_selects(panel: PredictionPanel) -> None:
    panel.set_prediction(seven(), DIGITS)
    bars = panel.findChild(ClassBars)
    chosen: list[int] = []
    panel.class_selected.connect(chosen.append)
    for _ in range(7):
        QTest.keyClick(bars, Qt.Key.Key_Down)
    assert bars.accessibleDescription().startswith("7: 91.0")
    QTest.keyClick(bars, Qt.Key.Key_Return)
    assert chosen == [7]


def teaching(panel: PredictionPanel) -> tuple[ClassBars, list[int], list[int]]:
    """The bars of a panel that can be taught, and what it asks for: looking at a class, teaching one."""
    panel.set_prediction(seven(), DIGITS)
    panel.set_teaching(True)
    looked: list[int] = []
    taught: list[int] = []
    panel.class_selected.connect(looked.append)
    panel.class_taught.connect(taught.append)
    return panel.findChild(ClassBars), looked, taught


def test_the_button_in_a_row_teaches_and_the_rest_of_it_selects(panel: PredictionPanel) -> None:
    bars, looked, taught = teaching(panel)
    button = bars.button_rect(4)
    assert button.left() > bars.width() / 4
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=button.center())
    assert (looked, taught) == ([], [4])
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(5, button.center().y()))
    assert (looked, taught) == ([4], [4])


def test_a_press_that_slides_off_the_button_teaches_nothing(panel: PredictionPanel) -> None:
    bars, looked, taught = teaching(panel)
    QTest.mousePress(bars, Qt.MouseButton.LeftButton, pos=bars.button_rect(4).center())
    QTest.mouseRelease(bars, Qt.MouseButton.LeftButton, pos=bars.button_rect(5).center())
    assert (looked, taught) == ([], [])


def test_a_class_that_comes_under_the_pointer_meanwhile_is_not_taught(panel: PredictionPanel) -> None:
    names = [f"class {i}" for i in range(40)]
    rising = np.linspace(0, 0.05, 40)
    panel.set_prediction(rising, names)
    panel.set_teaching(True)
    taught: list[int] = []
    panel.class_taught.connect(taught.append)
    bars = panel.findChild(ClassBars)
    place = bars.button_rect(0).center()
    QTest.mousePress(bars, Qt.MouseButton.LeftButton, pos=place)
    panel.set_prediction(rising[::-1], names)
    QTest.mouseRelease(bars, Qt.MouseButton.LeftButton, pos=place)
    assert taught == []
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=place)
    assert taught == [0]


def test_a_finger_sees_the_button_before_it_presses_it(panel: PredictionPanel, qtbot: QtBot) -> None:
    bars, _, taught = teaching(panel)
    device = QTest.createTouchDevice()
    for taps in (0, 1):
        place = bars.button_rect(4).center()
        QTest.touchEvent(bars, device).press(0, place, bars).commit()
        QTest.touchEvent(bars, device).release(0, place, bars).commit()
        qtbot.wait(1)
        assert taught == [4] * taps


def test_the_row_pointed_at_shows_its_button(panel: PredictionPanel) -> None:
    bars, _, _ = teaching(panel)
    button = bars.button_rect(4)

    def accents() -> int:
        image = bars.grab(button).toImage()
        accent = LIGHT.color("accent").rgb()
        return sum(image.pixel(x, y) == accent for x in range(button.width()) for y in range(button.height()))

    without = accents()
    QTest.mouseMove(bars, QPoint(3, button.center().y()))
    outlined = accents()
    QTest.mouseMove(bars, button.center())
    assert without < outlined < accents()


def test_nothing_is_taught_without_a_drawing_nor_what_is_kept_already(panel: PredictionPanel) -> None:
    bars, looked, taught = teaching(panel)
    panel.set_teaching(True, kept=4)
    assert bars.button_rect(4).isEmpty()
    assert not bars.button_rect(5).isEmpty()
    panel.set_teaching(False)
    bars.setFocus()
    QTest.keyClick(bars, Qt.Key.Key_Return)
    assert (looked, taught) == ([0], [])


def test_enter_teaches_space_selects_and_both_are_said(panel: PredictionPanel) -> None:
    bars, looked, taught = teaching(panel)
    assert "Enter keeps the drawing as this" in bars.accessibleDescription()
    QTest.keyClick(bars, Qt.Key.Key_Return)
    QTest.keyClick(bars, Qt.Key.Key_Space)
    assert (looked, taught) == ([0], [0])
    assert "Enter" in bars.toolTip()
    panel.set_teaching(True, kept=0)
    assert "is kept as this" in bars.accessibleDescription()


@pytest.mark.parametrize(
    ("name", "said"), [("4", "It is a 4"), ("8", "It is an 8"), ("Shirt", "It is this"), ("?", "It is this")]
)
def test_the_button_says_what_it_is(name: str, said: str) -> None:
    assert it_is(name) == said


def test_of_many_classes_the_most_probable_comes_first(panel: PredictionPanel) -> None:
    names = [f"class {i}" for i in range(100)]
    probabilities = np.linspace(0, 0.02, 100)
    panel.set_prediction(probabilities, names)
    chosen: list[int] = []
    panel.class_selected.connect(chosen.append)
    QTest.mouseClick(panel.findChild(ClassBars), Qt.MouseButton.LeftButton, pos=QPoint(50, 10))
    assert chosen == [99]


def test_one_class_and_missing_names_work(panel: PredictionPanel) -> None:
    panel.set_prediction([1.0], [])
    assert panel.property("predictedClass") == 0
    assert labels(panel).startswith("0 sure")


@pytest.mark.parametrize("scores", [3, 12])
def test_a_network_may_give_fewer_or_more_scores_than_there_are_names(
    panel: PredictionPanel, scores: int
) -> None:
    probabilities = np.zeros(scores)
    probabilities[2] = 1.0
    panel.set_prediction(probabilities, DIGITS)
    panel.grab()
    assert panel.property("predictedClass") == 2
    assert len(panel.property("probabilities")) == scores


def test_an_unfamiliar_image_gets_a_hint_rather_than_confident_words(panel: PredictionPanel) -> None:
    panel.set_prediction(seven(0.99), DIGITS, familiar=False)
    assert labels(panel) == "7? looks unlike a digit"
    assert "unlike a digit" in panel.accessibleDescription()
    assert panel.property("predictedClass") == 7
    panel.set_prediction(seven(), DIGITS)
    assert "unlike" not in labels(panel)


def test_what_is_unlike_clothes_is_not_said_to_be_unlike_digits(panel: PredictionPanel) -> None:
    panel.set_prediction([0.9, 0.1], ("Shirt", "Bag"), familiar=False)
    assert labels(panel) == "Shirt? looks unlike what it learned"


def test_a_temperature_is_explained_where_the_percentage_is(panel: PredictionPanel) -> None:
    def tips() -> str:
        return " ".join(label.toolTip() for label in panel.findChildren(QLabel))

    panel.set_prediction(seven(), DIGITS, temperature=0.61)
    assert "to what is one of these, at least nine in ten are right" in tips().replace("\n", " ")
    assert labels(panel).endswith("calibrated")
    assert "0.610" in tips()
    panel.set_prediction(seven(), DIGITS)
    assert "divided" not in tips()
    assert "calibrated" not in labels(panel)


def test_beside_a_drawing_it_is_said_that_an_answer_is_not_calibrated(qtbot: QtBot) -> None:
    panel = PredictionPanel(lead=QLabel())
    qtbot.addWidget(panel)
    panel.set_prediction(seven(), DIGITS, temperature=0.61)
    assert "%\ncalibrated" in labels(panel)
    panel.set_prediction(seven(), DIGITS)
    assert "%\nnot calibrated" in labels(panel)


@pytest.mark.parametrize(("label", "role"), [("7", "good"), ("8", "error"), ("star", "muted")])
def test_what_the_data_say_stands_below_the_answer(panel: PredictionPanel, label: str, role: str) -> None:
    panel.set_prediction(seven(), DIGITS, label=label)
    said = next(each for each in panel.findChildren(QLabel) if each.text() == f"labelled {label}")
    assert said.isVisible()
    assert said.property("role") == role
    assert panel.accessibleDescription().endswith(f"labelled {label}")
    panel.set_prediction(None, DIGITS, label=label)
    assert said.isHidden()  # there is nothing to compare it with
    panel.set_prediction(seven(), DIGITS)
    assert said.isHidden()


def test_the_label_takes_no_room_beside_what_the_answer_is_to(qtbot: QtBot) -> None:
    lead = QLabel()
    lead.setFixedSize(84, 84)
    panel = PredictionPanel(lead=lead)
    qtbot.addWidget(panel)
    panel.resize(184, 400)
    panel.show()
    panel.set_prediction(seven(0.5), DIGITS, temperature=0.6)
    before = panel.findChild(ClassBars).mapTo(panel, QPoint())
    panel.set_prediction(seven(0.5), DIGITS, temperature=0.6, label="8")
    qtbot.wait(1)
    assert panel.findChild(ClassBars).mapTo(panel, QPoint()) == before


def test_all_rows_stay_in_sight_where_a_note_on_the_input_takes_room(qtbot: QtBot) -> None:
    seen = SeenView()
    panel = PredictionPanel(lead=seen)
    qtbot.addWidget(panel)
    panel.resize(185, 237)  # of the panel in a window of 1280 by 720
    panel.show()
    panel.set_prediction(seven(), DIGITS)
    bars = panel.findChild(ClassBars)
    before = bars.height()
    seen.set_note("smooth is off")
    qtbot.waitUntil(lambda: bars.height() < before)
    assert bars.height() <= bars.parentWidget().height()


@pytest.fixture
def small(qtbot: QtBot) -> PredictionPanel:
    """The panel of the smallest window, in the program's font."""
    panel = PredictionPanel(lead=SeenView())
    qtbot.addWidget(panel)
    panel.setFont(font("body"))
    panel.resize(174, 154)
    panel.show()
    return panel


def cut(panel: PredictionPanel, begin: str) -> bool:
    """Whether the words that begin so have more lines than room."""
    said = next(each for each in panel.findChildren(QLabel) if each.text().startswith(begin))
    return said.heightForWidth(said.width()) > said.height()


@pytest.mark.parametrize("why", [NOTHING_DRAWN, NOTHING_FITS])
def test_why_there_is_no_answer_has_room_in_the_smallest_window(small: PredictionPanel, why: str) -> None:
    small.set_prediction(None, DIGITS, why)
    assert not cut(small, why)


def test_the_runner_up_is_left_out_where_there_is_no_line_for_it(small: PredictionPanel) -> None:
    probabilities = np.zeros(10)
    probabilities[[4, 9]] = 0.52, 0.48
    small.set_prediction(probabilities, DIGITS)
    assert "\nnot calibrated" in labels(small)
    assert not cut(small, "unsure")
    assert "or 9" in small.accessibleDescription()
