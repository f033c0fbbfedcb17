"""What a network for digits says of drawings that are no digits, and how often it doubts real ones.

    python -m playground.familiarity_check NETWORK.cnn --mnist FOLDER --strokes FILE [--others SPEC]

FOLDER holds MNIST; its test images are taken, or the last ones where it has none. Of the pen drawings in
FILE, those of the last writers are taken, whom `train --recipe` holds out. With --recalibrate the
calibration is made anew, as the recipe of the network makes it, and written to another file. Ends with
status 1 when real digits are doubted too often or strangers too seldom.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QImage, QPainter

import cnn_core as cnn
from cnn_core.calibration import Calibration, calibrate, calibration_error
from cnn_core.ending import ended
from cnn_core.writing import need_place
from playground import data, other_drawings, recipes, strangers, strokes
from playground.drawing import RASTER_SIZE
from playground.image_reading import to_array

PROGRAM = "python -m playground.familiarity_check"
SURE, CERTAIN = 0.9, 0.99  # beyond these an answer without a hint is a mistake, of what is no digit
SEED = 7
EACH = 560  # drawings of a kind; twenty of each letter
# Of digits, the share doubted at most; of anything else, the share answered as sure as a digit at most.
MOST_DOUBTED = {"digits of MNIST": 0.025, "digits of unseen writers": 0.04, "digits in unseen hands": 0.05}
MOST_SURE = {"scribbles": 0.05, "letters of fonts": 0.05, "a blank": 0.0}
MOST_SURE_OF_ANY = 0.1
MOST_CERTAIN = 0.01
NOT_COUNTED = ("circles", "flashes")  # too much like a 0, and like a 2 or 5
LEARNED = ("squares", "triangles", "diamonds", "scribbles")  # also drawn, otherwise, by `other_drawings`
_FONT_SIZE = 180  # px of the canvas
_MOST_FONTS = 12

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """What a network says of one kind of images: shares called unlike a digit, and answered without that hint
    beyond SURE and beyond CERTAIN."""

    kind: str
    count: int
    doubted: float
    sure: float
    certain: float

    @property
    def failed(self) -> bool:
        """Whether this is worse than it is meant to be."""
        if self.kind.startswith("digits"):
            return self.doubted > MOST_DOUBTED.get(self.kind, 0.05)
        if self.kind in NOT_COUNTED:
            return False
        return self.sure > MOST_SURE.get(self.kind, MOST_SURE_OF_ANY) or self.certain > MOST_CERTAIN

    def __str__(self) -> str:
        verdict = "" if not self.failed else "  too many"
        shares = f"{self.doubted:>10.1%} {self.sure:>12.1%} {self.certain:>12.1%}"
        return f"{self.kind:28} {self.count:>7,} {shares}{verdict}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print; return the exit status."""
    chosen = _parse(arguments)
    if chosen.recalibrate:
        need_place(chosen.recalibrate)
    checkpoint = cnn.checkpoint.load(chosen.network)
    if chosen.recalibrate:
        checkpoint = _recalibrated(checkpoint, chosen)
        cnn.checkpoint.save(chosen.recalibrate, checkpoint)
    known = Calibration.from_json(checkpoint.metadata, checkpoint.network.architecture)
    if known is None or known.familiarity is None:
        raise cnn.CheckpointError(f"{chosen.network.name} does not know what is familiar to it")
    print(f"{'':28} {'images':>7} {'unlike':>10} {f'sure > {SURE:.0%}':>12} {f'sure > {CERTAIN:.0%}':>12}")
    failed = False
    for kind, images in _kinds(chosen):
        row = measure(kind, images, checkpoint.network, known)
        failed |= row.failed
        print(row, flush=True)
    print("unlike: called unlike a digit. sure: answered with more than that, without that hint.")
    print(_calibrated(_mnist(chosen.mnist, chosen.hold_out), checkpoint.network, known))
    print(_told(known.familiarity.outliers is not None))
    print("Circles are zeros, flashes much like 2 or 5: shown, not judged. No letters that are also digits.")
    return int(failed)


def _told(learned: bool) -> str:
    """Say which kinds the network has learned from."""
    if not learned:
        return "The network has learned from digits alone; all else is new to it."
    return (
        f"Learned from, drawn in another way: {', '.join(LEARNED)}; of the letters of fonts, by pens: "
        f"{' '.join(other_drawings.LETTERS)}. All other kinds are new to it."
    )


def measure(kind: str, images: Images, network: cnn.Network, known: Calibration) -> Row:
    """Return what the network says of images (N, 28, 28, 1)."""
    odd, probabilities = answers(images, network, known)
    highest = np.where(odd, 0, probabilities.max(axis=1))
    sure, certain = (float((highest > limit).mean()) for limit in (SURE, CERTAIN))
    return Row(kind, len(images), float(odd.mean()), sure, certain)


