"""What a network answers to the images of a data set, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.wording import format_number, format_share

ANY, SURE, BETWEEN, UNSURE = "sure or not", "90 % and surer", "60 to 90 % sure", "less than 60 %"


@dataclass(frozen=True)
class Answers:
    """What a network says to N images: the class, the probability it gives it, the loss of the true class."""

    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    loss: NDArray[np.float32]

    def in_words(self, index: int) -> str:
        """How sure the network is of an image, and its loss."""
        sure = format_share(float(self.confidence[index]))
        return f"{sure} sure, loss {format_number(float(self.loss[index]))}"


def as_sure_as(choice: str, confidence: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which of the images have the confidence that was chosen, one of the words above."""
    least, below = {SURE: (0.9, 2.0), BETWEEN: (0.6, 0.9), UNSURE: (0.0, 0.6)}.get(choice, (0.0, 2.0))
    chosen: NDArray[np.bool_] = (confidence >= least) & (confidence < below)
    return chosen
