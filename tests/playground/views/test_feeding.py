"""What a number was computed from, checked against the engine by changing inputs."""

import numpy as np
import pytest

import cnn_core as cnn
from playground.views.feeding import Region, fed, on_input, source

CHAIN = cnn.Architecture(
    (12, 12, 2),
    (
        cnn.Conv2D(filters=4, padding="same", stride=2),
        cnn.ReLU(),
        cnn.Conv2D(filters=4, kernel_size=3, dilation=2, groups=2),
        cnn.AvgPool2D(),
    ),
)


def one(channel: int, row: int, column: int) -> Region:
    return Region((row, row + 1), (column, column + 1), (channel, channel + 1))


@pytest.mark.parametrize("layer", range(4))
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (-1, -1)])
def test_only_the_marked_part_of_the_input_matters(layer: int, place: tuple[int, int]) -> None:
    network = cnn.Network.initialize(CHAIN_TO_SCORES, seed=1)
    generator = np.random.default_rng(0)
    image = generator.random((1, 12, 12, 2), np.float32)
    reports = CHAIN_TO_SCORES.check()
    high, wide, _ = reports[layer].output_shape
    row, column = place[0] % high, place[1] % wide
    region = on_input(reports, layer, one(1, row, column))
    outside = image.copy()
    outside += 1
    inside = (slice(*region.rows), slice(*region.columns))
    outside[0][inside] = image[0][inside]
    before = network.activations(image)[layer][0, row, column, 1]
    after = network.activations(outside)[layer][0, row, column, 1]
    assert after == pytest.approx(before, abs=1e-5)


CHAIN_TO_SCORES = cnn.Architecture(CHAIN.input_shape, (*CHAIN.layers, cnn.Flatten(), cnn.Dense(units=3)))


def test_a_convolution_reads_a_window_of_all_channels() -> None:
    found = source(cnn.Conv2D(filters=8), (10, 10, 3), one(5, 4, 6))
    assert found == Region((4, 7), (6, 9), (0, 3))


def test_groups_read_their_own_channels() -> None:
    layer = cnn.Conv2D(filters=8, groups=2)
    assert source(layer, (10, 10, 4), one(5, 0, 0)).channels == (2, 4)


def test_padding_is_not_marked() -> None:
    found = source(cnn.Conv2D(filters=1, padding="same"), (10, 10, 1), one(0, 0, 9))
    assert (found.rows, found.columns) == ((0, 2), (8, 10))


def test_pooling_reads_its_own_channel() -> None:
    assert source(cnn.MaxPool2D(), (10, 10, 3), one(2, 1, 2)) == Region((2, 4), (4, 6), (2, 3))


def test_a_unit_of_flatten_is_one_value_of_a_map() -> None:
    image = np.arange(4 * 5 * 3).reshape(4, 5, 3)
    found = source(cnn.Flatten(), (4, 5, 3), one(37, 0, 0))
    assert image[found.rows[0], found.columns[0], found.channels[0]] == image.reshape(-1)[37]


def test_flatten_may_follow_a_flat_layer() -> None:
    assert (
        source(cnn.Flatten(), (7,), one(5, 0, 0))
        == fed(cnn.Flatten(), (7,), (7,), one(5, 0, 0))
        == one(5, 0, 0)
    )


def test_dense_and_softmax_read_everything() -> None:
    assert source(cnn.Dense(units=4), (7,), one(2, 0, 0)).channels == (0, 7)
    assert source(cnn.Softmax(), (4,), one(2, 0, 0)).channels == (0, 4)


@pytest.mark.parametrize("layer", [0, 2, 3, 4, 5])
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (-1, -1), (2, 2)])
def test_what_reads_a_value_is_what_has_it_as_its_source(layer: int, place: tuple[int, int]) -> None:
    report = CHAIN_TO_SCORES.check()[layer]
    shape, made = report.input_shape, report.output_shape
    high, wide, channels = shape if len(shape) == 3 else (1, 1, shape[0])
    spot = one(channels - 1, place[0] % high, place[1] % wide)
    found = fed(report.layer, shape, made, spot)
    rows, columns, units = made if len(made) == 3 else (1, 1, made[0])
    readers = {
        (channel, row, column)
        for channel in range(units)
        for row in range(rows)
        for column in range(columns)
        if covers(source(report.layer, shape, one(channel, row, column)), spot)
    }
    expected = (
        set()
        if found is None
        else {
            (channel, row, column)
            for channel in range(*found.channels)
            for row in range(*found.rows)
            for column in range(*found.columns)
        }
    )
    assert readers == expected


def covers(region: Region, spot: Region) -> bool:
    parts = ((region.rows, spot.rows), (region.columns, spot.columns), (region.channels, spot.channels))
    return all(whole[0] <= part[0] and part[1] <= whole[1] for whole, part in parts)


def test_nothing_is_known_behind_an_error() -> None:
    broken = cnn.Architecture((4, 4, 1), (cnn.Conv2D(filters=2, kernel_size=9), cnn.ReLU()))
    assert on_input(broken.check(), 1, one(0, 0, 0)) is None
