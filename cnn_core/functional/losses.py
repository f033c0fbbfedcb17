"""Softmax and cross-entropy, stable for logits of any size."""

import numpy as np

from cnn_core.functional.geometry import Array


def softmax(logits: Array) -> Array:
    """Return the probabilities of logits (..., K): positive, summing to 1 over the last axis."""
    y = np.exp(logits - logits.max(axis=-1, keepdims=True))
    y /= y.sum(axis=-1, keepdims=True)
    return y


def softmax_backward(dy: Array, y: Array) -> Array:
    """Return the gradient by the logits, given the gradient dy by the probabilities y."""
    dx: Array = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
    return dx


def log_softmax(logits: Array) -> Array:
    """Return the logarithms of `softmax`, without the loss of precision of taking them afterwards."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def cross_entropy(logits: Array, labels: Array, label_smoothing: float = 0.0) -> tuple[Array, Array]:
    """Return (losses (N,), dlogits (N, K)) of logits (N, K) and integer labels (N,).

    Each image's loss is -sum over k of target[k] * log p[k]; dlogits is its own gradient, p - target, not yet
    divided by any number of images. With smoothing e, the target is 1 - e + e/K for the label and e/K for the
    others (Szegedy et al. 2016).
    """
    log_p = log_softmax(logits)
    rows, classes = np.arange(len(labels)), logits.shape[1]
    rest = logits.dtype.type(label_smoothing / classes)
    keep = logits.dtype.type(1 - label_smoothing)
    losses = -keep * log_p[rows, labels]
    dlogits = np.exp(log_p)
    dlogits[rows, labels] -= keep
    if label_smoothing:
        losses -= rest * log_p.sum(axis=1)
        dlogits -= rest
    return losses, dlogits
