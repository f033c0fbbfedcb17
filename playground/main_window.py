"""The window: where each view sits, which menus there are, what is remembered. Nothing is connected here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSizePolicy,
    QSlider,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import cnn_core as cnn
from playground.actions import Actions
from playground.dropping import file_to_open
from playground.menus import Menus
from playground.parts import Parts
from playground.settings import Settings
from playground.theme import LIGHT, SPACING, Theme
from playground.training_control import TrainingControl
from playground.views.augmentation_view import AugmentationView
from playground.views.breadcrumb import Breadcrumb
from playground.views.channel_view import ChannelView
from playground.views.confusion_view import ConfusionView
from playground.views.dataset_browser import DatasetBrowser
from playground.views.draw_canvas import DrawCanvas
from playground.views.inspector_panel import InspectorPanel
from playground.views.metrics_plot import MetricsPlot
from playground.views.network_view import NetworkView
from playground.views.notice_bar import NoticeBar
from playground.views.pipeline_view import PipelineView
from playground.views.prediction_panel import PredictionPanel
from playground.views.seen_view import SeenView
from playground.views.teach_panel import TeachPanel
from playground.views.training_panel import TrainingPanel

SMALLEST = QSize(960, 620)
FIRST_SIZE = QSize(1440, 900)
LEFT_WIDTH, RIGHT_WIDTH = 248, 304


class MainWindow(QMainWindow):
    """Draw on the left, the network in the middle with the tabs below it, the inspector on the right.

    `before_close` holds questions to ask before closing, each answering whether to go on; `on_close` what to
    end after that. `file_dropped(Path)`: a network or data was dropped anywhere.
    """

    file_dropped = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("CNN Playground")
        self.setMinimumSize(SMALLEST)
        self.setAcceptDrops(True)
        self.resize(FIRST_SIZE)
        self._settings = settings
        self.theme = LIGHT
        self.parts: Parts  # set with the control by whoever connects the window
        self.control: TrainingControl
        self.before_close: list[Callable[[], bool]] = []
        self.on_close: list[Callable[[], None]] = []
        self.actions_ = Actions(self)
        self.menus = Menus(self, self.actions_)
        self.notice = NoticeBar(self)
        self.status = QLabel()
        self.status.setProperty("role", "muted")
        self.statusBar().addPermanentWidget(self.status)

    def build(self) -> None:
        """Make the views and lay them out: a second step, so that the window itself is seen at once."""
        self._make_views()
        self.left = self._left()
        self.tabs = self._tabs()
        self.middle = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.middle.addWidget(self._network())
        self.middle.addWidget(self.tabs)
        self.middle.setStretchFactor(0, 2)
        self.middle.setStretchFactor(1, 1)
        self.middle.setSizes([480, 280])
        self.right = self._right()
        self.columns = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for part in (self.left, self.middle, self.right):
            self.columns.addWidget(part)
        for index, share in enumerate((1, 5, 1)):
            self.columns.setStretchFactor(index, share)
        self.columns.setSizes([LEFT_WIDTH, FIRST_SIZE.width() - LEFT_WIDTH - RIGHT_WIDTH, RIGHT_WIDTH])
        content = QWidget()
        layout = _column(content, margins=SPACING)
        layout.addWidget(self.training_panel)
        layout.addWidget(self.columns, 1)
        self.setCentralWidget(content)
        self._restore_layout()

    def themed_views(self) -> list[QWidget]:
        """Every view that paints with a theme of its own."""
        return [view for view in self.findChildren(QWidget) if hasattr(view, "set_theme")]

    def set_theme(self, theme: Theme) -> None:
        """Hand a theme to every view."""
        self.theme = theme
        for view in self.themed_views():
            view.set_theme(theme)  # type: ignore[attr-defined]

    def current_network(self) -> cnn.Network:
        """The newest weights: of the run that is on, or the network at rest."""
        return self.parts.session.newest or self.parts.document.content.network

    def show_tab(self, view: QWidget) -> None:
        """Bring one of the tabs to the front."""
        self.tabs.setCurrentWidget(view)

    def show_brush(self, shown: bool) -> None:
        """Show the brush below the canvas; in its place what else can be done with a picture."""
        for part in (self._brush_name, self.brush):
            part.setVisible(shown)
        self._other_way.setVisible(not shown)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Networks and data are welcome."""
        if file_to_open(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Pass on what was dropped."""
        path = file_to_open(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask, end what runs, remember the layout."""
        focused = self.focusWidget()
        if focused is not None:
            focused.clearFocus()  # a value half typed counts, and is not left for when the actions are gone
        if not all(question() for question in self.before_close):
            event.ignore()
            if focused is not None:
                focused.setFocus()
            return
        for end in self.on_close:
            end()
        self._save_layout()
        event.accept()

    def _make_views(self) -> None:
        actions = self.actions_
        self.training_panel = TrainingPanel(actions.train, actions.step, actions.epoch, actions.reset)
        self.draw_canvas = DrawCanvas()
        self.seen_view = SeenView()
        self.prediction_panel = PredictionPanel(lead=self.seen_view)
        self.teach_panel = TeachPanel(actions.keep_drawing, actions.correct_drawing)
        self.pipeline_view = PipelineView()
        self.augmentation_view = AugmentationView()
        self.breadcrumb = Breadcrumb()
        self.network_view = NetworkView(lead=self.breadcrumb)
        self.metrics_plot = MetricsPlot()
        self.confusion_view = ConfusionView()
        self.dataset_browser = DatasetBrowser()
        self.channel_view = ChannelView()
        self.inspector_panel = InspectorPanel()

    def _left(self) -> QWidget:
        panel = _panel()
        layout = _column(panel, margins=SPACING + SPACING // 2)
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.brush.setAccessibleName("Brush size")
        self.brush.setToolTip("Brush size (mouse wheel on the canvas, or the keys [ and ])")
        clear, self._other_way = QToolButton(), QToolButton()
        clear.setDefaultAction(self.actions_.clear_drawing)
        self._other_way.setDefaultAction(self.actions_.take_otherwise)
        self._other_way.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._other_way.setStyleSheet("QToolButton { padding: 4px; }")
        self._brush_name = _heading("Brush")
        tools = QHBoxLayout()
        tools.setSpacing(SPACING)
        tools.addWidget(self._brush_name)
        tools.addWidget(self.brush, 1)
        tools.addWidget(self._other_way, 1)
        tools.addWidget(clear)
        layout.addWidget(self.draw_canvas)
        layout.addLayout(tools)
        seen = QHBoxLayout()
        seen.addWidget(_heading("The network sees"), 1)
        self.why_button = QToolButton()
        self.why_button.setText("Why?")
        self.why_button.setFixedHeight(24)
        self.why_button.setAccessibleName("Why? How a drawing is seen")
        self.why_button.setToolTip(self.actions_.show_pipeline.toolTip())
        seen.addWidget(self.why_button)
        layout.addLayout(seen)
        layout.addWidget(self.prediction_panel, 1)
        layout.addWidget(self.teach_panel)
        panel.setMinimumWidth(200)
        return panel

    def _network(self) -> QWidget:
        panel = _panel()
        layout = _column(panel, margins=SPACING)
        layout.addWidget(self.network_view, 1)
        return panel

    def _tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setObjectName("tabs")
        tabs.setAccessibleName("Panels below the network")
        tabs.addTab(self.metrics_plot, "Curves")
        tabs.addTab(self.confusion_view, "Confusion")
        tabs.addTab(self.dataset_browser, "Data")
        tabs.addTab(self.channel_view, "Channel")
        tabs.addTab(self.pipeline_view, "How it is seen")
        tabs.addTab(self.augmentation_view, "Augmentation")
        return tabs

    def _right(self) -> QWidget:
        panel = _panel()
        _column(panel, margins=1).addWidget(self.inspector_panel)
        return panel

    def _restore_layout(self) -> None:
        for name, restore in (
            ("geometry", self.restoreGeometry),
            ("columns", self.columns.restoreState),
            ("middle", self.middle.restoreState),
        ):
            if (state := self._settings.layout(name)) is not None:
                restore(state)

    def _save_layout(self) -> None:
        self._settings.save_layout(
            {
                "geometry": self.saveGeometry(),
                "columns": self.columns.saveState(),
                "middle": self.middle.saveState(),
            }
        )


def _panel() -> QFrame:
    panel = QFrame()
    panel.setProperty("role", "panel")
    return panel


def _column(parent: QWidget, margins: int) -> QVBoxLayout:
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(SPACING)
    return layout


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    return label
