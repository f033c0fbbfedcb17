import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QStyle, QStyleOptionComboBox
from pytestqt.qtbot import QtBot

import cnn_core as cnn
from playground.theme import DARK, LIGHT, font
from playground.views.answers import Answers
from playground.views.dataset_browser import EMPTY, HELD_OUT, NO_MATCH, TRAINING, DatasetBrowser

LABELS = np.arange(3000) % 3
NAMES = ("cat", "dog", "owl")


def dataset(height: int = 8, width: int = 8, channels: int = 1, count: int = 3000) -> cnn.Dataset:
    images = np.random.default_rng(0).integers(0, 255, (count, height, width, channels), dtype=np.uint8)
    return cnn.Dataset(images, LABELS[:count], NAMES, "made up")


@pytest.fixture
def browser(qtbot: QtBot) -> DatasetBrowser:
    browser = DatasetBrowser()
    qtbot.addWidget(browser)
    browser.resize(744, 300)
    browser.show()
    return browser


def shown(browser: DatasetBrowser) -> str:
    return "\n".join(label.text() for label in browser.findChildren(QLabel) if label.isVisible())


def choose_class(browser: DatasetBrowser, presses: int) -> None:
    browser.class_box.setFocus()
    for _ in range(presses):
        QTest.keyClick(browser.class_box, Qt.Key.Key_Down)


def test_without_a_data_set_it_says_where_to_choose_one(browser: DatasetBrowser) -> None:
    assert EMPTY in shown(browser)


def test_a_click_selects_the_image_beneath(browser: DatasetBrowser, qtbot: QtBot) -> None:
    browser.set_dataset(dataset())
    with qtbot.waitSignal(browser.image_selected) as signal:
        center = browser.grid.thumbnail_rect(4).center()
        QTest.mouseClick(browser.grid.viewport(), Qt.MouseButton.LeftButton, pos=center)
    assert signal.args == [4]


