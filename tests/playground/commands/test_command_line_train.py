import os
import re
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage

import cnn_core as cnn
from playground import recipes, resources
from playground.commands import train
from playground.content import checkpoint_of, consistent, content_from

TINY = ("--architecture", "tiny", "--batch-size", "50")


def same_numbers(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def test_a_run_saves_the_network_with_all_that_is_needed_to_go_on(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", digits_file, *TINY, "--epochs", 2, "--momentum", 0.5, "--output", output)
    assert ran.code == 0
    assert f"saved in {output}" in ran.out
    checkpoint = cnn.checkpoint.load(output)
    assert checkpoint.settings == cnn.TrainingSettings(
        optimizer=cnn.SGD(momentum=0.5), batch_size=50, epochs=2
    )
    assert checkpoint.training.step == 2 * 5  # 250 images, 50 held out
    assert checkpoint.metadata["class_names"] == list("0123456789")
    assert checkpoint.metadata["data"] == str(digits_file)
    assert checkpoint.metadata["hold_out"] == 50
    assert [epoch["epoch"] for epoch in checkpoint.metadata["epochs"]] == [1, 2]


def test_text_has_a_line_for_each_epoch_with_its_validation(command, digits_file, tmp_path):
    ran = command("train", "--data", digits_file, *TINY, "--epochs", 2, "--output", tmp_path / "net.cnn")
    epochs = [line for line in ran.out.splitlines() if line.startswith("epoch ")]
    assert [line.split()[1] for line in epochs] == ["1/2", "2/2"]
    assert all("validation loss" in line and "images/s" in line for line in epochs)


def test_json_is_one_object_a_line(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", digits_file, *TINY, "--epochs", 1, "--output", output, "--json")
    events = ran.lines
    assert [event["event"] for event in events] == ["begin", *["step"] * 5, "epoch", "end"]
    assert events[0]["steps"] == 5
    assert [event["step"] for event in events[1:6]] == [1, 2, 3, 4, 5]
    assert 0 <= events[6]["validation_accuracy"] <= 1
    assert events[-1]["output"] == str(output)


def test_without_output_no_file_is_written_over(command, digits_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert command("train", "--data", digits_file, *TINY, "--epochs", 1).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trained-2.cnn", "trained.cnn"]


def test_a_run_that_goes_on_gives_the_same_bits_as_one_never_stopped(command, digits_file, tmp_path):
    whole, parts = tmp_path / "whole.cnn", tmp_path / "parts.cnn"
    common = ("--data", digits_file, *TINY, "--optimizer", "adam", "--seed", 3)
    command("train", *common, "--epochs", 3, "--output", whole)
    command("train", *common, "--epochs", 1, "--output", parts)
    ran = command("train", "--resume", parts, "--epochs", 3)
    assert ran.code == 0
    a, b = cnn.checkpoint.load(whole), cnn.checkpoint.load(parts)
    assert same_numbers(a.network.parameters, b.network.parameters)
    assert all(same_numbers(a.training.slots[slot], b.training.slots[slot]) for slot in ("mean", "square"))
    assert [epoch["epoch"] for epoch in b.metadata["epochs"]] == [1, 2, 3]


def test_a_run_whose_settings_were_edited_meanwhile_goes_on_at_their_rates(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    command("train", "--data", digits_file, *TINY, "--epochs", 1, "--schedule", "cosine", "--output", output)
    saved = cnn.checkpoint.load(output)
    content = replace(content_from(saved), settings=replace(saved.settings, epochs=4))
    cnn.checkpoint.save(output, checkpoint_of(consistent(content)))
    steps = [line for line in command("train", "--resume", output, "--json").lines if line["event"] == "step"]
    factors = [cnn.Cosine().factor(step, 4 * 5) for step in range(5, 4 * 5)]
    assert [step["learning_rate"] for step in steps] == pytest.approx([0.05 * each for each in factors])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_saves_and_goes_on_to_the_same_bits(
    command, start_program, digits_file, tmp_path, number, code
):
    broken, whole = tmp_path / "broken.cnn", tmp_path / "whole.cnn"
    common = ("--data", digits_file, *TINY)
    process = start_program(["train", *common, "--epochs", 50_000, "--output", broken, "--json"])
    for line in process.stdout:
        if '"epoch": 2,' in line:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert '"event": "interrupted"' in out.splitlines()[-1]
    assert "Traceback" not in err

    epochs = cnn.checkpoint.load(broken).training.step // 5 + 1
    assert command("train", "--resume", broken, "--epochs", epochs).code == 0
    assert command("train", *common, "--epochs", epochs, "--output", whole).code == 0
    a, b = cnn.checkpoint.load(whole).network, cnn.checkpoint.load(broken).network
    assert same_numbers(a.parameters, b.parameters)


def test_the_way_to_go_on_is_quoted_for_the_shell(command, digits_file, tmp_path, monkeypatch):
    def interrupt(self, progress):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train._Run, "_take", interrupt)
    output = tmp_path / "my net.cnn"
    ran = command("train", "--data", digits_file, *TINY, "--output", output)
    assert ran.code == 130
    assert ran.out.splitlines()[-1].endswith(f"to go on: cnn-playground train --resume '{output}'")


def test_presets_are_fitted_to_the_images_and_classes(command, tmp_path):
    generator = np.random.default_rng(0)
    data, output = tmp_path / "colour.npz", tmp_path / "net.cnn"
    images = generator.integers(0, 256, (40, 20, 24, 3), dtype=np.uint8)
    np.savez(data, images=images, labels=np.arange(40) % 3)
    assert command("train", "--data", data, *TINY, "--epochs", 1, "--output", output).code == 0
    architecture = cnn.Network.load(output).architecture
    assert architecture.input_shape == (20, 24, 3)
    assert architecture.classes == 3


def test_an_architecture_file_is_taken_as_it_is(command, digits_file, tmp_path):
    file, output = tmp_path / "mine.json", tmp_path / "net.cnn"
    architecture = cnn.Architecture((28, 28, 1), (cnn.Flatten(), cnn.Dense(units=12), cnn.Softmax()))
    file.write_text(architecture.to_json())
    ran = command("train", "--data", digits_file, "--architecture", file, "--epochs", 1, "--output", output)
    assert ran.code == 0
    assert cnn.Network.load(output).architecture == architecture


def test_validation_of_the_same_spec_takes_its_test_images(command, tmp_path):
    data, output = tmp_path / "split.npz", tmp_path / "net.cnn"
    generator = np.random.default_rng(0)
    arrays = {}
    for name, count in (("train", 40), ("test", 7)):
        arrays[f"x_{name}"] = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        arrays[f"y_{name}"] = np.arange(count) % 10
    np.savez(data, **arrays)
    ran = command(
        "train", "--data", data, "--validation", data, *TINY, "--epochs", 1, "--output", output, "--json"
    )
    assert (ran.lines[0]["images"], ran.lines[0]["validation_images"]) == (40, 7)


def test_images_sorted_by_class_are_held_out_at_random(command, tmp_path):
    data, output = tmp_path / "sorted.npz", tmp_path / "net.cnn"
    images = np.zeros((100, 28, 28), np.uint8)
    np.savez(data, images=images, labels=np.repeat(np.arange(10), 10))
    ran = command("train", "--data", data, "--hold-out", 20, *TINY, "--epochs", 1, "--output", output)
    assert ran.code == 0
    evaluated = command("evaluate", output, "--json").lines[0]
    assert sum(each["images"] > 0 for each in evaluated["classes"]) > 5


@pytest.fixture
def diverging(tmp_path):
    """Options of a network without anything that would hold it back: a learning rate of 100 ends it."""
    file = tmp_path / "linear.json"
    hidden = [cnn.Dense(units=30)] * 6
    layers = (cnn.Flatten(), *hidden, cnn.Dense(units=10), cnn.Softmax())
    file.write_text(cnn.Architecture((28, 28, 1), layers).to_json())
    return "--architecture", file, "--batch-size", 50, "--hold-out", 0


def test_divergence_is_one_sentence_and_keeps_the_last_good_network(
    command, digits_file, tmp_path, diverging
):
    output = tmp_path / "net.cnn"
    ran = command("train", "--data", digits_file, *diverging, "--learning-rate", 100, "--output", output)
    assert ran.code == 1
    assert "diverged" in ran.err
    assert "Try a learning rate below" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert all(np.isfinite(values).all() for values in cnn.Network.load(output).parameters.values())


def test_divergence_does_not_write_over_the_file_that_goes_on(command, digits_file, tmp_path, diverging):
    output = tmp_path / "net.cnn"
    command(
        "train", "--data", digits_file, *diverging, "--learning-rate", 1e-4, "--epochs", 1, "--output", output
    )
    before = output.read_bytes()
    ran = command("train", "--resume", output, "--learning-rate", 100, "--hold-out", 0, "--epochs", 2)
    assert ran.code == 1
    assert f"{output} still holds the network saved there before" in ran.err
    assert output.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--epochs", 0), "epochs is 0; use a whole number from 1 to 100,000"),
        (("--learning-rate", "nan"), "learning_rate is nan"),
        (("--learning-rate", "much"), "invalid float value: 'much'"),
        (("--optimizer", "adam", "--momentum", 0.5), "Adam has no momentum; leave --momentum out"),
        (("--optimizer", "magic"), "invalid choice: 'magic'"),
        (("--threads", 0), "0 is not from 1 to 256"),
        (("--hold-out", -1), "-1 is not from 0"),
        (("--architecture", "sampel"), "the presets are sample,"),
        (("--hold-out", 5, "--validation", "digits"), "not allowed with argument"),
        (("--strokes", "pens.json"), "--strokes goes with --recipe"),
        (("--seed", -1), "seed is -1; use a whole number from 0 to 4,294,967,295"),
    ],
)
def test_wrong_usage_is_told_before_any_work(command, digits_file, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    ran = command("train", "--data", digits_file, *options)
    assert ran.code == 2
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []


def test_what_belongs_to_the_run_cannot_be_changed_when_it_goes_on(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    command("train", "--data", digits_file, *TINY, "--epochs", 1, "--output", output)
    ran = command("train", "--resume", output, "--epochs", 2, "--batch-size", 10)
    assert ran.code == 2
    assert "--batch-size belongs to the run" in ran.err


def test_a_finished_run_says_how_to_go_on(command, digits_file, tmp_path):
    output = tmp_path / "net.cnn"
    command("train", "--data", digits_file, *TINY, "--epochs", 1, "--output", output)
    ran = command("train", "--resume", output)
    assert ran.code == 2
    assert "trained for 1 epoch already; to go on, give more with --epochs" in ran.err


def test_a_network_alone_is_where_a_new_run_begins(command, digits_file, tmp_path):
    alone, output = tmp_path / "alone.cnn", tmp_path / "net.cnn"
    cnn.Network.initialize(cnn.presets.load("tiny"), seed=9).save(alone)
    ran = command(
        "train",
        "--resume",
        alone,
        "--data",
        digits_file,
        "--optimizer",
        "adamw",
        "--epochs",
        1,
        "--output",
        output,
    )
    assert ran.code == 0
    assert cnn.checkpoint.load(output).settings.optimizer == cnn.AdamW()


def test_a_network_that_comes_along_is_trained_on_beside_its_file(
    command, model, digits_file, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resources, "_FOLDERS", (model.parent,))
    before = model.read_bytes()
    ran = command("train", "--resume", "digits", "--data", digits_file, "--epochs", 1)
    assert ran.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["digits.cnn"]
    assert model.read_bytes() == before


def test_one_is_not_told_as_many(command, digits_file, tmp_path):
    options = ("--batch-size", 500, "--hold-out", 0, "--epochs", 1, "--output", tmp_path / "net.cnn")
    ran = command("train", "--data", digits_file, "--architecture", "tiny", *options)
    assert "run      1 epoch of 1 step, " in ran.out
    assert ran.err == ""


def test_a_single_class_is_noted(command, tmp_path):
    data = tmp_path / "ones.npz"
    np.savez(data, images=np.zeros((20, 28, 28), np.uint8), labels=np.zeros(20, int))
    ran = command("train", "--data", data, *TINY, "--epochs", 1, "--output", tmp_path / "net.cnn")
    assert ran.code == 0
    assert ", 1 class, " in ran.out
    assert ran.err == "note: only one class: there is nothing to tell apart\n"


def test_a_place_that_cannot_be_written_is_told_before_training(command, digits_file, tmp_path):
    missing = command("train", "--data", digits_file, *TINY, "--output", tmp_path / "no" / "net.cnn")
    assert missing.code == 1
    assert missing.err == f"cnn-playground train: {tmp_path / 'no'}: there is no such folder\n"
    folder = command("train", "--data", digits_file, *TINY, "--output", tmp_path)
    assert folder.code == 1
    assert "give the name of a file to save to" in folder.err
    assert "epoch" not in missing.out + folder.out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
def test_a_pipe_is_not_replaced(command, digits_file, tmp_path):
    pipe = tmp_path / "pipe.cnn"
    os.mkfifo(pipe)
    ran = command("train", "--data", digits_file, *TINY, "--output", pipe)
    assert ran.code == 1
    assert f"{pipe}: this is not a file; give the name of a file to save to" in ran.err
    assert pipe.is_fifo()


def test_a_data_set_that_does_not_fit_is_told_with_both_sizes(command, digits_file, tmp_path):
    file = tmp_path / "other.json"
    file.write_text(cnn.presets.load("vgg").to_json())
    ran = command("train", "--data", digits_file, "--architecture", file, "--output", tmp_path / "net.cnn")
    assert ran.code == 1
    assert "the images are 28x28x1, the network takes 32x32x3" in ran.err


def class_folders(folder):
    """Two classes of small pictures: dark ones and bright ones."""
    for name, shade in (("dark", 30), ("bright", 220)):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            image = QImage(16, 16, QImage.Format.Format_Grayscale8)
            image.fill(shade + number)
            assert image.save(str(folder / name / f"{number}.png"))
    return folder


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_class_folders_of_images_are_a_data_set(command, tmp_path, kind):
    data, output = class_folders(tmp_path / "shades"), tmp_path / "net.cnn"
    if kind == "zip":
        data = shutil.make_archive(str(tmp_path / "shades"), "zip", data)
    ran = command("train", "--data", data, *TINY, "--epochs", 2, "--output", output)
    assert ran.code == 0
    checkpoint = cnn.checkpoint.load(output)
    assert checkpoint.metadata["class_names"] == ["bright", "dark"]
    assert checkpoint.network.architecture.input_shape == (16, 16, 1)


def test_a_recipe_says_and_saves_how_far_its_network_can_be_trusted(
    command, digits_file, tmp_path, monkeypatch
):
    quick = recipes.Recipe(architecture="tiny", data="mnist", settings=cnn.TrainingSettings(epochs=1))
    for module in (recipes, train):
        monkeypatch.setattr(module, "RECIPES", {"quick": quick})
    path = tmp_path / "quick.cnn"
    arguments = ("train", "--recipe", "quick", "--data", digits_file, "--output", path)
    said = command(*arguments, "--hold-out", 60).err
    metadata = cnn.checkpoint.load(path).metadata
    assert f"temperature {metadata['temperature']:.3f}" in said
    assert re.search(
        r"validation accuracy [\d.]+%, .*calibration error [\d.]+% before and [\d.]+% after", said
    )
    assert "too few images" in said  # 300 digits are not enough to know what is familiar
    assert "familiarity" not in metadata
    said = command(*arguments, "--hold-out", 0).err
    assert "temperature" not in said
    assert "temperature" not in cnn.checkpoint.load(path).metadata


def test_in_the_last_epochs_of_a_recipe_images_are_changed_as_it_says(
    command, digits_file, tmp_path, monkeypatch
):
    changed: list[float] = []

    def apply(self, images, random):
        changed.append(self.rotation)
        return images

    monkeypatch.setattr(cnn.Augmentation, "apply", apply)
    settings = cnn.TrainingSettings(epochs=3, batch_size=300, augmentation=cnn.Augmentation(rotation=20))
    ending = {"last_epochs": 1, "last_augmentation": cnn.Augmentation(rotation=5)}
    quick = recipes.Recipe(architecture="tiny", data="mnist", settings=settings, **ending)
    for module in (recipes, train):
        monkeypatch.setattr(module, "RECIPES", {"quick": quick})
    path = tmp_path / "quick.cnn"
    arguments = ("--recipe", "quick", "--data", digits_file, "--output", path, "--hold-out", 0)
    command("train", *arguments, "--threads", 1)
    assert changed.count(20.0) == 2 * changed.count(5.0) > 0
