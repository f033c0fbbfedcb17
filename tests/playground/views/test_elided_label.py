from pytestqt.qtbot import QtBot

from playground.views.elided_label import ElidedLabel


def test_text_that_does_not_fit_is_told_by_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("a sentence that is longer than its room", role="small")
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""


def test_it_does_not_widen_what_it_sits_in(qtbot: QtBot) -> None:
    label = ElidedLabel("x" * 500)
    qtbot.addWidget(label)
    assert label.minimumSizeHint().width() <= 40
