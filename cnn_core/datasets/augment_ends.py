"""What each kind of augmentation does to an image when it does most: for looking at, not for training."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from cnn_core.datasets.augment import Augmentation, Images, Random

TWO_ENDED = ("rotation", "shift", "scale", "shear", "thickness")  # both ways, as far as is allowed
# Of the other kinds, the two of so many draws that change the image most are shown; of large images fewer.
_FEWEST, _MOST, _PIXELS = 4, 24, 24 * 28 * 28


def at_ends(kind: str, most: float, image: NDArray[np.uint8], seed: int) -> Images:
    """Return (2, H, W, C) uint8: an (H, W, C) image changed by one kind alone, as far as `most` lets it go.

    Of a kind that goes two ways these are its two ends; of elastic, noise and cutout the strongest of a few
    random draws, the same for the same seed. Where `most` is 0 both are the image.
    """
    alone = Augmentation(**{kind: most})
    if kind in TWO_ENDED:
        ends = [alone.apply(image[None], cast(Random, _Always(share))) for share in (1.0, 0.0)]
        return np.concatenate(ends)
    count = min(max(_PIXELS // image[..., 0].size, _FEWEST), _MOST)
    draws = alone.apply(np.repeat(image[None], count, axis=0), np.random.default_rng(seed))
    change = np.abs(draws.astype(np.int16) - image).sum(axis=(1, 2, 3))
    return draws[np.sort(np.argsort(-change, kind="stable")[:2])]


class _Always:
    """In place of a generator: every share drawn is the same, 0 the one end, 1 the other."""

    def __init__(self, share: float) -> None:
        self._share = share

    def random(self, size: int, dtype: type = np.float64) -> NDArray[np.floating]:
        """Return that share, so many times."""
        return np.full(size, self._share, dtype)
