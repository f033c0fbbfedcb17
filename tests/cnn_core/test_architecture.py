"""Architectures: editing, what each layer's report says, legal odd sizes, errors and their remedies."""

import numpy as np
import plain_network
import pytest

from cnn_core import (
    Architecture,
    ArchitectureError,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPool2D,
    Network,
    ReLU,
    Softmax,
    presets,
)

SMALL = Architecture((8, 8, 1), (Conv2D(filters=2), ReLU(), Flatten(), Dense(units=3), Softmax()))

# Editing


def test_editing_returns_new_values_and_leaves_the_old_alone():
    pool = MaxPool2D()
    assert SMALL.inserted(2, pool).layers == (*SMALL.layers[:2], pool, *SMALL.layers[2:])
    assert SMALL.inserted(5, pool).layers == (*SMALL.layers, pool)
    assert SMALL.removed(1).layers == (SMALL.layers[0], *SMALL.layers[2:])
    assert SMALL.replaced(0, pool).layers == (pool, *SMALL.layers[1:])
    assert len(SMALL.layers) == 5


@pytest.mark.parametrize("source", range(5))
@pytest.mark.parametrize("target", range(5))
def test_a_moved_layer_stands_at_its_target(source, target):
    moved = SMALL.moved(source, target)
    assert moved.layers[target] == SMALL.layers[source]
    assert moved.moved(target, source) == SMALL
    assert SMALL.moved(source - 5, target - 5) == moved


@pytest.mark.parametrize("index", range(5))
def test_a_negative_index_counts_from_the_end(index):
    pool = MaxPool2D()
    assert SMALL.removed(index - 5) == SMALL.removed(index)
    assert SMALL.replaced(index - 5, pool) == SMALL.replaced(index, pool)
    assert SMALL.inserted(index - 5, pool) == SMALL.inserted(index, pool)


@pytest.mark.parametrize("index", [-6, 5, 99])
def test_a_layer_that_is_not_there_cannot_be_edited(index):
    for edit in (SMALL.removed, lambda i: SMALL.replaced(i, ReLU()), lambda i: SMALL.moved(0, i)):
        with pytest.raises(IndexError):
            edit(index)
    with pytest.raises(IndexError):
        SMALL.inserted(index + (index > 0), ReLU())


def test_equal_architectures_are_equal_and_hash_alike():
    again = Architecture([8, 8, 1], list(SMALL.layers))
    assert again == SMALL
    assert hash(again) == hash(SMALL)
    assert SMALL.removed(1) != SMALL


@pytest.mark.parametrize(
    "shape", [(8, 8), (8, 8, 0), (8, 8, 1.0), (8, -1, 1), (8, True, 1), (2000, 8, 1), ()]
)
def test_an_input_shape_that_cannot_be_is_refused(shape):
    with pytest.raises(ArchitectureError, match=r"input_shape is .*use \(height, width, channels\)"):
        Architecture(shape, ())


def test_images_too_large_for_memory_are_refused():
    with pytest.raises(ArchitectureError, match="1,073,741,824 values an image; use smaller images"):
        Architecture((1024, 1024, 1024), ())


def test_what_is_no_layer_is_refused():
    with pytest.raises(ArchitectureError, match="'ReLU' is not a layer; use one of Conv2D, "):
        Architecture((8, 8, 1), ("ReLU",))


def test_too_many_layers_are_refused():
    with pytest.raises(ArchitectureError, match="201 layers are too many; use 200 or fewer"):
        Architecture((8, 8, 1), (ReLU(),) * 201)


# Reports


def test_reports_say_shapes_counts_costs_and_receptive_fields():
    architecture = Architecture(
        (16, 14, 3),
        (
            *(Conv2D(filters=4, kernel_size=(3, 2)), MaxPool2D(), Conv2D(filters=6, dilation=2, bias=False)),
            *(BatchNorm(), Flatten(), Dense(units=5)),
        ),
    )
    found = [
        (r.input_shape, r.output_shape, r.parameters, r.multiply_adds, r.receptive_field)
        for r in architecture.check()
    ]
    assert found == [
        ((16, 14, 3), (14, 13, 4), 3 * 2 * 3 * 4 + 4, 14 * 13 * 3 * 2 * 3 * 4, (3, 2)),
        ((14, 13, 4), (7, 6, 4), 0, 0, (4, 3)),
        ((7, 6, 4), (3, 2, 6), 3 * 3 * 4 * 6, 3 * 2 * 3 * 3 * 4 * 6, (12, 11)),
        ((3, 2, 6), (3, 2, 6), 12, 3 * 2 * 6, (12, 11)),
        ((3, 2, 6), (36,), 0, 0, (12, 11)),
        ((36,), (5,), 36 * 5 + 5, 36 * 5, (16, 14)),
    ]


