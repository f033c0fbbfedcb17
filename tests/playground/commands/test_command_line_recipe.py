"""train --recipe: what is mixed in and learned beside, what it decides, and how it is interrupted."""

import json
import signal

import pytest

import cnn_core as cnn
from playground import recipes
from playground.commands import train


@pytest.fixture
def quick(monkeypatch):
    """A recipe that takes a moment, in place of all others."""
    once = cnn.TrainingSettings(epochs=1)
    recipe = recipes.Recipe(architecture="tiny", data="mnist", built_in=2000, copies=1, settings=once)
    plain = recipes.Recipe(architecture="tiny", data="mnist", settings=once)
    for module in (recipes, train):
        monkeypatch.setattr(module, "RECIPES", {"quick": recipe, "plain": plain})


def test_a_recipe_with_pen_drawings_learns_what_is_no_digit(command, digits_file, tmp_path, quick):
    path, pens = tmp_path / "quick.cnn", tmp_path / "pens.json"
    pens.write_text(
        json.dumps([{"label": 1, "strokes": [[[5, 0], [5, 50]]], "writer": str(n)} for n in range(8)])
    )
    options = ("--data", digits_file, "--hold-out", 60, "--strokes", pens, "--output", path)
    assert command("train", "--recipe", "quick", *options).code == 0
    assert len(cnn.checkpoint.load(path).metadata["familiarity"]["outliers"]["biases"]) == 10


@pytest.mark.parametrize(
    ("recipe", "options", "said"),
    [
        ("quick", ("--optimizer", "adam"), "--optimizer belongs to the recipe and cannot be changed"),
        ("quick", ("--learning-rate", 0.1), "--learning-rate belongs to the recipe and cannot be changed"),
        ("quick", ("--batch-size", 9), "--batch-size belongs to the recipe and cannot be changed"),
        ("quick", ("--seed", 0), "--seed belongs to the recipe and cannot be changed"),
        ("quick", ("--epochs", 0), "epochs is 0; use a whole number from 1"),
        ("plain", ("--strokes", "pens.json"), "the recipe plain takes no pen drawings"),
    ],
)
def test_what_a_recipe_decides_cannot_be_asked_for(
    command, digits_file, tmp_path, monkeypatch, quick, recipe, options, said
):
    monkeypatch.chdir(tmp_path)
    ran = command("train", "--recipe", recipe, "--data", digits_file, *options)
    assert ran.code == 2
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("as_json", [False, True])
def test_an_interrupted_recipe_is_saved_at_once_and_promises_no_going_on(
    command, digits_file, tmp_path, monkeypatch, quick, as_json
):
    def interrupt(self, progress):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train._Run, "_take", interrupt)
    path = tmp_path / "quick.cnn"
    options = ("--data", digits_file, "--hold-out", 60, "--output", path, *(["--json"] * as_json))
    ran = command("train", "--recipe", "quick", *options)
    assert ran.code == 130
    assert ran.err == ""  # where it is calibrated that is told
    assert "temperature" not in cnn.checkpoint.load(path).metadata
    if as_json:
        assert ran.lines[-1] == {"event": "interrupted", "output": str(path), "can_go_on": False}
    else:
        assert ran.out.splitlines()[-1] == f"interrupted; saved in {path}"
