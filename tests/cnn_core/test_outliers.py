"""Logistic regression, and outliers told by it class by class, on numbers made for it."""

import numpy as np
import pytest

from cnn_core.outliers import FEWEST, MOST_FEATURES, fit_outliers, logistic_regression


def test_the_regression_is_where_no_weight_can_be_changed_for_the_better():
    generator = np.random.default_rng(0)
    values = generator.normal(0, 1, (400, 3))
    labels = generator.random(400) < 1 / (1 + np.exp(-2 * values[:, 0] + values[:, 1]))
    found = logistic_regression(values, labels, penalty=1.0)
    counts = np.where(labels, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))

    def loss(weights):
        margins = np.where(labels, 1, -1) * (values @ weights[:3] + weights[3])
        return counts @ np.log1p(np.exp(-margins)) + (weights[:3] ** 2).sum() / 2

    for axis in np.eye(4) * 0.02:
        assert loss(found) < min(loss(found + axis), loss(found - axis))
    assert found[0] > 1 and found[1] < -0.5


def test_a_rare_label_counts_as_much_in_all_as_the_other():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(-1, 1, (5000, 1)), generator.normal(1, 1, (100, 1))])
    found = logistic_regression(values, np.arange(5100) >= 5000)
    assert -found[1] / found[0] == pytest.approx(0, abs=0.2)


def test_labels_that_a_line_separates_end_in_finite_weights():
    values = np.concatenate([np.full((50, 2), -1e3), np.full((50, 2), 1e3)])
    assert np.isfinite(logistic_regression(values, np.arange(100) >= 50)).all()


def apart(count, seed):
    """Two classes; what is foreign lies to the right of the one and to the left of the other."""
    generator = np.random.default_rng(seed)
    answers = np.arange(count) % 2
    own = generator.normal(0, 1, (count, 3)) + 50
    foreign = generator.normal(0, 1, (count, 3)) + 50
    foreign[:, 0] += np.where(answers == 0, 5, -5)
    return (own, answers), (foreign, answers)


def test_each_class_has_an_outside_of_its_own():
    found = fit_outliers(*apart(1000, 0), 2)
    assert found is not None
    own, foreign = apart(1000, 1)
    assert (found.log_odds(*own) < 0).mean() > 0.98
    assert (found.log_odds(*foreign) > 0).mean() > 0.98
    assert (found.log_odds(foreign[0], 1 - foreign[1]) < 0).mean() > 0.98


def test_a_class_that_nothing_foreign_is_taken_for_is_told_from_all_of_it():
    own, (foreign, answers) = apart(1000, 0)
    found = fit_outliers(own, (foreign[answers == 0], answers[answers == 0]), 2)
    assert found is not None
    odds = found.log_odds(foreign[answers == 0], np.ones(500, int))
    assert (odds > 0).mean() > 0.98


def test_too_few_images_or_others_leave_it_unknown():
    own, (foreign, answers) = apart(1000, 0)
    few = np.arange(FEWEST - 1)
    assert fit_outliers(own, (foreign[few], answers[few]), 2) is None
    assert fit_outliers((own[0][few], own[1][few]), (foreign, answers), 2) is None


def test_too_many_features_are_not_weighed():
    values, answers = np.zeros((100, MOST_FEATURES + 1)), np.arange(100) % 2
    assert fit_outliers((values, answers), (values, answers), 2) is None
