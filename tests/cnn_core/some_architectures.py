"""Architectures to try things on: a table of unusual chains of layers, and any that hypothesis thinks of."""

from hypothesis import strategies as st

from cnn_core import (
    GELU,
    Architecture,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)

# Chains in which layers that overwrite their input, share steps or meet follow each other in unusual ways.
NETWORKS = {
    "dense alone": ((4, 4, 1), (Flatten(), Dense(units=3))),
    "no parameters": ((1, 1, 5), (Flatten(), Softmax())),
    "global average alone": ((5, 4, 3), (GlobalAveragePooling2D(),)),
    "softmax in the middle": ((4, 4, 1), (Flatten(), Dense(units=6), Softmax(), Dense(units=3), Softmax())),
    "softmax only in the middle": ((4, 4, 1), (Flatten(), Softmax(), Dense(units=3))),
    "batch norm first": ((6, 6, 2), (BatchNorm(), Conv2D(filters=3), ReLU(), Flatten(), Dense(units=4))),
    "batch norm last": ((4, 4, 1), (Flatten(), Dense(units=3), BatchNorm())),
    "two batch norms": (
        (6, 6, 2),
        (Conv2D(filters=3), BatchNorm(), BatchNorm(), Tanh(), Flatten(), Dense(units=4), BatchNorm(), ReLU()),
    ),
    "batch norm after pooling": (
        (8, 8, 1),
        (Conv2D(filters=4), ReLU(), MaxPool2D(), BatchNorm(), Flatten(), BatchNorm(), Dense(units=3)),
    ),
    "batch norm before pooling": (
        (11, 12, 2),
        (
            *(Conv2D(filters=3), BatchNorm(), ReLU(), MaxPool2D()),
            *(Conv2D(filters=4, kernel_size=2), BatchNorm(), MaxPool2D(pool_size=(2, 1), stride=1)),
            *(BatchNorm(), MaxPool2D(padding=1), Flatten(), Dense(units=3)),
        ),
    ),
    "batch norm first, then pooling": (
        (6, 7, 2),
        (BatchNorm(), ReLU(), MaxPool2D(), BatchNorm(), MaxPool2D(), Flatten(), Dense(units=3)),
    ),
    "relu before any parameter": (
        (6, 6, 2),
        (ReLU(), MaxPool2D(), Conv2D(filters=3), Flatten(), Dense(units=3)),
    ),
    "activations one after the other": (
        (6, 6, 1),
        (
            Conv2D(filters=4),
            ReLU(),
            GELU(),
            LeakyReLU(),
            Tanh(),
            Sigmoid(),
            ReLU(),
            Flatten(),
            Dense(units=3),
        ),
    ),
    "relu, pool, relu, pool": (
        (12, 12, 1),
        (Conv2D(filters=4), ReLU(), MaxPool2D(), ReLU(), MaxPool2D(), Flatten(), Dense(units=3)),
    ),
    "two relus before a pool": (
        (8, 8, 1),
        (Conv2D(filters=4), ReLU(), ReLU(), MaxPool2D(), Flatten(), Dense(units=3)),
    ),
    "leaky relu between convolution and pool": (
        (8, 8, 1),
        (Conv2D(filters=4), LeakyReLU(negative_slope=0.3), MaxPool2D(), Flatten(), Dense(units=3)),
    ),
    "overlapping pool": (
        (9, 9, 2),
        (Conv2D(filters=4), ReLU(), MaxPool2D(pool_size=3, stride=2), Flatten(), Dense(units=3)),
    ),
    "padded pool": (
        (8, 8, 2),
        (Conv2D(filters=4), ReLU(), MaxPool2D(pool_size=3, padding=1), Flatten(), Dense(units=3)),
    ),
    "pool leaves a rest": (
        (10, 9, 1),
        (Conv2D(filters=3, padding="same"), MaxPool2D(pool_size=(3, 2)), ReLU(), Flatten(), Dense(units=3)),
    ),
    "second convolution pooled, strided, dilated": (
        (15, 14, 2),
        (
            Conv2D(filters=3),
            Conv2D(filters=4, stride=(1, 2), dilation=(2, 1), padding=1, bias=False),
            ReLU(),
            MaxPool2D(),
            Flatten(),
            Dense(units=3),
        ),
    ),
    "1x1 pool": ((5, 5, 2), (Conv2D(filters=3), MaxPool2D(pool_size=1), Flatten(), Dense(units=3))),
    "average pool between convolutions": (
        (10, 10, 1),
        (Conv2D(filters=4), AvgPool2D(), Conv2D(filters=3), GlobalAveragePooling2D(), Dense(units=3)),
    ),
    "groups and depthwise": (
        (8, 8, 4),
        (
            Conv2D(filters=4, groups=4, padding="same"),
            ReLU(),
            Conv2D(filters=6, kernel_size=1, groups=2),
            MaxPool2D(),
            Flatten(),
            Dense(units=3),
        ),
    ),
    "large dense layers after each other": (
        (9, 9, 4),
        (Flatten(), Dense(units=260), ReLU(), Dense(units=270), Tanh(), BatchNorm(), Dense(units=300)),
    ),
    "one class": ((4, 4, 1), (Flatten(), Dense(units=1), Softmax())),
    "dropout of nothing": (
        (6, 6, 1),
        (
            *(Dropout(rate=0.0), Tanh(), Conv2D(filters=3), ReLU(), Dropout(rate=0.0), Sigmoid()),
            *(Flatten(), Dropout(rate=0.0), Dense(units=3)),
        ),
    ),
}

# For hypothesis

SIZES = st.integers(1, 3)
PAIRS = st.one_of(SIZES, st.tuples(SIZES, SIZES))
PADDINGS = st.one_of(st.sampled_from(["same", "valid"]), st.integers(0, 2))
CONVOLUTIONS = st.builds(
    Conv2D,
    filters=st.sampled_from([2, 4, 6]),
    kernel_size=PAIRS,
    stride=PAIRS,
    padding=PADDINGS,
    dilation=PAIRS,
    groups=st.sampled_from([1, 1, 1, 2]),
    bias=st.booleans(),
)
POOLS = st.builds(
    lambda kind, pool_size, stride, padding: kind(pool_size=pool_size, stride=stride, padding=padding),
    st.sampled_from([MaxPool2D, MaxPool2D, AvgPool2D]),
    st.integers(2, 3),
    st.one_of(st.none(), PAIRS),
    st.sampled_from([0, 0, 1, "same"]),
)
POINTWISE = st.sampled_from(
    [ReLU(), ReLU(), LeakyReLU(), GELU(), Sigmoid(), Tanh(), Dropout(rate=0.0), BatchNorm()]
)


@st.composite
def any_architecture(draw):
    layers = draw(st.lists(st.one_of(CONVOLUTIONS, POOLS, POINTWISE, POINTWISE), max_size=6))
    layers.append(draw(st.sampled_from([Flatten(), GlobalAveragePooling2D()])))
    layers += draw(st.lists(st.one_of(POINTWISE, st.just(Dense(units=5))), max_size=3))
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.sampled_from([1, 2, 4])))
    architecture = Architecture(shape, (*layers, Dense(units=3)))
    # Layers that do not fit are left out, so that what remains always works.
    while architecture.error:
        broken = next(r.index for r in architecture.check() if r.error)
        architecture = architecture.removed(broken)
    return architecture
