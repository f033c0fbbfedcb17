"""The network at work: a column per layer with its maps for the current input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QVBoxLayout, QWidget

from cnn_core.architecture import LayerReport
from playground.theme import LIGHT, SPACING, Theme
from playground.views import layer_menu
from playground.views.captions import captions, contents
from playground.views.map_tiles import Spot
from playground.views.mosaic import Scale, Values, first_channels
from playground.views.network_bar import NetworkBar
from playground.views.network_strip import NetworkStrip
from playground.views.shown_network import INPUT, Hover, ShownNetwork
from playground.views.strip_layout import LARGE, SMALLEST
from playground.wording import format_number

_SETTLED = 400  # ms without change after which the strongest channels are chosen anew
_NOTHING = "Draw something to see the maps"


class NetworkView(QWidget):
    """Shows reports, activations and kernels; asks for selection and for changes of the architecture."""

    layer_selected = Signal(int)
    channel_selected = Signal(int, int)
    background_clicked = Signal()
    insert_requested = Signal(int, object)  # index, layer
    remove_requested = Signal(int)
    move_requested = Signal(int, int)  # as Architecture.moved(source, target)
    hovered = Signal(object)  # Hover or None

    def __init__(self, parent: QWidget | None = None, lead: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkView")
        self.setAccessibleName("Network")
        self._theme = LIGHT
        self._shown = ShownNetwork((), (1, 1, 1))
        self._class_names: tuple[str, ...] = ()
        self._image: Values | None = None
        self._activations: Sequence[Values] = ()
        self._parameters: Mapping[str, Values] = {}
        self._selection: tuple[int | None, int | None] = (None, None)
        self._scope = "layer"
        self._stale = True
        self._pointed = self._step_text = ""
        self._note = _NOTHING
        self._room = QSize()
        self._bar, self._strip, self._scroll = NetworkBar(lead=lead), NetworkStrip(), QScrollArea()
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED)
        self._settled.timeout.connect(self._choose_strongest)
        self._build()
        self._connect()
        self._strip.set_layers(0)
        self._write()

    def _build(self) -> None:
        self._scroll.setWidget(self._strip)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().installEventFilter(self)
        self.setFocusProxy(self._strip)
        self._bar.set_scope(self._scope)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addWidget(self._scroll, 1)
        layout.insertWidget(0, self._bar)  # made after the strip, or Tab would miss the strip

    def _connect(self) -> None:
        strip = self._strip
        strip.layer_selected.connect(self.layer_selected)
        strip.channel_selected.connect(self.channel_selected)
        strip.background_clicked.connect(self.background_clicked)
        strip.remove_requested.connect(self.remove_requested)
        strip.move_requested.connect(self.move_requested)
        strip.hovered.connect(self._hover)
        strip.insert_asked.connect(self._offer_layers)
        strip.menu_asked.connect(self._offer_actions)
        strip.focus_changed.connect(self.update)
        self._bar.large_chosen.connect(self._arrange)
        self._bar.scope_chosen.connect(self.set_scope)

    # -- what to show --------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        self._strip.set_theme(theme)
        self.update()

    def set_reports(self, reports: Sequence[LayerReport], input_shape: tuple[int, ...]) -> None:
        """Show an architecture: one report per layer, from `Architecture.check`."""
        self._shown = ShownNetwork(reports, input_shape)
        self._shown.set_activations(self._activations)
        self._selection = self._known(*self._selection)
        self._strip.set_layers(len(self._shown.reports))
        self._pointed = ""
        self._arrange()
        self._show_values()
        self.set_selection(*self._selection)

    def set_class_names(self, names: Sequence[str]) -> None:
        """Name the numbers at the end of the network."""
        self._class_names = tuple(names)
        self._arrange()

    def set_activations(
        self,
        input_image: Values | None,
        activations: Sequence[Values] | None,
        step: int | None = None,
        note: str = "",
    ) -> None:
        """Show the input (H, W, C) and each layer's output for it, with or without the batch of one in front.

        `step` is the training step of the network that made them. None for the activations: the last ones
        fade as far as they still fit, and `note` says why.
        """
        self._image = None if input_image is None else np.asarray(input_image, np.float32)
        self._stale = activations is None
        if activations is not None:
            self._activations = activations
            self._shown.set_activations(activations)
            self._step_text = "" if step is None else f"step {format_number(step)}"
        self._note = note or (_NOTHING if activations is None else "")
        self._show_values()
        self._write()

    def set_parameters(self, parameters: Mapping[str, Values]) -> None:
        """Show the kernels of the first convolution; its weights are (KH, KW, C_in, C_out)."""
        self._parameters = parameters
        self._show_kernels()

    def set_selection(self, layer: int | None, channel: int | None) -> None:
        """Mark a layer (-1: the input) and a channel or unit of it, and bring it into sight."""
        self._selection = self._known(layer, channel)
        self._strip.set_selection(*self._selection)
        if self._selection[0] is not None:
            rect = self._strip.column_rect(self._selection[0])
            margin = min(int(rect.width() / 2) + 2 * SPACING, self._scroll.viewport().width() // 2)
            self._scroll.ensureVisible(int(rect.center().x()), 0, margin, 0)
        self._write()

    def set_scope(self, scope: str) -> None:
        """Let the colours reach to the largest value of a "channel", of a "layer" or of the "network"."""
        self._scope = scope
        self._bar.set_scope(scope)
        self._show_values()

    def _known(self, layer: int | None, channel: int | None) -> tuple[int | None, int | None]:
        """Return the selection where it is a layer of the network, else none."""
        known = layer is not None and layer < len(self._shown.reports)
        return (layer, channel) if known else (None, None)

    def scale(self, layer: int) -> Scale | None:
        """The scale the layer is painted in, for showing it elsewhere in the same colours."""
        return self._shown.scales(self._scope)[layer]

    # -- showing it ----------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Give every column its words and its place."""
        shown, strip = self._shown, self._strip
        words = captions(shown.reports, shown.names, shown.input_shape)
        needed = contents(shown.reports, words, shown.input_shape)
        width, height, ratio = self._scroll.width(), self._scroll.height(), self.devicePixelRatioF()
        smallest = LARGE if self._bar.large else SMALLEST
        strip.place(needed, width, height, ratio, smallest)
        if strip.width() > width:
            bar = self._scroll.horizontalScrollBar().sizeHint().height()
            strip.place(needed, width, height - bar, ratio, smallest)
        for index, (column, caption) in enumerate(zip(strip.columns, words, strict=True)):
            column.set_caption(caption)
            column.set_labels(shown.labels(index - 1, self._class_names))
        self._show_kernels()

    def _show_kernels(self) -> None:
        """Hand the column with room for kernels its weights; of several input channels their mean."""
        for report, column in zip(self._shown.reports, self._strip.columns[1:], strict=True):
            weight, shape = self._parameters.get(f"{report.index}.weight"), report.output_shape
            if weight is not None and weight.ndim == 4 and shape and weight.shape[3] == shape[-1]:
                column.set_kernels(weight[:, :, 0] if weight.shape[2] == 1 else weight.mean(axis=2))
                return

    def _show_values(self) -> None:
        """Hand each column its numbers."""
        shown, image = self._shown, self._image
        if image is not None and image.shape != shown.input_shape:
            image = None
        channels = first_channels(shown.input_shape[2])
        self._strip.columns[0].set_values(image, Scale(1.0, signed=False), channels, gray=True)
        empty = image is not None and not image.any()
        for layer, scale in enumerate(shown.scales(self._scope)):
            column = self._strip.columns[layer + 1]
            column.set_values(shown.values[layer], scale, shown.order(layer))
            column.set_stale(self._stale or (empty and shown.is_answer(layer)))  # nothing was asked
        if shown.chosen:
            self._settled.start()

    def _choose_strongest(self) -> None:
        self._shown.choose_anew()
        self._show_values()
        self._settled.stop()

    def _write(self) -> None:
        """Write the line above the columns: the read-out, else the selection, else the whole network."""
        chosen = self._selection_text() or self._shown.summary
        self._bar.set_read_out(self._pointed or chosen)
        self._bar.set_freshness(self._note or self._step_text, stale=bool(self._note))
        if chosen != self._strip.accessibleDescription():
            self._strip.setAccessibleDescription(chosen)

    def _selection_text(self) -> str:
        layer, channel = self._selection
        if layer is None:
            return ""
        if channel is not None:
            return self._shown.channel_text(layer, channel, self._class_names)
        caption = self._strip.columns[layer + 1].caption
        return ", ".join(filter(None, (caption.words, caption.problem)))

    @property
    def read_out(self) -> str:
        """What is pointed at, else selected, in words."""
        return self._bar.read_out

    def _hover(self, layer: int, spot: Spot | None) -> None:
        """Read the number under the pointer, outline what it was computed from, and dotted what reads it."""
        feeding = {} if spot is None else self._shown.feeding(layer, spot)
        fed = {} if spot is None else self._shown.fed(layer, spot)
        for index, column in enumerate(self._strip.columns, INPUT):
            column.set_traced((feeding | fed).get(index), ahead=index in fed)
        if spot is None:
            self._pointed, hover = "", None
        else:
            value = self._strip.columns[layer + 1].value_at(spot)
            self._pointed = self._shown.spot_text(layer, spot, value, self._class_names)
            hover = Hover(layer, *spot, value, self._pointed)
        self.hovered.emit(hover)
        self._write()

    # -- editing -------------------------------------------------------------------------------------

    def _offer_layers(self, index: int, point: QPoint) -> None:
        """Open the menu of layers to insert at a place."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu, index)
        menu.popup(point)

    def _offer_actions(self, layer: int, point: QPoint) -> None:
        """Open the menu of what can be done with a layer."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if layer != INPUT:
            self._fill(menu.addMenu("Insert &before"), layer)
        self._fill(menu.addMenu("Insert &after"), layer + 1)
        if layer != INPUT:
            menu.addSeparator()
            layer_menu.add_moves(menu, layer, len(self._shown.reports), self.move_requested.emit)
            menu.addAction("Re&move\tDel", lambda: self.remove_requested.emit(layer))
        menu.popup(point)

    def _fill(self, menu: QMenu, index: int) -> None:
        shape = self._shown.shape(index - 1)
        layer_menu.fill(menu, shape, lambda layer: self.insert_requested.emit(index, layer))

    # -- events --------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The surface of a panel, and a line above the columns while the keyboard is there."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("panel"))
        if self._strip.hasFocus():
            top = self._scroll.y() - SPACING // 2  # in the gap, that no frame of the maps paints
            painter.fillRect(0, top, self.width(), 1, self._theme.color("accent"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the columns the room there is, and let the wheel scroll along them."""
        if event.type() == QEvent.Type.Resize and self._room != self._scroll.size():
            self._room = self._scroll.size()
            self._arrange()
        if isinstance(event, QWheelEvent) and event.angleDelta().y():
            turned, bar = event.angleDelta().y(), self._scroll.horizontalScrollBar()
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._bar.set_large(turned > 0)
            else:
                bar.setValue(bar.value() - turned)
            return True
        return super().eventFilter(watched, event)
