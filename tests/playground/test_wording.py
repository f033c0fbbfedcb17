"""Numbers, shapes and layers are written the agreed way."""

import pytest

import cnn_core as cnn
from playground.wording import THIN_SPACE, brief_number, format_number, format_shape, layer_names


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (225034, "225 034"),
        (-7, "−7"),
        (0.0, "0"),
        (1.2345, "1.23"),
        (-0.05, "−0.0500"),
        (999.7, "1 000"),
        (-12345.6, "−12 300"),
        (1.234e-7, "1.23e−7"),
        (123456789.0, "1.23e8"),
        (float("nan"), "not a number"),
        (float("-inf"), "−∞"),
    ],
)
def test_numbers_are_written_with_three_significant_digits(value: float, text: str) -> None:
    assert format_number(value).replace(THIN_SPACE, " ") == text


def test_shapes_are_written_with_a_multiplication_sign() -> None:
    assert format_shape((26, 26, 32)) == "26×26×32"


@pytest.mark.parametrize(
    ("value", "two", "one"),
    [
        (0.905, "0.91", "0.9"),
        (0.0312, "0.031", "0.03"),
        (0.00031, "3.1e−4", "3e−4"),
        (9.97, "10", "10"),
        (-12.4, "−12", "−12"),
        (1_230_000.0, "1.2e6", "1e6"),
        (1.07e27, "1.1e27", "1e27"),
        (0.0, "0", "0"),
        (float("inf"), "∞", "∞"),
    ],
)
def test_brief_numbers_are_as_short_as_their_digits_allow(value: float, two: str, one: str) -> None:
    assert (brief_number(value, 2), brief_number(value, 1)) == (two, one)


def test_kinds_that_occur_twice_are_numbered() -> None:
    layers = (cnn.Conv2D(filters=2), cnn.Dense(units=3), cnn.Tanh(), cnn.Dense(units=2))
    assert layer_names(layers) == ["Conv2D", "Dense 1", "Tanh", "Dense 2"]