def test_receptive_fields_grow_with_kernels_strides_and_dilation_and_end_at_the_image():
    architecture = Architecture(
        (28, 28, 1),
        (
            *(Conv2D(filters=2), Conv2D(filters=2, stride=2), MaxPool2D(), Conv2D(filters=2, dilation=2)),
            *(ReLU(), AvgPool2D(), GlobalAveragePooling2D()),
        ),
    )
    # Each adds (kernel - 1) * dilation * distance of neighbouring outputs: 1, 1, 2, 4, ...
    assert [r.receptive_field for r in architecture.check()] == [
        *[(3, 3), (5, 5), (7, 7), (23, 23), (23, 23)],
        *[(27, 27), (28, 28)],
    ]
    padded = Architecture((4, 6, 1), (Conv2D(filters=1, kernel_size=9, padding="same"),))
    assert padded.check()[0].receptive_field == (4, 6)


def test_after_an_error_nothing_is_known():
    broken = SMALL.inserted(1, Conv2D(filters=2, kernel_size=9))
    reports = broken.check()
    assert [r.error is None for r in reports] == [True, False, True, True, True, True]
    assert reports[1].input_shape == (6, 6, 2)
    assert reports[1].output_shape is None
    assert all(r.input_shape is r.output_shape is r.receptive_field is None for r in reports[2:])
    assert broken.error == reports[1].error


def test_the_number_of_scores_is_the_number_of_classes():
    assert SMALL.classes == 3
    with pytest.raises(ArchitectureError, match="the network has no layers"):
        _ = Architecture((8, 8, 1), ()).classes


# Legal odd sizes: each must also run, both ways

ODD = {
    "1x1 input": ((1, 1, 1), Conv2D(filters=2, kernel_size=1), (1, 1, 2)),
    "1x1 input, same": ((1, 1, 3), Conv2D(filters=2, kernel_size=5, padding="same"), (1, 1, 2)),
    "kernel as large as the input": ((4, 7, 1), Conv2D(filters=2, kernel_size=(4, 7)), (1, 1, 2)),
    "kernel as large as the padded input": (
        (3, 3, 1),
        Conv2D(filters=2, kernel_size=5, padding=1),
        (1, 1, 2),
    ),
    "stride larger than kernel": ((9, 9, 1), Conv2D(filters=2, kernel_size=2, stride=5), (2, 2, 2)),
    "stride larger than the input": ((3, 4, 1), Conv2D(filters=2, stride=9), (1, 1, 2)),
    "dilated to the edge": ((5, 5, 1), Conv2D(filters=2, dilation=2), (1, 1, 2)),
    "non-square": ((3, 11, 2), Conv2D(filters=2, kernel_size=(1, 5), stride=(2, 3)), (2, 3, 2)),
    "depthwise": ((5, 5, 4), Conv2D(filters=4, groups=4), (3, 3, 4)),
    "pool leaves a rest": ((5, 7, 2), MaxPool2D(), (2, 3, 2)),
    "pool of everything": ((5, 7, 2), AvgPool2D(pool_size=(5, 7)), (1, 1, 2)),
    "1x1 pool": ((1, 1, 2), MaxPool2D(pool_size=1), (1, 1, 2)),
    "pool, same": ((5, 5, 2), MaxPool2D(pool_size=3, stride=2, padding="same"), (3, 3, 2)),
    "global average of 1x1": ((1, 1, 4), GlobalAveragePooling2D(), (4,)),
    "dropout of nearly all": ((2, 2, 1), Dropout(rate=0.99), (2, 2, 1)),
    "one class": ((2, 2, 1), Flatten(), (4,)),
}


@pytest.mark.parametrize(("input_shape", "layer", "output_shape"), ODD.values(), ids=ODD.keys())
def test_odd_but_legal_sizes_work(input_shape, layer, output_shape):
    ending = () if len(output_shape) == 1 else (Flatten(),)
    architecture = Architecture(input_shape, (layer, *ending, Dense(units=1)))
    assert architecture.error is None
    assert architecture.check()[0].output_shape == output_shape
    network = Network.initialize(architecture)
    images, labels = plain_network.images_and_labels(architecture, 3)
    assert network.predict(images).tolist() == [[1.0]] * 3
    assert network.activations(images)[0].shape == (3, *output_shape)
    loss, gradients = network.loss_and_gradients(images, labels)
    assert loss == 0
    assert all(np.isfinite(g).all() for g in gradients.values())


# Errors: layer, value, limit, remedy

