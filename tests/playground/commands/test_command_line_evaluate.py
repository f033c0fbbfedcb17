import json

import numpy as np
import pytest

import cnn_core as cnn
from cnn_core import calibration
from playground import resources


def test_figures_are_those_of_the_engine(command, model, digits_file):
    ran = command("evaluate", model, "--data", digits_file, "--split", "train", "--json")
    assert ran.code == 0
    [found] = ran.lines
    expected = cnn.Network.load(model).evaluate(cnn.datasets.open(digits_file))
    assert found["images"] == 300
    assert found["loss"] == pytest.approx(expected.loss)
    assert found["accuracy"] == pytest.approx(expected.accuracy)
    assert found["confusion"] == expected.confusion.tolist()
    assert [each["recall"] for each in found["classes"]] == pytest.approx(expected.recall.tolist())


def test_text_shows_accuracy_classes_and_confusion(command, model, digits_file):
    ran = command("evaluate", model, "--data", digits_file, "--split", "train")
    assert "accuracy" in ran.out
    assert "precision" in ran.out
    assert "a row is a true class" in ran.out


def test_without_more_it_is_evaluated_on_the_images_training_validated_on(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    options = ("--architecture", "tiny", "--epochs", 1, "--output", output, "--json")
    trained = command("train", "--data", digits_file, "--hold-out", 30, *options)
    epoch = next(event for event in trained.lines if event["event"] == "epoch")
    [found] = command("evaluate", output, "--json").lines
    assert found["images"] == 30
    assert found["loss"] == pytest.approx(epoch["validation_loss"])
    assert found["accuracy"] == pytest.approx(epoch["validation_accuracy"])


def test_a_class_without_images_has_no_recall(command, model, tmp_path):
    data = tmp_path / "ones.npz"
    np.savez(data, images=np.zeros((12, 28, 28), np.uint8), labels=np.repeat([1, 2], 6))
    [found] = command("evaluate", model, "--data", data, "--split", "train", "--json").lines
    assert found["classes"][0]["recall"] is None
    assert found["classes"][1]["images"] == 6


def test_many_classes_list_the_commonest_mistakes(command, tmp_path):
    data, output = tmp_path / "many.npz", tmp_path / "net.cnn"
    np.savez(data, images=np.zeros((60, 28, 28), np.uint8), labels=np.arange(60) % 30)
    command("train", "--data", data, "--architecture", "tiny", "--epochs", 1, "--output", output)
    ran = command("evaluate", output, "--split", "train")
    assert ran.code == 0
    assert "commonest mistakes" in ran.out
    assert " taken for " in ran.out


def test_other_class_names_are_noted(command, model, tmp_path):
    data = tmp_path / "named.npz"
    np.savez(
        data, images=np.zeros((20, 28, 28), np.uint8), labels=np.arange(20) % 2, class_names=["cat", "dog"]
    )
    ran = command("evaluate", model, "--data", data, "--split", "train")
    assert ran.code == 0
    assert "cat, dog" in ran.err or "0, 1" not in ran.err


def test_more_classes_than_scores_is_refused(command, model, tmp_path):
    data = tmp_path / "many.npz"
    np.savez(data, images=np.zeros((22, 28, 28), np.uint8), labels=np.arange(22) % 11)
    ran = command("evaluate", model, "--data", data)
    assert ran.code == 1
    assert "the data set has 11 classes, the network gives 10 scores" in ran.err


def test_the_calibration_error_is_told_where_a_calibration_is_known(command, model, digits_file, tmp_path):
    arguments = ("--data", digits_file, "--split", "train")
    assert "calibration error" not in command("evaluate", model, *arguments).out
    network = cnn.Network.load(model)
    known = tmp_path / "known.cnn"
    cnn.checkpoint.save(known, cnn.Checkpoint(network=network, metadata={"temperature": 1.0}))
    assert "calibration error" in command("evaluate", known, *arguments).out
    [found] = command("evaluate", known, *arguments, "--json").lines
    digits = cnn.datasets.open(digits_file)
    expected = calibration.calibration_error(network.predict(digits.images), digits.labels)
    assert found["calibration_error"] == pytest.approx(expected)


def test_pen_drawings_of_the_writers_held_out_can_be_evaluated_on(command, model, tmp_path):
    one = {"label": 1, "strokes": [[[5, 0], [5, 20], [5, 50]]]}
    path = tmp_path / "drawings.json"
    path.write_text(json.dumps([{**one, "writer": f"writer {number}"} for number in range(8)]))
    [plain] = command("evaluate", model, "--strokes", path, "--json").lines
    [changed] = command("evaluate", model, "--strokes", path, "--by-anyone", "--json").lines
    assert plain["images"] == changed["images"] == 5
    assert plain["loss"] != changed["loss"]
    assert command("evaluate", model, "--by-anyone").code == 2
    for other in (("--data", "digits"), ("--size", "32"), ("--colour", "grey"), ("--aspect", "keep")):
        refused = command("evaluate", model, "--strokes", path, *other)
        assert refused.code == 2
        assert f"{other[0]} has no meaning with --strokes" in refused.err


def test_a_network_that_comes_along_is_known_by_its_name(command, model, digits_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resources, "_FOLDERS", (model.parent,))
    ran = command("evaluate", "digits", "--data", digits_file, "--split", "train")
    assert ran.out.startswith("digits.cnn on 300 images")
    assert "digits-lenet5" in command("evaluate", "--help").out
