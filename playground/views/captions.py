"""From reports on layers to what each column of the network says and shows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFontMetrics

from cnn_core import Conv2D
from cnn_core.architecture import LayerReport
from playground.theme import font, format_number, format_shape
from playground.views.layer_column import Caption
from playground.views.strip_layout import MOST_CELLS, MOST_TILES, Content, Kind

MOST_BARS = 16  # flat layers of up to so many numbers are drawn as bars
_SHORT = {"GlobalAveragePooling2D": "GlobalAvg", "2D": ""}
_PROBLEM_WIDTH, _HIDDEN_WIDTH = 176, 120  # px; room for a reason, and for "strongest 96"


def captions(
    reports: Sequence[LayerReport], names: Sequence[str], input_shape: tuple[int, ...]
) -> list[Caption]:
    """Return the words of the input's column and of each layer's."""
    size = format_shape(input_shape)
    found = [Caption(name="Input", shape=size, tip=f"Input {size}: what the network sees, 0 black, 1 white")]
    failed = ""
    for report, name in zip(reports, names, strict=True):
        problem = report.error.partition("): ")[2] or report.error if report.error else ""
        shape = format_shape(report.output_shape) if report.output_shape else ""
        number = format_number(report.parameters)
        short = name
        for long, brief in _SHORT.items():
            short = short.replace(long, brief)
        found.append(
            Caption(
                name=name,
                short_name=short,
                shape=shape,
                detail=f"{number} parameters" if report.parameters else "",
                short_detail=number if report.parameters else "",
                tip=_tip(report, name, shape),
                problem=problem,
                waiting=f"Waits for {failed}" if failed and not problem else "",
            )
        )
        failed = failed or (name if report.error else "")
    return found


def _tip(report: LayerReport, name: str, shape: str) -> str:
    """Return what is known of a layer, line by line, and what can be done with it."""
    lines = [f"{name}: {report.layer!r}".replace("'", "")]
    if shape:
        lines.append(f"Output {shape}, {format_number(report.parameters)} parameters")
        lines.append(f"{format_number(report.multiply_adds)} multiply-adds for one image")
    if report.receptive_field:
        lines.append(f"Sees {format_shape(report.receptive_field)} pixels of the input")
    lines.append("Drag the header to move it (Ctrl+Left, Ctrl+Right); Delete removes; right click for more")
    return "\n".join(lines)


def contents(
    reports: Sequence[LayerReport], names: Sequence[Caption], input_shape: tuple[int, ...]
) -> list[Content]:
    """Return how the input and each layer are drawn; the first convolution on the image shows its kernels."""
    strong, small = QFontMetrics(font("strong")), QFontMetrics(font("small"))
    high, wide, channels = input_shape
    found = [Content(kind=Kind.IMAGE, count=min(channels, MOST_TILES), size=(high, wide))]
    family, kernel_shown = -1, False
    for report, caption in zip(reports, names[1:], strict=True):
        width = max(strong.horizontalAdvance(caption.short_name), small.horizontalAdvance(caption.shape))
        width = max(width, small.horizontalAdvance(caption.short_detail), 36)
        shape, kernel = report.output_shape, None
        if isinstance(report.layer, Conv2D):
            family = report.index
            if not kernel_shown and report.output_shape and (report.input_shape or ())[-1] <= 4:
                size = report.layer.kernel_size
                kernel, kernel_shown = (size, size) if isinstance(size, int) else size, True
        if report.error or shape is None:
            width = max(width, _PROBLEM_WIDTH if report.error else 52)
            found.append(Content(kind=Kind.NOTHING, narrowest=width))
        elif len(shape) == 3:
            width = max(width, _HIDDEN_WIDTH) if shape[2] > MOST_TILES else width
            found.append(
                Content(
                    kind=Kind.MAPS,
                    count=min(shape[2], MOST_TILES),
                    size=(shape[0], shape[1]),
                    narrowest=width,
                    family=family,
                    kernel=kernel,
                )
            )
        else:
            kind = Kind.BARS if shape[0] <= MOST_BARS else Kind.CELLS
            width = max(width, _HIDDEN_WIDTH) if shape[0] > MOST_CELLS else width
            found.append(Content(kind=kind, count=min(shape[0], MOST_CELLS), narrowest=width))
    return found
