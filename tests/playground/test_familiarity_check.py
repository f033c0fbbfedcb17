"""What a network for digits makes of drawings that are none."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import cnn_core as cnn
from cnn_core.calibration import Calibration, calibrate
from playground import familiarity_check, other_drawings, recipes, strangers


def test_a_letter_has_as_many_strokes_as_a_pen_makes(qapp: object) -> None:
    letters = strangers.letters(7, np.random.default_rng(0))
    drawn = dict(zip("CFLemnt", letters, strict=True))
    assert {letter: len(drawn[letter]) for letter in "CFLt"} == {"C": 1, "F": 2, "L": 1, "t": 2}


def test_letters_of_fonts_are_drawn_as_the_network_sees_them(qapp: object) -> None:
    images = familiarity_check.printed()
    assert images.shape[1:] == (28, 28, 1)
    assert len(images) % len(strangers.LETTERS) == 0


@pytest.fixture(scope="module")
def calibrated() -> tuple[cnn.Network, Calibration, cnn.Dataset]:
    """A quickly trained network for digits, and digits it has not seen."""
    train = cnn.datasets.digits.generate(4000, seed=1)
    held = cnn.datasets.digits.generate(1000, seed=2)
    trainer = cnn.Trainer(cnn.Network.initialize(cnn.presets.load("tiny"), seed=0), train=train, seed=0)
    for _ in trainer.run(epochs=2):
        pass
    return trainer.network, calibrate(trainer.network, train, [held]).calibration, held


def test_digits_are_seldom_and_noise_is_mostly_called_unlike(
    calibrated: tuple[cnn.Network, Calibration, cnn.Dataset],
) -> None:
    network, known, held = calibrated
    digits = familiarity_check.measure("digits", held.images, network, known)
    assert digits.count == 1000
    assert digits.doubted == pytest.approx(0.025, abs=0.005)
    assert 0 < digits.certain < digits.sure < 0.98
    assert not digits.failed
    noise = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1), dtype=np.uint8)
    row = familiarity_check.measure("scribbles", noise, network, known)
    assert row.doubted > 0.9
    assert row.sure + row.doubted <= 1


@pytest.mark.parametrize(
    ("kind", "sure", "certain", "failed"),
    [
        ("letters", 0.09, 0.005, False),
        ("letters", 0.09, 0.02, True),
        ("letters", 0.12, 0.005, True),
        ("scribbles", 0.06, 0.0, True),
        ("circles", 0.9, 0.9, False),
        ("digits of MNIST", 0.9, 0.9, False),
    ],
)
def test_a_kind_fails_where_too_many_are_answered_as_sure_as_a_digit_or_almost_certainly(
    kind: str, sure: float, certain: float, failed: bool
) -> None:
    assert familiarity_check.Row(kind, 560, 0.01, sure, certain).failed is failed


def test_the_command_prints_a_line_for_each_kind_and_fails_where_too_few_are_noticed(
    qapp: object,
    calibrated: tuple[cnn.Network, Calibration, cnn.Dataset],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    network, known, held = calibrated
    monkeypatch.setattr(familiarity_check, "EACH", 28)
    monkeypatch.setattr(familiarity_check, "MOST_SURE", {"letters": -1.0})
    drawings = [{"label": 1, "writer": str(i), "strokes": [[[0, 0], [1 + i, 9], [2, 20]]]} for i in range(8)]
    pens, mnist, file = tmp_path / "pens.json.gz", tmp_path / "mnist.npz", tmp_path / "net.cnn"
    pens.write_bytes(gzip.compress(json.dumps(drawings).encode()))
    cnn.datasets.to_npz(held, mnist)
    metadata = {**known.to_json(), "recipe": "digits"}
    cnn.checkpoint.save(file, cnn.Checkpoint(network=network, metadata=metadata))
    options = ["--mnist", str(mnist), "--strokes", str(pens), "--hold-out", "200"]
    assert familiarity_check.main([str(file), *options]) == 1
    said = capsys.readouterr().out
    for kind in ("digits of MNIST", "letters", "letters of fonts", "scribbles", "circles", "a blank"):
        assert f"\n{kind} " in said
    assert "too many" in said
    assert "learned from digits alone" in said


def test_no_letter_measured_by_pen_is_among_those_learned_from() -> None:
    assert set(other_drawings.LETTERS).isdisjoint("CFLemnt")
    learned = {way for ways in other_drawings.SHAPES.values() for way in ways}
    new = set(strangers.SHAPES) - set(familiarity_check.LEARNED) - set(familiarity_check.NOT_COUNTED)
    assert len(new) >= 5
    assert learned.isdisjoint(strangers.SHAPES[name] for name in new)


def test_sure_answers_of_what_is_no_digit_are_too_many_but_not_of_what_looks_like_one() -> None:
    assert familiarity_check.Row("houses", 10, 0.5, 0.2, 0.0).failed
    assert not familiarity_check.Row("houses", 10, 0.5, 0.05, 0.0).failed
    assert not familiarity_check.Row("circles", 10, 0.0, 1.0, 0.0).failed
    assert familiarity_check.Row("digits of MNIST", 10, 0.03, 0.9, 0.0).failed


def test_a_small_network_learns_from_drawings_what_no_digit_is(qapp: object) -> None:
    train, held = (cnn.datasets.digits.generate(count, seed=count) for count in (4000, 1000))
    trainer = cnn.Trainer(cnn.Network.initialize(cnn.presets.load("tiny"), seed=0), train=train, seed=0)
    for _ in trainer.run(epochs=2):
        pass
    others = recipes.no_digits(train, (held,))
    assert others is not None and len(others) == 2000
    alone = calibrate(trainer.network, train, [held]).calibration
    taught = calibrate(trainer.network, train, [held], others).calibration
    drawings = other_drawings.images(400, seed=99)
    before, after = (
        familiarity_check.measure("others", drawings, trainer.network, each) for each in (alone, taught)
    )
    assert after.doubted > before.doubted + 0.1
    assert familiarity_check.measure("digits", held.images, trainer.network, taught).doubted < 0.03


def test_a_network_without_calibration_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "plain.cnn"
    cnn.Network.initialize(cnn.presets.load("tiny"), seed=0).save(file)
    with pytest.raises(cnn.CheckpointError, match="does not know what is familiar to it"):
        familiarity_check.main([str(file), "--mnist", "digits", "--strokes", "none"])
