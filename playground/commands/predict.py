"""cnn-playground predict: the class of image files, with probabilities."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import cnn_core as cnn
from cnn_core.architecture import LARGEST_INPUT
from cnn_core.calibration import Calibration
from cnn_core.datasets.reading import printable
from playground.commands import inputs
from playground.commands.output import percent, write_json
from playground.data import of_drawings
from playground.importing import read_image
from playground.resources import OR_BY_NAME, network_file

_DESCRIPTION = """\
Print the class of each image, with probabilities.

By a network with grey input that learned from digits or other drawings an image is taken for a drawing: dark
ink on a light ground or light ink on a dark one (the border of the image tells which), cropped to its ink,
scaled and centred as the digits of MNIST are. By others, and with --as-is, its pixels are taken as they are:
an image of the network's own size unchanged, any other scaled to fit. Digits out of a data set want --as-is.

Where the file says how far its network can be trusted (those made with train --recipe do), the probabilities
are calibrated, the lower the more an image is unlike all that the network learned from; where it is clearly
unlike, it is marked."""


def run(arguments: Sequence[str]) -> int:
    """Print the class of each image; return 0, or 1 where some image could not be read."""
    parser = _parser()
    options = parser.parse_args(arguments)
    checkpoint = cnn.checkpoint.load(options.model)
    if options.as_is is False and checkpoint.network.architecture.input_shape[2] != 1:
        parser.error("--as-drawing goes with a network with grey input, this one sees colours; leave it out")
    known = Calibration.from_json(checkpoint.metadata, checkpoint.network.architecture)
    names = inputs.class_names(checkpoint)
    as_is = options.as_is
    if as_is is None:
        as_is = not of_drawings(inputs.remembered_data(checkpoint), names)
    failed = False
    for path in options.images:
        try:
            if path.is_dir():
                raise cnn.DatasetError(f"{path}: is a folder; give image files, such as {path / '*.png'}")
            image = network_input(read_image(path, LARGEST_INPUT), checkpoint.network, as_is=as_is)
        except (cnn.DatasetError, OSError) as error:
            print(f"cnn-playground predict: {printable(str(error))}", file=sys.stderr)
            failed = True
            continue
        if image is None:
            _tell_blank(path, options)
        else:
            probabilities, familiar = answer(checkpoint.network, image, known)
            _tell(path, probabilities, familiar, names, options)
    return int(failed)


def answer(
    network: cnn.Network, image: NDArray[np.float32], known: Calibration | None
) -> tuple[NDArray[np.float32], bool | None]:
    """The probabilities, calibrated where a calibration is known, and whether the image is like what was
    learned (None: not known), of an image of the network's input shape."""
    if known is None:
        return network.predict(image[None])[0], None
    probabilities, familiar = known.answered(network.logits(image[None]), network.activations(image[None]))
    return probabilities[0], None if familiar is None else bool(familiar[0])


def network_input(
    pixels: NDArray[np.uint8], network: cnn.Network, *, as_is: bool
) -> NDArray[np.float32] | None:
    """What the network is shown, its input shape in 0..1, for an image (H, W, C); None for an empty one."""
    shape = network.architecture.input_shape
    if as_is or shape[2] != 1:
        return cnn.preprocessing.fit_to(pixels.astype(np.float32) / np.float32(255), shape)
    drawing = cnn.preprocessing.normalize_drawing(cnn.preprocessing.find_ink(pixels))
    return cnn.preprocessing.fit_to(drawing, shape) if drawing.any() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cnn-playground predict",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "model", type=network_file, metavar="MODEL.cnn", help=f"the saved network, {OR_BY_NAME}"
    )
    parser.add_argument(
        "images", type=Path, nargs="+", metavar="IMAGE", help="png, jpg, bmp, gif, webp or tif"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--as-is", action="store_true", default=None, help="take the pixels as they are, not as a drawing"
    )
    how.add_argument(
        "--as-drawing", action="store_false", dest="as_is", help="take the image for a drawing (grey input)"
    )
    parser.add_argument(
        "--top", type=inputs.whole_number(1, 1000), default=3, metavar="N", help="classes listed [3]"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object a line, with all classes")
    return parser


def _tell_blank(path: Path, options: argparse.Namespace) -> None:
    if options.json:
        write_json({"image": str(path), "class": None, "index": None, "probabilities": None})
    else:
        print(f"{printable(path.name)}: nothing is drawn on it")


def _tell(
    path: Path,
    probabilities: NDArray[np.float32],
    familiar: bool | None,
    names: Sequence[str],
    options: argparse.Namespace,
) -> None:
    best = np.argsort(-probabilities, kind="stable")
    if options.json:
        each = {name: float(p) for name, p in zip(names, probabilities, strict=True)}
        first = int(best[0])
        told = {"image": str(path), "class": names[first], "index": first, "probabilities": each}
        write_json(told if familiar is None else {**told, "familiar": familiar})
        return
    listed = ", ".join(f"{names[i]} {percent(float(probabilities[i]), 1)}" for i in best[: options.top])
    doubt = "; unlike all it learned from" if familiar is False else ""
    print(f"{printable(path.name)}: {names[best[0]]}  ({listed}){doubt}")