def answers(
    images: Images, network: cnn.Network, known: Calibration
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which images (N, 28, 28, 1) are called unlike a digit, (N,), and the probabilities, (N, K), as
    the window shows them."""
    odd, found = [], []
    for start in range(0, len(images), 250):
        part = images[start : start + 250]
        probabilities, familiar = known.answered(network.logits(part), network.activations(part))
        assert familiar is not None
        odd.append(~familiar)
        found.append(probabilities)
    return np.concatenate(odd), np.concatenate(found)


def _calibrated(digits: cnn.Dataset, network: cnn.Network, known: Calibration) -> str:
    """Say how far the probabilities of digits, as they are shown, are from how often they are right."""
    odd, probabilities = answers(digits.images, network, known)
    everything = calibration_error(probabilities, digits.labels)
    rest = calibration_error(probabilities[~odd], digits.labels[~odd])
    return f"Calibration error on digits of MNIST: {everything:.2%}, of those not called unlike: {rest:.2%}."


def drawn(draw: other_drawings.Draw, count: int) -> Images:
    """Return what the network sees of so many drawings, each with another pen, size and place."""
    random = np.random.default_rng(SEED)
    return np.stack([strokes.seen(each, random) for each in draw(count, random)])


def printed(signs: str = strangers.LETTERS) -> Images:
    """Return letters or signs in the fonts of this machine, as somebody might paste them."""
    families = [f for f in QFontDatabase.families() if QFontDatabase.isSmoothlyScalable(f)]
    latin = [f for f in families if QFontDatabase.WritingSystem.Latin in QFontDatabase.writingSystems(f)]
    places = np.unique(np.linspace(0, len(latin) - 1, min(len(latin), _MOST_FONTS)).astype(int))
    fonts = [QFont(latin[place]) for place in places]
    return np.stack([_letter(letter, font) for font in fonts for letter in signs])


def _letter(letter: str, font: QFont) -> Images:
    image = QImage(RASTER_SIZE, RASTER_SIZE, QImage.Format.Format_Grayscale8)
    image.fill(0)
    font.setPixelSize(_FONT_SIZE)
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor("white"))
    painter.drawText(QRectF(0, 0, RASTER_SIZE, RASTER_SIZE), Qt.AlignmentFlag.AlignCenter, letter)
    painter.end()
    seen = cnn.preprocessing.normalize_drawing(to_array(image)[:, :, 0])
    rounded: Images = np.rint(seen * 255).astype(np.uint8)
    return rounded


def _kinds(chosen: argparse.Namespace) -> list[tuple[str, Images]]:
    """Return each kind of images by its name."""
    kinds = [
        ("digits of MNIST", _mnist(chosen.mnist, chosen.hold_out).images),
        ("digits of unseen writers", _unseen_writers(chosen.strokes, by_anyone=False)),
        ("digits in unseen hands", _unseen_writers(chosen.strokes, by_anyone=True)),
        ("letters", drawn(strangers.letters, EACH)),
        ("letters of fonts", printed()),
        ("signs of fonts", printed(strangers.SIGNS)),
        ("scribbles", drawn(strangers.scribbles, EACH)),
        ("dots", drawn(strangers.dots, EACH)),
        *((name, drawn(strangers.shape(name), EACH)) for name in strangers.SHAPES),
        ("a blank", np.zeros((1, 28, 28, 1), np.uint8)),
    ]
    if chosen.others:
        others = data.whole(chosen.others)
        kinds.append((others.source[:28], others.images[:2000]))
    return kinds


def _mnist(spec: str, hold_out: int) -> cnn.Dataset:
    try:
        return data.whole(spec, "test")
    except cnn.DatasetError:
        return data.read(spec, held_out=hold_out).validation


def _unseen_writers(path: Path, *, by_anyone: bool) -> Images:
    """Return digits of the writers held out: as they drew them, or as other hands and devices would."""
    return recipes.held_out(path, tuple("0123456789"), by_anyone=by_anyone).images


def _recalibrated(checkpoint: cnn.Checkpoint, chosen: argparse.Namespace) -> cnn.Checkpoint:
    """Return the network with the calibration that its recipe would give it now."""
    name = str(checkpoint.metadata.get("recipe"))
    if name not in recipes.RECIPES:
        raise cnn.CheckpointError(f"{chosen.network.name} does not say by which recipe it was made")
    recipe = recipes.RECIPES[name]
    found = data.read(chosen.mnist, held_out=chosen.hold_out)
    train, tests = recipes.mixed(recipe, found.train, chosen.strokes, all_writers=False)
    others = recipes.no_digits(train, tests)
    outcome = calibrate(checkpoint.network, train, [found.validation, *tests], others)
    print(recipes.told(outcome))
    values = {**checkpoint.metadata, **outcome.calibration.to_json()}
    return replace(checkpoint, metadata=values)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=(__doc__ or "").split("\n")[0])
    parser.add_argument("network", type=Path, metavar="NETWORK.cnn")
    parser.add_argument("--mnist", required=True, help="a folder with MNIST's IDX files, or mnist")
    parser.add_argument("--strokes", type=Path, required=True, help="JSON file of pen drawings with writers")
    parser.add_argument(
        "--others", metavar="SPEC", help="further images that are no digits, as fashion-mnist"
    )
    parser.add_argument(
        "--hold-out",
        type=int,
        default=5000,
        metavar="N",
        help="of MNIST, where there are no test images [5000]",
    )
    parser.add_argument("--recalibrate", type=Path, metavar="FILE.cnn", help="calibrate anew and write this")
    return parser.parse_args(arguments)


def _run() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication(sys.argv[:1])
    try:
        return ended(PROGRAM, main)
    finally:
        del application


if __name__ == "__main__":
    sys.exit(_run())
