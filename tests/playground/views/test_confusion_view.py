import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from playground.theme import DARK, LIGHT
from playground.views.confusion_view import EMPTY, ConfusionView, most_confused

NAMES = ("cat", "dog", "owl")
COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 5, 5]])


@pytest.fixture
def view(qtbot: QtBot) -> ConfusionView:
    view = ConfusionView()
    qtbot.addWidget(view)
    view.resize(744, 260)
    view.show()
    return view


def shown(view: ConfusionView) -> str:
    return "\n".join(label.text() for label in view.findChildren(QLabel) if label.isVisible())


def cell(view: ConfusionView, truth: int, predicted: int) -> QPoint:
    return view.matrix.cell_rect(truth, predicted).center().toPoint()


def test_without_a_validation_it_says_when_one_comes(view: ConfusionView) -> None:
    view.set_confusion(None)
    assert EMPTY in shown(view)


def test_it_says_accuracy_and_the_step_it_comes_from(view: ConfusionView) -> None:
    view.set_confusion(COUNTS, NAMES, 420)
    assert "Accuracy 73.33 % of 30 images · after step 420" in shown(view)


def test_a_click_selects_the_cell(view: ConfusionView, qtbot: QtBot) -> None:
    view.set_confusion(COUNTS, NAMES, 420)
    with qtbot.waitSignal(view.cell_selected) as signal:
        QTest.mouseClick(view.matrix, Qt.MouseButton.LeftButton, pos=cell(view, 2, 1))
    assert signal.args == [2, 1]


def test_a_click_beside_the_cells_selects_nothing(view: ConfusionView, qtbot: QtBot) -> None:
    view.set_confusion(COUNTS, NAMES, 420)
    with qtbot.assertNotEmitted(view.cell_selected):
        QTest.mouseClick(view.matrix, Qt.MouseButton.LeftButton, pos=view.matrix.rect().bottomRight())


def test_hovering_reads_out_a_cell(view: ConfusionView) -> None:
    view.set_confusion(COUNTS, NAMES, 420)
    QTest.mouseMove(view.matrix, view.matrix.rect().bottomRight())
    QTest.mouseMove(view.matrix, cell(view, 2, 1))
    assert "owl taken for dog: 5 of 10 images (50.0 %)" in shown(view)


def test_arrows_and_enter_walk_and_select(view: ConfusionView, qtbot: QtBot) -> None:
    view.set_confusion(COUNTS, NAMES, 420)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(view.matrix, key)
    assert view.matrix.accessibleDescription() == "dog recognised: 9 of 10 images (90.0 %)"
    with qtbot.waitSignal(view.cell_selected) as signal:
        QTest.keyClick(view.matrix, Qt.Key.Key_Return)
    assert signal.args == [1, 1]


def test_a_class_without_images_is_read_out(view: ConfusionView) -> None:
    view.set_confusion(np.array([[3, 0], [0, 0]]), ("a", "b"), 1)
    QTest.mouseMove(view.matrix, view.matrix.rect().bottomRight())
    QTest.mouseMove(view.matrix, cell(view, 1, 0))
    assert "b taken for a: 0 of 0 images (none)" in shown(view)


def test_a_matrix_of_another_size_is_refused(view: ConfusionView) -> None:
    with pytest.raises(ValueError, match="2 classes"):
        view.set_confusion(COUNTS, ("cat", "dog"))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("classes", [1, 2, 10, 37, 100])
def test_any_number_of_classes_is_painted_inside(view: ConfusionView, classes: int, theme: object) -> None:
    names = tuple(f"class number {i}" for i in range(classes))
    view.set_theme(theme)  # type: ignore[arg-type]
    view.set_confusion(np.random.default_rng(0).integers(0, 99, (classes, classes)), names, 7)
    assert not view.grab().isNull()
    last = view.matrix.cell_rect(classes - 1, classes - 1)
    assert view.matrix.rect().toRectF().contains(last)


def test_fewer_classes_drop_a_cell_that_is_gone(view: ConfusionView) -> None:
    view.set_confusion(COUNTS, NAMES, 1)
    view.set_selected(2, 2)
    view.set_confusion(COUNTS[:2, :2], NAMES[:2], 2)
    assert not view.grab().isNull()


def test_the_most_confused_pairs_are_named(view: ConfusionView) -> None:
    view.set_confusion(COUNTS, NAMES, 420)
    assert "most confused: owl as dog (5), cat as dog (2), dog as cat (1)" in shown(view)


def test_without_mistakes_no_pair_is_named() -> None:
    assert most_confused(np.diag([3, 4, 5]), NAMES) == ""


def head(view: ConfusionView, column: int) -> QImage:
    """What is written above a column."""
    place = view.matrix.cell_rect(0, column).toRect()
    return view.matrix.grab(QRect(place.x(), 0, place.width() - 1, place.y() - 2)).toImage()


def test_columns_are_numbered_where_their_names_would_look_alike(view: ConfusionView) -> None:
    names = tuple(f"a long name of class {index}" for index in range(12))
    view.set_confusion(np.diag(np.full(12, 5)), names, 1)
    assert head(view, 0) != head(view, 1)
    alike = head(view, 1)
    view.resize(12 * 200, 260)
    view.resize(744, 260)
    assert head(view, 1) == alike


def test_columns_have_their_names_where_these_can_be_told_apart(view: ConfusionView) -> None:
    view.set_confusion(COUNTS, ("1", "2", "3"), 1)
    numbers = head(view, 0)
    view.set_confusion(COUNTS, ("T", "U", "V"), 1)
    assert head(view, 0) != numbers
