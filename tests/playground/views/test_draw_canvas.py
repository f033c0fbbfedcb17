"""Strokes by mouse, keys, pen and touch; pictures shown and taken."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage, QInputDevice, QPointingDevice, QTabletEvent, QTouchEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from playground.drawing import Drawing, Stroke, rasterize
from playground.theme import DARK, LIGHT
from playground.views.draw_canvas import DrawCanvas

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[DrawCanvas]:
    widget = DrawCanvas()
    qtbot.addWidget(widget)
    widget.resize(202, 202)  # the sheet is 200 px wide, from (1, 1)
    widget.show()
    yield widget


def drag(
    canvas: DrawCanvas, start: tuple[int, int], end: tuple[int, int], button: Qt.MouseButton = LEFT
) -> None:
    QTest.mousePress(canvas, button, NONE, QPoint(*start))
    for step in range(1, 11):
        x, y = (start[i] + (end[i] - start[i]) * step // 10 for i in (0, 1))
        QTest.mouseMove(canvas, QPoint(x, y))
    QTest.mouseRelease(canvas, button, NONE, QPoint(*end))


def color_at(canvas: DrawCanvas, x: int, y: int) -> str:
    return canvas.grab().toImage().pixelColor(x, y).name()


def test_dragging_makes_one_stroke_reported_on_every_move(canvas: DrawCanvas) -> None:
    live: list[Drawing] = []
    done: list[Drawing] = []
    canvas.drawing_changed.connect(live.append)
    canvas.drawing_edited.connect(done.append)
    drag(canvas, (41, 101), (161, 101))
    assert len(live) == 11
    assert [len(drawing.strokes[0].points) for drawing in live] == list(range(1, 12))
    assert len(done) == 1
    assert done[0] == live[-1]
    assert done[0].strokes[0].points[0] == pytest.approx((0.2, 0.5))
    assert done[0].strokes[0].points[-1] == pytest.approx((0.8, 0.5))


def test_what_is_drawn_is_seen(canvas: DrawCanvas) -> None:
    drag(canvas, (41, 101), (161, 101))
    assert color_at(canvas, 101, 101) == LIGHT.ink
    assert color_at(canvas, 101, 51) == LIGHT.paper
    canvas.set_theme(DARK)
    assert color_at(canvas, 101, 101) == DARK.ink


def test_right_button_erases(canvas: DrawCanvas) -> None:
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    drag(canvas, (41, 101), (161, 101))
    drag(canvas, (101, 61), (101, 141), RIGHT)
    assert [stroke.erase for stroke in done[-1].strokes] == [False, True]
    assert rasterize(done[-1])[140, 140] == 0
    QTest.mouseMove(canvas, QPoint(10, 10))
    assert color_at(canvas, 101, 101) == LIGHT.paper


def test_a_drawing_set_from_outside_is_drawn_upon(canvas: DrawCanvas) -> None:
    first = Stroke(points=((0.1, 0.1), (0.2, 0.2)))
    canvas.set_drawing(Drawing((first,)))
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    drag(canvas, (41, 101), (161, 101))
    assert done[0].strokes[0] == first
    assert len(done[0].strokes) == 2


def test_setting_the_live_drawing_back_does_not_double_the_stroke(canvas: DrawCanvas) -> None:
    canvas.drawing_changed.connect(canvas.set_drawing)
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    drag(canvas, (41, 101), (161, 101))
    assert len(done[0].strokes) == 1


def test_a_picture_is_shown_until_a_stroke_begins(canvas: DrawCanvas) -> None:
    picture = np.zeros((28, 28, 1), np.uint8)
    picture[:14] = 255
    canvas.set_image(picture)
    assert color_at(canvas, 50, 50) == LIGHT.ink
    assert color_at(canvas, 50, 150) == LIGHT.paper
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    drag(canvas, (41, 151), (161, 151))
    assert len(done[0].strokes) == 1
    assert color_at(canvas, 50, 50) == LIGHT.paper


def test_a_press_outside_the_sheet_draws_nothing(canvas: DrawCanvas) -> None:
    canvas.resize(402, 202)
    changes: list[Drawing] = []
    canvas.drawing_changed.connect(changes.append)
    drag(canvas, (20, 100), (60, 100))
    assert not changes


def test_keys_draw_too(canvas: DrawCanvas) -> None:
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(5):
        QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    (x, y), *_, last = done[0].strokes[0].points
    assert last == pytest.approx((x + 0.1, y))


def test_a_finger_draws(canvas: DrawCanvas) -> None:
    device = QTest.createTouchDevice()
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    QTest.touchEvent(canvas, device).press(0, QPoint(41, 101), canvas).commit()
    QTest.touchEvent(canvas, device).move(0, QPoint(101, 101), canvas).commit()
    QTest.touchEvent(canvas, device).release(0, QPoint(101, 101), canvas).commit()
    assert len(done) == 1
    assert done[0].strokes[0].points[-1] == pytest.approx((0.5, 0.5))


def test_a_second_finger_does_not_take_the_line_to_itself(canvas: DrawCanvas) -> None:
    device = QTest.createTouchDevice()
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    QTest.touchEvent(canvas, device).press(0, QPoint(41, 101), canvas).commit()
    QTest.touchEvent(canvas, device).stationary(0).press(1, QPoint(181, 181), canvas).commit()
    QTest.touchEvent(canvas, device).move(0, QPoint(81, 101), canvas).stationary(1).commit()
    QTest.touchEvent(canvas, device).release(0, QPoint(81, 101), canvas).stationary(1).commit()
    QTest.touchEvent(canvas, device).move(1, QPoint(181, 21), canvas).commit()
    QTest.touchEvent(canvas, device).release(1, QPoint(181, 21), canvas).commit()
    assert len(done) == 1
    assert max(x for x, _ in done[0].strokes[0].points) == pytest.approx(0.4)


def test_a_touch_taken_away_by_the_system_ends_its_line(canvas: DrawCanvas) -> None:
    device = QTest.createTouchDevice()
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    QTest.touchEvent(canvas, device).press(0, QPoint(41, 101), canvas).commit()
    QApplication.sendEvent(canvas, QTouchEvent(QEvent.Type.TouchCancel, device, NONE, []))
    assert len(done) == 1
    QTest.touchEvent(canvas, device).release(0, QPoint(41, 101), canvas).commit()
    drag(canvas, (41, 41), (101, 41))
    assert len(done[-1].strokes) == 2


@cache  # Qt goes on using a device after its last event
def pen(tip: QPointingDevice.PointerType = QPointingDevice.PointerType.Pen) -> QPointingDevice:
    """A pen, held by one of its ends."""
    stylus, capability = QInputDevice.DeviceType.Stylus, QInputDevice.Capability.Position
    return QPointingDevice("pen", 1, stylus, tip, capability, 1, 2)


def use_pen(canvas: DrawCanvas, *steps: tuple[QEvent.Type, int, Qt.MouseButton, Qt.MouseButton]) -> None:
    """Send what a pen does: the kind of each event, its x, the button that changed, those held down."""
    for kind, x, button, buttons in steps:
        at = QPointF(x, 101)
        event = QTabletEvent(kind, pen(), at, at, 0.3, 0, 0, 0, 0, 0, NONE, button, buttons)
        QApplication.sendEvent(canvas, event)


def test_the_button_of_a_pen_erases_and_does_not_break_a_line_being_drawn(canvas: DrawCanvas) -> None:
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    kinds, nothing = QEvent.Type, Qt.MouseButton.NoButton
    use_pen(
        canvas,
        (kinds.TabletPress, 41, LEFT, LEFT),
        (kinds.TabletMove, 61, nothing, LEFT),
        (kinds.TabletPress, 61, RIGHT, LEFT | RIGHT),
        (kinds.TabletMove, 81, nothing, LEFT | RIGHT),
        (kinds.TabletRelease, 81, RIGHT, LEFT),
        (kinds.TabletMove, 101, nothing, LEFT),
        (kinds.TabletRelease, 101, LEFT, nothing),
        (kinds.TabletPress, 41, RIGHT, RIGHT),
        (kinds.TabletRelease, 41, RIGHT, nothing),
    )
    assert [stroke.erase for stroke in done[-1].strokes] == [False, True]
    assert done[-1].strokes[0].points[-1] == pytest.approx((0.5, 0.5))


def test_a_pen_above_the_sheet_shows_the_brush_and_draws_nothing(canvas: DrawCanvas) -> None:
    changes: list[Drawing] = []
    canvas.drawing_changed.connect(changes.append)
    before = canvas.grab().toImage()
    nothing = Qt.MouseButton.NoButton
    use_pen(canvas, (QEvent.Type.TabletMove, 61, nothing, nothing))
    assert changes == []
    assert canvas.grab().toImage() != before


@pytest.mark.parametrize(
    ("tip", "erases"), [(QPointingDevice.PointerType.Pen, False), (QPointingDevice.PointerType.Eraser, True)]
)
def test_a_pen_draws_and_its_other_end_erases(
    canvas: DrawCanvas, tip: QPointingDevice.PointerType, erases: bool
) -> None:
    done: list[Drawing] = []
    canvas.drawing_edited.connect(done.append)
    kinds = QEvent.Type
    for kind, x in ((kinds.TabletPress, 41), (kinds.TabletMove, 101), (kinds.TabletRelease, 101)):
        at = QPointF(x, 101)
        event = QTabletEvent(kind, pen(tip), at, at, 1, 0, 0, 0, 0, 0, NONE, LEFT, LEFT)
        event.ignore()
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted()  # else the system would send the same as a mouse
    assert [stroke.erase for stroke in done[0].strokes] == [erases]
    assert done[0].strokes[0].points[-1] == pytest.approx((0.5, 0.5))


def test_brackets_size_the_brush_within_limits(canvas: DrawCanvas) -> None:
    widths: list[float] = []
    canvas.brush_width_edited.connect(widths.append)
    before = canvas.brush_width
    QTest.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.brush_width > before
    for _ in range(40):
        QTest.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert widths[-1] == canvas.brush_width > 0


def drop(canvas: DrawCanvas, data: QMimeData) -> None:
    copy = Qt.DropAction.CopyAction
    canvas.dropEvent(QDropEvent(QPointF(50, 50), copy, data, LEFT, NONE))


def test_a_dropped_picture_is_passed_on_in_its_colours(canvas: DrawCanvas) -> None:
    taken: list[np.ndarray] = []
    canvas.image_dropped.connect(taken.append)
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 100, 0))
    data = QMimeData()
    data.setImageData(image)
    drop(canvas, data)
    assert taken[0].shape == (20, 30, 3)
    assert taken[0].dtype == np.uint8
    assert (taken[0] == (200, 100, 0)).all()


def test_a_dropped_file_that_is_no_picture_is_refused_with_its_name(canvas: DrawCanvas, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "notes.png"
    path.write_text("no pixels here")
    refusals: list[str] = []
    canvas.drop_refused.connect(refusals.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    drop(canvas, data)
    assert len(refusals) == 1
    assert refusals[0].startswith("notes.png: not an image that can be read; use one of .png .jpg")


def test_the_hint_goes_when_there_is_ink(canvas: DrawCanvas) -> None:
    def dark_pixels() -> int:
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        return sum(image.pixelColor(x, 90).value() < 200 for x in range(5, 197))

    assert dark_pixels() > 0
    canvas.set_drawing(Drawing((Stroke(points=((0.1, 0.1),)),)))
    assert dark_pixels() == 0


def test_a_picture_that_is_not_square_keeps_its_aspect(canvas: DrawCanvas) -> None:
    canvas.set_image(np.full((40, 20, 3), (200, 40, 0), np.uint8))
    assert [color_at(canvas, x, 101) for x in (40, 101, 162)] == [LIGHT.paper, "#c82800", LIGHT.paper]
    canvas.set_image(np.full((20, 40, 3), (200, 40, 0), np.uint8))
    assert [color_at(canvas, 101, y) for y in (40, 101, 162)] == [LIGHT.paper, "#c82800", LIGHT.paper]
