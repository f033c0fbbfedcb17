"""Metrics against numbers counted by hand."""

import numpy as np
import pytest

from cnn_core import functional as F
from cnn_core.metrics import Evaluation, evaluation

# Rows are true classes, columns predicted ones; class 2 was never predicted, class 3 never shown.
CONFUSION = np.array([[3, 1, 0, 0], [2, 2, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]])


def test_accuracy_precision_and_recall_as_counted_by_hand():
    found = Evaluation(0.5, CONFUSION)
    assert found.count == 11
    assert found.accuracy == pytest.approx(5 / 11)
    np.testing.assert_allclose(found.precision, [3 / 6, 2 / 4, np.nan, 0])
    np.testing.assert_allclose(found.recall, [3 / 4, 2 / 5, 0, np.nan])


def test_nothing_evaluated_has_no_accuracy():
    assert Evaluation(0.0, np.zeros((3, 3), np.int64)).accuracy == 0


def test_confusion_counts_true_class_by_row_and_predicted_class_by_column():
    logits = np.array([[2, 1, 0], [0, 3, 1], [0, 1, 3], [5, 1, 1]], np.float32)
    labels = np.array([0, 1, 1, 2])
    found = evaluation(logits, labels)
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]
    assert found.confusion.dtype == np.int64
    assert found.loss == pytest.approx(F.cross_entropy(logits, labels)[0].mean())


def test_classes_that_do_not_occur_still_have_their_row_and_column():
    found = evaluation(np.eye(10, dtype=np.float32)[:2], np.array([0, 1]))
    assert found.confusion.shape == (10, 10)
    assert found.accuracy == 1


def test_of_equal_scores_the_first_class_counts_as_predicted():
    assert evaluation(np.zeros((1, 3), np.float32), np.array([2])).confusion[2, 0] == 1