def test_class_counts_stand_in_the_filter(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    texts = [browser.class_box.itemText(i).replace("\N{NARROW NO-BREAK SPACE}", ",") for i in range(4)]
    assert texts == ["all classes", "cat (1,000)", "dog (1,000)", "owl (1,000)"]


def test_the_class_filter_shows_that_class_only(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    choose_class(browser, 2)
    assert set(LABELS[browser.grid.shown]) == {1}
    assert len(browser.grid.shown) == 1000


def test_wrong_predictions_can_be_shown_alone(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    assert not browser.outcome_box.isVisible()
    predictions = LABELS.copy()
    predictions[[5, 70]] = (predictions[[5, 70]] + 1) % 3
    browser.set_predictions(predictions)
    assert browser.outcome_box.isVisible()
    browser.outcome_box.setFocus()
    QTest.keyClick(browser.outcome_box, Qt.Key.Key_End)
    assert browser.grid.shown.tolist() == [5, 70]
    browser.set_predictions(LABELS)
    assert NO_MATCH in shown(browser)
    browser.set_predictions(None)
    assert len(browser.grid.shown) == 3000


def test_chosen_images_come_with_their_reason_and_a_way_back(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    choose_class(browser, 1)
    browser.show_only(np.array([9, 4, 11]), "cat taken for owl")
    assert browser.grid.shown.tolist() == [9, 4, 11]
    assert "cat taken for owl" in shown(browser)
    QTest.mouseClick(browser.all_button, Qt.MouseButton.LeftButton)
    assert len(browser.grid.shown) == 3000
    assert "cat taken for owl" not in shown(browser)


def test_hovering_reads_out_index_class_and_prediction(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    browser.set_predictions((LABELS + 1) % 3)
    read: list[str] = []
    browser.hovered.connect(read.append)
    viewport = browser.grid.viewport()
    QTest.mouseMove(viewport, viewport.rect().topLeft())
    QTest.mouseMove(viewport, browser.grid.thumbnail_rect(7).center())
    assert read[-1] == "image 7: dog, predicted owl (wrong)"


def test_the_smallest_common_screen_has_room_for_two_rows_of_digits(browser: DatasetBrowser) -> None:
    browser.resize(744, 182)  # of the tab in a window of 1280 by 720
    browser.set_dataset(dataset(28, 28), dataset(28, 28))
    browser.set_answers(answers())
    QTest.qWait(1)
    grid = browser.grid
    across = sum(grid.thumbnail_rect(each).top() == grid.thumbnail_rect(0).top() for each in range(30))
    assert grid.viewport().rect().contains(grid.thumbnail_rect(across))
    assert browser.balance.isVisible()


@pytest.mark.parametrize("width", [446, 560, 699, 700, 744, 1085])  # of the tab in windows from 960 px on
def test_all_filters_and_numbers_can_be_read_however_wide_the_window_is(
    browser: DatasetBrowser, width: int
) -> None:
    browser.set_dataset(dataset(28, 28), dataset(28, 28))
    browser.set_answers(answers())
    browser.setFont(font("body"))
    browser.resize(width, 182)
    QTest.qWait(1)
    for box in (
        *(browser.split_box, browser.class_box, browser.outcome_box),
        *(browser.confidence_box, browser.order_box),
    ):
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, box)
        texts = [box.itemText(index) for index in range(box.count())]
        assert max(map(box.fontMetrics().horizontalAdvance, texts)) <= room.width(), texts
    assert browser._about.width() >= browser._about.sizeHint().width()
    assert browser.balance.width() >= browser.balance.minimumSizeHint().width()


def test_arrows_walk_scroll_and_enter_selects(browser: DatasetBrowser, qtbot: QtBot) -> None:
    browser.set_dataset(dataset())
    grid = browser.grid
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    with qtbot.waitSignal(browser.image_selected) as signal:
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert signal.args == [1]
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert grid.read_out() == "image 2\N{NARROW NO-BREAK SPACE}999: owl"
    assert grid.viewport().rect().contains(grid.thumbnail_rect(2999))


def test_a_selected_image_is_scrolled_into_view(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    browser.set_selected(2000)
    assert browser.grid.viewport().rect().contains(browser.grid.thumbnail_rect(2000))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (28, 28, 1), (32, 32, 3), (9, 31, 3), (200, 130, 3), (8, 8, 2), (8, 8, 4)]
)
def test_images_of_any_shape_are_painted(
    browser: DatasetBrowser, shape: tuple[int, int, int], theme: object
) -> None:
    browser.set_theme(theme)  # type: ignore[arg-type]
    browser.set_dataset(dataset(*shape, count=200))
    browser.set_predictions((LABELS[:200] + 1) % 3)
    assert not browser.grab().isNull()
    assert max(browser.grid.thumbnail_rect(0).width(), browser.grid.thumbnail_rect(0).height()) >= 40


def test_a_data_set_without_images_is_no_error(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset().subset(np.arange(0)))
    assert NO_MATCH in shown(browser)


def test_only_the_visible_images_are_read(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    first, last = browser.grid._in_view()
    assert first == 0 and 20 < last < 100


def test_an_answer_beyond_the_classes_is_shown_by_its_number(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    browser.set_predictions(np.full(3000, 7))
    browser.grab()
    QTest.mouseMove(browser.grid.viewport(), browser.grid.thumbnail_rect(0).center())
    assert "predicted 7 (wrong)" in browser.grid.read_out()


def answers(count: int = 3000) -> Answers:
    """Right ones, each a little surer and better than the one before."""
    confidence = np.linspace(0.4, 1.0, count).astype(np.float32)
    return Answers(LABELS[:count], confidence, -np.log(confidence))


def test_the_images_trained_on_can_be_shown_instead(browser: DatasetBrowser, qtbot: QtBot) -> None:
    browser.set_dataset(dataset(count=30), dataset(count=90))
    assert (browser.split, len(browser.grid.shown)) == (HELD_OUT, 30)
    browser.split_box.setFocus()
    with qtbot.waitSignal(browser.split_changed) as changed:
        QTest.keyClick(browser.split_box, Qt.Key.Key_Down)
    assert changed.args == [TRAINING]
    assert len(browser.grid.shown) == 90
    assert not browser.outcome_box.isVisible()


def test_confidence_is_a_filter_once_it_is_known(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    assert not browser.confidence_box.isVisible()
    browser.set_answers(answers())
    browser.confidence_box.setFocus()
    for least, below in ((0.9, 2.0), (0.6, 0.9), (0.0, 0.6)):
        QTest.keyClick(browser.confidence_box, Qt.Key.Key_Down)
        confidence = answers().confidence[browser.grid.shown]
        assert len(confidence) > 100
        assert confidence.min() >= least
        assert confidence.max() < below
    browser.set_answers(None)
    assert len(browser.grid.shown) == 3000


def test_images_are_sorted_by_loss(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    browser.set_answers(answers())
    browser.order_box.setFocus()
    QTest.keyClick(browser.order_box, Qt.Key.Key_Down)
    assert browser.grid.shown[:3].tolist() == [0, 1, 2]
    QTest.keyClick(browser.order_box, Qt.Key.Key_Down)
    assert browser.grid.shown[:3].tolist() == [2999, 2998, 2997]
    choose_class(browser, 1)
    assert browser.grid.shown[:2].tolist() == [2997, 2994]


def test_a_click_on_a_bar_shows_its_class_and_another_all(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    assert browser.balance.accessibleDescription().startswith("cat: 1")
    place = browser.balance.bar_rect(1).center().toPoint()
    QTest.mouseClick(browser.balance, Qt.MouseButton.LeftButton, pos=place)
    assert set(LABELS[browser.grid.shown]) == {1}
    QTest.mouseClick(browser.balance, Qt.MouseButton.LeftButton, pos=place)
    assert len(browser.grid.shown) == 3000


def test_its_filters_fit_into_a_narrow_window(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset(count=30), dataset(count=90))
    browser.set_answers(answers(30))
    assert browser.minimumSizeHint().width() <= 420


def test_the_read_out_says_confidence_and_loss_once_they_are_known(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset())
    browser.set_answers(answers())
    QTest.keyClick(browser.grid, Qt.Key.Key_Home)
    assert browser.grid.read_out() == "image 0: cat, predicted cat (right), 40 % sure, loss 0.916"


def test_the_other_part_shows_the_same_class_and_other_data_all(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset(count=30), dataset(count=300))
    choose_class(browser, 2)
    assert browser.class_box.currentText() == "dog (10)"
    browser.split_box.setFocus()
    QTest.keyClick(browser.split_box, Qt.Key.Key_Down)
    assert browser.class_box.currentText() == "dog (100)"
    assert set(LABELS[browser.grid.shown].tolist()) == {1}
    browser.set_dataset(dataset(count=60), dataset(count=300))
    assert browser.class_box.currentText() == "all classes"
    assert len(browser.grid.shown) == 60


def test_where_no_image_matches_one_click_shows_all_again(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset(count=30))
    browser.set_predictions(LABELS[:30])
    browser.outcome_box.setFocus()
    assert not browser.all_button.isVisible()
    for _ in range(2):
        QTest.keyClick(browser.outcome_box, Qt.Key.Key_Down)
    choose_class(browser, 1)
    assert NO_MATCH in shown(browser)
    assert browser.all_button.isVisible()
    QTest.mouseClick(browser.all_button, Qt.MouseButton.LeftButton)
    assert len(browser.grid.shown) == 30
    assert browser.class_box.currentIndex() == 0
    assert not browser.all_button.isVisible()


def test_why_images_of_other_data_were_shown_is_not_said_where_none_matches(browser: DatasetBrowser) -> None:
    browser.set_dataset(dataset(count=30))
    browser.show_only(np.arange(3), "cat taken for dog")
    assert "cat taken for dog" in shown(browser)
    browser.set_dataset(dataset(count=60))
    browser.set_predictions(LABELS[:60])
    browser.outcome_box.setFocus()
    for _ in range(2):
        QTest.keyClick(browser.outcome_box, Qt.Key.Key_Down)
    assert NO_MATCH in shown(browser)
    assert "cat taken for dog" not in shown(browser)
