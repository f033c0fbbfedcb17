"""From reports on layers to what each column of the network says and shows."""

from __future__ import annotations

from collections.abc import Sequence

from cnn_core import Conv2D
from cnn_core.architecture import LayerReport
from playground.views.column_parts import ROLES, Caption, text_width
from playground.views.strip_layout import MOST_CELLS, MOST_TILES, ColumnContent, Kind
from playground.wording import TIMES, format_number, format_shape

MOST_BARS = 16  # flat layers of up to so many numbers are drawn as bars
_CALIBRATED = (
    "The network's own probabilities, before calibration. The answer beside the drawing is calibrated,\n"
    "where the network came with a temperature: the scores are divided by it before Softmax."
)
_SHORT = {"GlobalAveragePooling2D": "GlobalAvg", "2D": ""}
_SHORTEST = {
    "MaxPool": "Pool",
    "AvgPool": "Pool",
    "GlobalAvg": "GAP",
    "BatchNorm": "Norm",
    "LeakyReLU": "LReLU",
}
_LEGEND = "0–0.896+"  # as long as most are
_PROBLEM_WIDTH, _HIDDEN_WIDTH = 176, 120  # px; room for a reason, and for "strongest 96"


def captions(
    reports: Sequence[LayerReport], names: Sequence[str], input_shape: tuple[int, ...]
) -> list[Caption]:
    """Return the words of the input's column and of each layer's."""
    size = format_shape(input_shape)
    tip = f"Input {size}: what the network sees, 0 black, 1 white"
    found = [Caption(names=("Input",), shapes=(size,), tip=tip)]
    failed = ""
    for report, name in zip(reports, names, strict=True):
        problem = report.error.partition("): ")[2] or report.error if report.error else ""
        shape = format_shape(report.output_shape) if report.output_shape else ""
        number = format_number(report.parameters)
        found.append(
            Caption(
                names=_shortened(name),
                shapes=_broken(report.output_shape, report.parameters == 0),
                details=(f"{number} parameters", number) if report.parameters else (),
                tip=_tip(report, name, shape),
                problem=problem,
                waiting=f"Waits for {failed}" if failed and not problem else "",
            )
        )
        failed = failed or (name if report.error else "")
    return found


def _shortened(name: str) -> tuple[str, ...]:
    """Return a name and shorter ones for narrow columns: "MaxPool2D 1", "MaxPool 1", "Pool 1"."""
    names = [name]
    for replacements in (_SHORT, _SHORTEST):
        for long, brief in replacements.items():
            name = name.replace(long, brief)
        names.append(name)
    return tuple(dict.fromkeys(names))


def _broken(shape: tuple[int, ...] | None, may_break: bool) -> tuple[str, ...]:
    """Return a shape as text, and where a second line is free in two lines: "26×26" and "×32"."""
    if not shape:
        return ()
    text = format_shape(shape)
    if len(shape) != 3 or not may_break:
        return (text,)
    return text, f"{format_shape(shape[:2])}\n{TIMES}{format_shape(shape[2:])}"


def _tip(report: LayerReport, name: str, shape: str) -> str:
    """Return what is known of a layer, line by line, and what can be done with it."""
    lines = [f"{name}: {report.layer!r}".replace("'", "")]
    if shape:
        lines.append(f"Output {shape}, {format_number(report.parameters)} parameters")
        lines.append(f"{format_number(report.multiply_adds)} multiply-adds for one image")
    if report.receptive_field:
        lines.append(f"Sees {format_shape(report.receptive_field)} pixels of the input")
    if report.layer.name == "Softmax":
        lines.append(_CALIBRATED)
    lines.append("Drag the header to move it (Ctrl+Left, Ctrl+Right); Delete removes; right click for more")
    return "\n".join(lines)


def contents(
    reports: Sequence[LayerReport], names: Sequence[Caption], input_shape: tuple[int, ...]
) -> list[ColumnContent]:
    """Return how the input and each layer are drawn; the first convolution on the image shows its kernels."""
    high, wide, channels = input_shape
    found = [ColumnContent(kind=Kind.IMAGE, count=min(channels, MOST_TILES), size=(high, wide))]
    family, kernel_shown = -1, False
    for report, caption in zip(reports, names[1:], strict=True):
        narrowest, preferred = _widths(caption)
        shape, kernel = report.output_shape, None
        if isinstance(report.layer, Conv2D):
            family = report.index
            if not kernel_shown and shape and (report.input_shape or ())[-1] <= 4:
                size = report.layer.kernel_size
                kernel, kernel_shown = (size, size) if isinstance(size, int) else size, True
        if report.error or shape is None:
            least, kind, count = _PROBLEM_WIDTH if report.error else 52, Kind.NOTHING, 0
        elif len(shape) == 3:
            least, kind, count = 0, Kind.MAPS, min(shape[2], MOST_TILES)
        else:
            least, kind, count = (
                0,
                Kind.BARS if shape[0] <= MOST_BARS else Kind.CELLS,
                min(shape[0], MOST_CELLS),
            )
        if shape and count and count < shape[-1]:
            least = _HIDDEN_WIDTH
        found.append(
            ColumnContent(
                kind=kind,
                count=count,
                size=(shape[0], shape[1]) if shape and kind is Kind.MAPS else (1, 1),
                narrowest=max(narrowest, least),
                preferred=max(preferred, least),
                family=family,
                kernel=kernel,
            )
        )
    return found


def _widths(caption: Caption) -> tuple[int, int]:
    """Return the px that the words of a column need at their shortest, and in full."""
    shortest, full = 36, text_width("small", _LEGEND)
    for role, texts in zip(ROLES, caption.lines, strict=True):
        widths = [text_width(role, text) for text in texts] or [0]
        shortest, full = max(shortest, min(widths)), max(full, widths[0])
    return shortest, full
