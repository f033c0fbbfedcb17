"""One sentence about something that happened, floating over the content, gone by itself or by a press."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from playground.theme import SPACING

STAYS_MILLISECONDS = 8_000
WIDTH = 720  # px at most
SYMBOLS = {"info": "ℹ", "good": "✓", "warning": "⚠", "error": "✕"}


class NoticeBar(QFrame):
    """Hidden while there is nothing to say. Errors and warnings stay until dismissed.

    It lies over the lower end of its parent, so that nothing moves when it comes and goes.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        parent.installEventFilter(self)
        self.setObjectName("noticeBar")
        self.setAccessibleName("Message")
        self.setProperty("role", "panel")
        self.kind = "info"
        self._symbol = QLabel()
        self._text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)  # it may name a class
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action = QToolButton()
        self._action.setAccessibleName("What to do about it")
        self._action.hide()
        self._offered = ""  # what the button said when the sentence was said
        dismiss = QToolButton()
        dismiss.setText("Dismiss")
        dismiss.setToolTip("Hide this message")
        dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING + SPACING // 2, SPACING // 2, SPACING // 2, SPACING // 2)
        layout.setSpacing(SPACING)
        for widget in (self._symbol, self._text, self._action, dismiss):
            layout.addWidget(widget)
        self._timer = QTimer(self, singleShot=True, interval=STAYS_MILLISECONDS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        """What is being said, an empty text when nothing is."""
        return "" if self.isHidden() else self._text.text()

    def say(self, text: str, kind: str = "info", action: QAction | None = None) -> None:
        """Show a sentence; kind is info, good, warning or error; `action` becomes a button beside it."""
        self.kind = kind
        role = {"info": "muted"}.get(kind, kind)
        self._symbol.setText(SYMBOLS[kind])
        self._symbol.setProperty("role", role)
        self._symbol.style().unpolish(self._symbol)
        self._symbol.style().polish(self._symbol)
        self._text.setText(text)
        self.setAccessibleDescription(text)
        self._offer(action)
        self.show()
        self._place()
        if kind in ("info", "good"):
            self._timer.start()
        else:
            self._timer.stop()

    def _offer(self, action: QAction | None) -> None:
        """Have a button for an action, none for None."""
        if (old := self._action.defaultAction()) is not None:
            old.changed.disconnect(self._on_action_changed)
            self._action.removeAction(old)
        self._action.setVisible(action is not None)
        if action is not None:
            self._action.setDefaultAction(action)
            self._offered = action.text()
            action.changed.connect(self._on_action_changed)

    def _on_action_changed(self) -> None:
        """Say nothing any more when the button would do something else than the sentence is about."""
        if self._action.defaultAction().text() != self._offered:
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the parent changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        width = min(parent.width() - 4 * SPACING, WIDTH)
        height = self.heightForWidth(width)
        self.setGeometry((parent.width() - width) // 2, parent.height() - height - 2 * SPACING, width, height)
        self.raise_()
