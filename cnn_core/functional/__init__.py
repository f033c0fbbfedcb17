"""The array kernels of the engine as pure functions, usable alone.

Notation, here and in every kernel:

    N  images in the batch        KH, KW  kernel height and width     M  output positions, N*OH*OW
    H, W  height and width        OH, OW  output height and width     K  inputs to one output, KH*KW*C
    C  channels in                F       filters, channels out       d...  gradient of the loss by ...

Images are `N H W C` (channels last), filters `KH KW C F`, dense weights `in out`. Kernels work in the type of
`x`: float32 in use, float64 in gradient checks. They trust their input: it was checked at the edge. Arrays of
whole numbers, such as images of uint8, give wrong results without a word: make fractions of them first.

Two arguments are there for speed alone. `new(shape, dtype)` gives the memory for results, `scratch(shape,
dtype)` memory needed only during the call; both are `numpy.empty` unless the caller owns memory to use again.
"""

from cnn_core.functional.activations import (
    gelu,
    gelu_backward,
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from cnn_core.functional.convolution import conv2d, conv2d_backward
from cnn_core.functional.losses import cross_entropy, log_softmax, softmax, softmax_backward
from cnn_core.functional.normalization import (
    Moments,
    batch_norm,
    batch_norm_backward,
    batch_norm_line,
    batch_norm_sums,
    merge_moments,
    moments,
    normalize,
)
from cnn_core.functional.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_winners,
)

__all__ = [
    "Moments",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_line",
    "batch_norm_sums",
    "conv2d",
    "conv2d_backward",
    "cross_entropy",
    "gelu",
    "gelu_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "log_softmax",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_winners",
    "merge_moments",
    "moments",
    "normalize",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]