ERRORS = {
    "kernel too large": (
        (4, 4, 1),
        Conv2D(filters=2, kernel_size=5),
        "layer 0 (Conv2D): kernel_size 5 is larger than its 4x4 input; use 4 or less, or add padding",
    ),
    "kernel too wide": (
        (9, 4, 1),
        Conv2D(filters=2, kernel_size=(3, 5)),
        "layer 0 (Conv2D): kernel_size 3x5 is larger than its 9x4 input; use 9x4 or less, or add padding",
    ),
    "dilation too large": (
        (4, 4, 1),
        Conv2D(filters=2, dilation=2),
        "layer 0 (Conv2D): kernel_size 3 with dilation 2 is larger than its 4x4 input; "
        "use 2 or less, or add padding",
    ),
    "pool too large": (
        (2, 2, 1),
        MaxPool2D(pool_size=3),
        "layer 0 (MaxPool2D): pool_size 3 is larger than its 2x2 input; use 2 or less, or add padding",
    ),
    "groups do not divide": (
        (4, 4, 3),
        Conv2D(filters=4, groups=2),
        "layer 0 (Conv2D): groups 2 does not divide its 3 input channels; use a divisor of 3, or 1",
    ),
    "dense on images": (
        (4, 5, 3),
        Dense(units=4),
        "layer 0 (Dense): needs a vector, but gets 4x5x3 images; "
        "put Flatten or GlobalAveragePooling2D before it",
    ),
    "too many parameters": (
        (256, 256, 3),
        Conv2D(filters=65_536, kernel_size=31),
        "layer 0 (Conv2D): 189,005,824 parameters up to here are more than the limit of 50,000,000; "
        "use fewer filters or units, or pool the images smaller before",
    ),
    "too many values": (
        (512, 512, 1),
        Conv2D(filters=100, kernel_size=1),
        "layer 0 (Conv2D): 26,214,400 values an image are more than the limit of 16,000,000; "
        "use fewer filters, or a larger stride",
    ),
    "windows too large": (
        (512, 512, 1),
        Conv2D(filters=1, kernel_size=64),
        "layer 0 (Conv2D): its windows meet 825,757,696 values of an image, the limit is 100,000,000; "
        "use a smaller window, less padding or a larger stride",
    ),
    "a window too large": (
        (1024, 1024, 1),
        MaxPool2D(pool_size=(129, 128)),
        "layer 0 (MaxPool2D): pool_size (129, 128) makes a window of 16,512 pixels, the limit is 16,384; "
        "use a smaller one, or GlobalAveragePooling2D",
    ),
    "padding too large": (
        (1, 1, 1024),
        Conv2D(filters=1, kernel_size=1, padding=1024, stride=1024),
        "layer 0 (Conv2D): its windows meet 4,299,162,624 values of an image, the limit is 100,000,000; "
        "use a smaller window, less padding or a larger stride",
    ),
}


@pytest.mark.parametrize(("input_shape", "layer", "text"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_say_where_what_the_limit_and_the_way_out(input_shape, layer, text):
    architecture = Architecture(input_shape, (layer, Flatten(), Dense(units=2)))
    assert architecture.error == text
    with pytest.raises(ArchitectureError) as caught:
        Network.initialize(architecture)
    assert str(caught.value) == text


@pytest.mark.parametrize("layer", [Conv2D(filters=2), MaxPool2D(), AvgPool2D(), GlobalAveragePooling2D()])
def test_layers_on_images_do_not_work_on_vectors(layer):
    architecture = Architecture((4, 4, 1), (Flatten(), layer, Flatten(), Dense(units=2)))
    assert architecture.error == (
        f"layer 1 ({layer.name}): needs images (height, width, channels), but gets a vector of 16 numbers; "
        "move it before Flatten, Dense and GlobalAveragePooling2D"
    )


def test_a_network_must_end_with_scores():
    assert Architecture((8, 8, 1), (Conv2D(filters=2),)).error == (
        "layer 0 (Conv2D): the network ends with 6x6x2 images, not with one score a class; "
        "add Flatten or GlobalAveragePooling2D, then Dense"
    )
    assert Architecture((8, 8, 1), ()).error == (
        "the network has no layers; add some, at the end Dense with one unit a class"
    )


@pytest.mark.parametrize("name", presets.names())
def test_every_layer_of_a_preset_may_be_removed_or_moved_without_a_crash(name):
    architecture = presets.load(name)
    for i in range(len(architecture.layers)):
        for edited in (
            architecture.removed(i),
            architecture.moved(i, 0),
            architecture.inserted(i, Flatten()),
        ):
            assert edited.error is None or edited.error.startswith("layer ")
