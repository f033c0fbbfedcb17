"""train --recipe with pen drawings: what is mixed in, and what it learns beside."""

import json

import cnn_core as cnn
from playground import recipes
from playground.commands import train


def test_a_recipe_with_pen_drawings_learns_what_is_no_digit(command, digits_file, tmp_path, monkeypatch):
    once = cnn.TrainingSettings(epochs=1)
    quick = recipes.Recipe(architecture="tiny", data="mnist", built_in=2000, copies=1, settings=once)
    for module in (recipes, train):
        monkeypatch.setattr(module, "RECIPES", {"quick": quick})
    path, pens = tmp_path / "quick.cnn", tmp_path / "pens.json"
    pens.write_text(
        json.dumps([{"label": 1, "strokes": [[[5, 0], [5, 50]]], "writer": str(n)} for n in range(8)])
    )
    options = ("--data", digits_file, "--hold-out", 60, "--strokes", pens, "--output", path)
    assert command("train", "--recipe", "quick", *options).code == 0
    assert len(cnn.checkpoint.load(path).metadata["familiarity"]["outliers"]["biases"]) == 10
