import json
from dataclasses import replace

import numpy as np
import pytest

import cnn_core as cnn
from playground import recipes

NAMES = tuple("0123456789")
DRAWINGS = [{"label": 1, "strokes": [[[5, 0], [5, 50]]], "writer": f"writer {number}"} for number in range(8)]


@pytest.fixture
def images() -> cnn.Dataset:
    return cnn.Dataset(np.zeros((3, 28, 28, 1), np.uint8), np.array([0, 1, 2]), NAMES, "three")


@pytest.fixture
def drawings(tmp_path):
    path = tmp_path / "drawings.json"
    path.write_text(json.dumps(DRAWINGS))
    return path


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_has_a_network_and_settings_that_can_be_saved(name):
    recipe = recipes.RECIPES[name]
    assert cnn.presets.load(recipe.architecture).error is None
    assert cnn.TrainingSettings.from_json(recipe.settings.to_json()) == recipe.settings


def test_built_in_digits_and_drawings_are_mixed_in_and_some_writers_held_out(images, drawings):
    recipe = replace(recipes.RECIPES["digits"], built_in=20, copies=2)
    train, held = recipes.mixed(recipe, images, drawings, all_writers=False)
    assert len(train) == 3 + 20 + 2 * (8 - recipes.WRITERS_HELD_OUT)
    assert [len(each) for each in held] == [recipes.WRITERS_HELD_OUT] * 2
    assert not np.array_equal(held[0].images, held[1].images)


def test_with_nothing_held_out_all_writers_are_learned_from(images, drawings):
    recipe = replace(recipes.RECIPES["digits"], built_in=0, copies=1)
    train, held = recipes.mixed(recipe, images, drawings, all_writers=True)
    assert (len(train), held) == (3 + 8, ())


def test_classes_of_a_well_known_set_have_their_names_whatever_the_files_are_called():
    ten = cnn.Dataset(np.zeros((10, 28, 28, 1), np.uint8), np.arange(10), NAMES, "my files")
    train, _ = recipes.mixed(recipes.RECIPES["fashion-mnist"], ten, None, all_writers=False)
    assert train.class_names[0] == "T-shirt/top"


def test_without_pen_drawings_held_out_nothing_is_drawn_to_be_told_from(images):
    assert recipes.no_digits(images, ()) is None
