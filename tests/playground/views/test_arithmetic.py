"""What is written of a number adds up to it."""

import re

import numpy as np
import pytest

import cnn_core as cnn
from playground.views import arithmetic
from playground.wording import MINUS, THIN_SPACE

GENERATOR = np.random.default_rng(2)


def numbers(text: str) -> list[float]:
    """The numbers at the ends of the lines: products, the others, the bias."""
    ends = [
        re.split(": | = ", line)[-1] for line in text.splitlines() if ": " in line and "weight" not in line
    ]
    return [float(end.replace(MINUS, "-").replace(THIN_SPACE, "")) for end in ends]


@pytest.mark.parametrize(
    "layer",
    [
        cnn.Conv2D(filters=4),
        cnn.Conv2D(filters=4, kernel_size=(2, 3), stride=(2, 1), padding="same"),
        cnn.Conv2D(filters=4, kernel_size=3, dilation=2, padding=2),
        cnn.Conv2D(filters=4, kernel_size=1, groups=2),
        cnn.Conv2D(filters=4, groups=4, padding=1),
        cnn.Conv2D(filters=4, kernel_size=(9, 7)),
    ],
)
@pytest.mark.parametrize("place", [(0, 0, 0), (3, 0, 0), (2, -1, -1)])
def test_a_convolutions_products_others_and_bias_add_up(
    layer: cnn.Conv2D, place: tuple[int, int, int]
) -> None:
    network = cnn.Network.initialize(cnn.Architecture((9, 7, 4), (layer, cnn.Flatten())), seed=5)
    bias = network.parameters["0.bias"]
    bias[:] = GENERATOR.random(4)
    image = GENERATOR.random((9, 7, 4), np.float32)
    values = network.activations(image[None])[0][0]
    channel, row, column = place[0], place[1] % values.shape[0], place[2] % values.shape[1]
    told = arithmetic.of_pixel(
        layer, (channel, row, column), image, network.parameters["0.weight"], float(bias[channel])
    )
    assert len(told.splitlines()) <= arithmetic.STRONGEST // 2 + 3
    assert sum(numbers(told)) == pytest.approx(float(values[row, column, channel]), abs=0.02)


def test_products_are_named_by_where_their_inputs_are() -> None:
    image, weight = np.zeros((5, 5, 2), np.float32), np.ones((3, 3, 2, 1), np.float32)
    image[2, 3, 1] = 0.5
    told = arithmetic.of_pixel(cnn.Conv2D(filters=1), (0, 1, 1), image, weight, 0.25)
    assert told.splitlines()[:2] == [
        "channel (row, column): value × weight",
        "1 (2, 3): 0.500 × 1.00 = 0.500",
    ]
    assert told.splitlines()[-2:] == ["14 others: 0", "bias: 0.250"]


def test_a_dense_units_products_others_and_bias_add_up() -> None:
    inputs, weight = GENERATOR.random(40, np.float32), GENERATOR.normal(size=(40, 3)).astype(np.float32)
    told = arithmetic.of_unit(cnn.Dense(units=3), 1, inputs, weight, 0.5)
    assert told.startswith("The sum of 40 products")
    assert sum(numbers(told)) == pytest.approx(float(inputs @ weight[:, 1]) + 0.5, abs=0.02)
    assert "32 others: " in told


def test_softmax_and_flatten_say_where_their_number_comes_from() -> None:
    told = arithmetic.of_unit(cnn.Softmax(), 1, np.array([1.0, 2.0, 0.0], np.float32), None, 0.0)
    assert "exp(2.00 − 2.00) = 1.00" in told
    assert "divided by 1.50, the sum of the same of all 3 scores" in told
    maps = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    told = arithmetic.of_unit(cnn.Flatten(), 9, maps, None, 0.0)
    assert told == "Channel 1, row 1, column 1 of its input: 9.00"
    assert (
        arithmetic.of_unit(cnn.ReLU(), 1, np.array([1.0, -2.0], np.float32), None, 0.0) == "Its input: −2.00"
    )
