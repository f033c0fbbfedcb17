"""What belongs to no class, learned from images that belong to none: one logistic regression a class.

Of the images a network answers with "8", one regression tells real eights from all else that it takes for
one, by the features of its activations (outlier exposure: Hendrycks et al. 2019). Linear in features that
are there anyway, it is small, quick, and has one best solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.functional.geometry import Array

MOST_FEATURES = 1024  # more would make the file large and the fit slow
FEWEST = 40  # images to learn from, of a class and of others
_PENALTY = 30.0  # on the squared weights of features with variance 1, beside the sum over the images
_STEPS = 15
_CONVERGED = 1e-4  # of the loss, gained by a step


@dataclass(frozen=True, eq=False, kw_only=True)
class Outliers:
    """How to tell images of K classes from others by F features: weights (K, F), biases (K,), float64.

    Log-odds beyond `limit` mean that an image belongs to no class.
    """

    weights: Array
    biases: Array
    limit: float

    def log_odds(self, values: Array, answers: Array) -> Array:
        """Return the log-odds of being an outlier, (N,), of features (N, F) and the classes answered (N,)."""
        odds: Array = (values * self.weights[answers]).sum(axis=1) + self.biases[answers]
        return odds


def fit_outliers(
    own: tuple[Array, Array], others: tuple[Array, Array], classes: int, limit: float = 0.0
) -> Outliers | None:
    """Return how to tell images from others, each given as features (N, F) and the classes answered (N,).

    A class that few of the others are answered with is told from all of them. None where there are too many
    features, or too few images or others.
    """
    values, answers = own
    answered = np.bincount(answers, minlength=classes).min()
    if values.shape[1] > MOST_FEATURES or min(answered, len(others[0])) < FEWEST:
        return None
    center, scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
    weights, biases = np.empty((classes, values.shape[1])), np.empty(classes)
    for k in range(classes):
        inside, taken = values[answers == k], others[0][others[1] == k]
        outside = taken if len(taken) >= FEWEST else others[0]
        both = np.concatenate([inside, outside])
        found = logistic_regression((both - center) / scale, np.arange(len(both)) >= len(inside))
        weights[k] = found[:-1] / scale
        biases[k] = found[-1] - center @ weights[k]
    return Outliers(weights=weights, biases=biases, limit=limit)


def logistic_regression(values: Array, labels: Array, penalty: float = _PENALTY) -> Array:
    """Return the weights (F + 1,), the bias last, that tell labels (N,), False or True, by values (N, F).

    Both labels count as much in all, however many images have them. Newton's method; a step that does not
    lower the loss is halved.
    """
    columns = np.c_[values, np.ones(len(values))]
    share = np.where(labels, labels.mean(), 1 - labels.mean())
    counts = 0.5 / np.maximum(share, 1e-9)
    ridge = np.append(np.full(values.shape[1], penalty), 1e-6)
    signs = np.where(labels, -1.0, 1.0)

    def loss(weights: Array) -> float:
        return float(counts @ np.logaddexp(0, signs * (columns @ weights)) + ridge @ weights**2 / 2)

    weights = np.zeros(columns.shape[1])
    best = loss(weights)
    for _ in range(_STEPS):
        probability = 0.5 * (1 + np.tanh(columns @ weights / 2))
        gradient = columns.T @ (counts * (probability - labels)) + ridge * weights
        curvature = counts * probability * (1 - probability)
        step = np.linalg.solve((columns * curvature[:, None]).T @ columns + np.diag(ridge), gradient)
        while (after := loss(weights - step)) > best and np.abs(step).max() > 1e-9:
            step /= 2
        if after > best:
            break
        weights, gained, best = weights - step, best - after, after
        if gained < _CONVERGED * best:
            break
    return weights
