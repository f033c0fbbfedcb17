"""One channel closely: the maps it reads with their kernels, and the map it makes, large."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnn_core import Conv2D
from cnn_core.architecture import LayerReport
from playground import theme as looks
from playground.theme import LIGHT, SPACING, Theme
from playground.views import arithmetic
from playground.views.column_parts import paint_ramp
from playground.views.elided_label import ElidedLabel
from playground.views.feeding import Region, source
from playground.views.map_pane import MapPane, Pixel
from playground.views.mosaic import Scale, Values
from playground.views.sources_pane import SourcesPane
from playground.wording import format_number, format_shape

_LOWEST_LEGEND = 20  # px; in less the arithmetic goes first
_NOTHING = "Click a tile in the network to see its channel here"


class ChannelView(QWidget):
    """Shows one channel of one layer for the current input."""

    pixel_hovered = Signal(object)  # (row, column) or None
    pixel_selected = Signal(int, int)
    source_selected = Signal(int)  # a channel of the layer before

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("channelView")
        self.setAccessibleName("Channel")
        self._theme = LIGHT
        self._report: LayerReport | None = None
        self._name, self._channel = "", 0
        self._values: Values | None = None  # H W
        self._inputs: Values | None = None
        self._weight: Values | None = None
        self._bias = 0.0
        self._map, self._sources, self._legend = MapPane(), SourcesPane(), _Legend()
        self._title, self._source_title = ElidedLabel(role="section"), ElidedLabel(role="section")
        self._read_out, self._facts = (QLabel(textFormat=Qt.TextFormat.PlainText) for _ in range(2))
        self.setFocusProxy(self._map)
        self._build()
        self._map.pixel_hovered.connect(self._read)
        self._map.pixel_selected.connect(self.pixel_selected)
        self._sources.source_selected.connect(self.source_selected)
        self.clear()

    def _build(self) -> None:
        self._facts.setProperty("role", "muted")
        for label in (self._read_out, self._facts):
            label.setWordWrap(True)
            label.setMinimumWidth(200)
        self._read_out.setAccessibleName("Read-out")
        # As many lines as there is room for: the panel does not grow with them.
        self._facts.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self._facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.addWidget(self._read_out)
        words.addWidget(self._legend)
        words.addWidget(self._facts, 1)
        layout = QGridLayout(self)
        layout.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        layout.setHorizontalSpacing(2 * SPACING)
        layout.setVerticalSpacing(SPACING // 2)
        layout.addWidget(self._source_title, 0, 0)
        layout.addWidget(self._title, 0, 1, 1, 2)
        layout.addWidget(self._sources, 1, 0)
        layout.addWidget(self._map, 1, 1)
        layout.addLayout(words, 1, 2)
        for column, stretch in enumerate((3, 2, 1)):
            layout.setColumnStretch(column, stretch)
        layout.setRowStretch(1, 1)

    # -- what to show --------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of a theme."""
        self._theme = theme
        for view in (self._map, self._sources, self._legend):
            view.set_theme(theme)
        self.update()

    def clear(self, why: str = _NOTHING) -> None:
        """Show no channel, and say why."""
        self._report, self._values = None, None
        self._map.set_map(None, Scale(1.0, signed=True))
        self._sources.set_sources(None, None)
        self._sources.hide()
        self._legend.set_scale(None, gray=False)
        self._source_title.setText(why)
        self._source_title.show()
        for label in (self._title, self._read_out, self._facts):
            label.clear()

    def set_channel(
        self,
        name: str,
        channel: int,
        values: Values | None,
        *,
        report: LayerReport | None = None,
        inputs: Values | None = None,
        weight: Values | None = None,
        bias: Values | None = None,
        scale: Scale | None = None,
    ) -> None:
        """Show one channel of a layer (`name`, "Conv2D 1") for the current input.

        `values` are the layer's output (H, W, C) or (units,), None when nothing is drawn; `inputs` what it
        reads; `weight` its kernels (KH, KW, C_in, C_out) or (in, units), `bias` (C_out,) or (units,);
        `report` what is known of the layer, None for the input itself; `scale` its colours, None for up to
        the channel's own maximum.
        """
        if values is None or channel >= values.shape[-1]:
            self.clear("Nothing to show: draw something, or mend the network")
            return
        self._name, self._channel, self._report = name, channel, report
        self._inputs, self._weight = inputs, weight
        self._bias = 0.0 if bias is None or channel >= bias.size else float(bias[channel])
        if values.ndim == 1:
            self._show_unit(float(values[channel]))
            return
        self._values = values[:, :, channel]
        gray = report is None
        limit = 1.0 if gray else float(np.abs(self._values).max())
        scale = scale or Scale(limit, signed=bool(values.min() < 0))
        own = Scale(
            scale.limit_of(channel),
            scale.signed,
            cut=bool(np.abs(self._values).max() > scale.limit_of(channel)),
        )
        self._map.set_map(self._values, own, gray=gray)
        self._legend.set_scale(own, gray=gray)
        self._title.setText(f"{name}, channel {channel}, {format_shape(self._values.shape)}")
        self._show_sources(inputs, weight)
        self._read(self._map.pixel)

    def set_pixel(self, pixel: Pixel | None) -> None:
        """Mark the selected value."""
        self._map.set_pixel(pixel)
        self._read(self._map.pixel)

    def _show_unit(self, value: float) -> None:
        """A unit of a flat layer has no map: it is one number, shown with how it was computed."""
        report, inputs = self._report, self._inputs
        self.clear(f"{self._name}, unit {self._channel}: {format_number(value)}")
        if report is not None and inputs is not None:
            told = arithmetic.of_unit(report.layer, self._channel, inputs, self._weight, self._bias)
            self._sources.set_sources(None, None, legend=told)
            self._sources.setVisible(bool(told))

    def _show_sources(self, inputs: Values | None, weight: Values | None) -> None:
        """Show the input maps that the channel reads, and its kernels if it has any."""
        report = self._report
        shown = report is not None and inputs is not None and inputs.ndim == 3
        self._sources.setVisible(shown)
        self._source_title.setVisible(shown)
        if report is None or inputs is None or not shown:
            self._sources.set_sources(None, None)
            return
        first, last = source(report.layer, inputs.shape, self._region((0, 0))).channels
        kernels = None
        if isinstance(report.layer, Conv2D) and weight is not None and self._channel < weight.shape[-1]:
            kernels = weight[:, :, :, self._channel]
        maps = inputs[:, :, first:last]
        reach = format_number(max(float(maps.max()), -float(maps.min())))
        signed = bool(maps.min() < 0)
        legend = f"inputs ±{reach}" if signed else f"inputs 0–{reach}"
        if kernels is not None:
            legend += f", kernels ±{format_number(float(np.abs(kernels).max()))}"
        gray = report.index == 0
        self._sources.set_sources(maps, kernels, first=first, gray=gray, legend=legend)
        many = "Its input" if last - first == 1 else f"Its {last - first} inputs"
        kind = "" if kernels is None else (", each with its kernel" if last - first > 1 else " and kernel")
        self._source_title.setText(many + kind)

    def _region(self, pixel: Pixel) -> Region:
        (row, column), channel = pixel, self._channel
        return Region((row, row + 1), (column, column + 1), (channel, channel + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The surface of a panel."""
        QPainter(self).fillRect(event.rect(), self._theme.color("panel"))

    # -- reading -------------------------------------------------------------------------------------

    @property
    def read_out(self) -> str:
        """The number being read, in words; "" when none is."""
        return self._read_out.text()

    def _read(self, pixel: Pixel | None) -> None:
        """Write a value in words and outline what it was computed from."""
        report, values = self._report, self._values
        inside = pixel is not None and values is not None and all(np.less(pixel, values.shape))
        if pixel is None or values is None or not inside:
            self._read_out.setText("" if values is None else "Point at a value to read it")
            self._facts.setText("" if values is None else _facts(values))
            self._sources.set_traced(None)
        else:
            row, column = pixel
            self._read_out.setText(f"Row {row}, column {column}: {format_number(float(values[row, column]))}")
            known = report is not None and report.input_shape is not None
            traced = source(report.layer, report.input_shape, self._region(pixel)) if known else None  # type: ignore
            self._sources.set_traced(traced)
            self._facts.setText(self._computed(row, column) or _facts(values))
        self._map.setAccessibleDescription(self._read_out.text())
        self.pixel_hovered.emit(pixel if inside else None)

    def _computed(self, row: int, column: int) -> str:
        """Return how a convolution's number was computed; "" for other layers, and where the weights are not
        yet those of an edited one."""
        layer, inputs, weight = self._report and self._report.layer, self._inputs, self._weight
        if not isinstance(layer, Conv2D) or inputs is None or weight is None:
            return ""
        if inputs.ndim != 3 or layer.parameter_shapes(inputs.shape)["weight"] != weight.shape:
            return ""
        return arithmetic.of_pixel(layer, (self._channel, row, column), inputs, weight, self._bias)


class _Legend(QWidget):
    """The colours of the map and what they reach to."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._scale: Scale | None = None
        self._gray = False

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_scale(self, scale: Scale | None, *, gray: bool) -> None:
        self._scale, self._gray = scale, gray
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(150, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scale is None or self.height() < _LOWEST_LEGEND:
            return
        painter, theme = QPainter(self), self._theme
        limit = format_number(self._scale.limit_of(0))
        table = looks.diverging(theme) if self._scale.signed else looks.sequential(theme)
        words = self._scale.words(limit)
        paint_ramp(painter, theme, QRectF(self.rect()), looks.GRAY if self._gray else table, words)


def _facts(values: Values) -> str:
    """Return the extremes of a map and where they are, and its mean."""
    lines = []
    for word, at in (("Largest", int(np.argmax(values))), ("Smallest", int(np.argmin(values)))):
        row, column = divmod(at, values.shape[1])
        lines.append(f"{word} {format_number(float(values[row, column]))} at row {row}, column {column}")
    return "\n".join((*lines, f"Mean {format_number(float(values.mean()))}"))
