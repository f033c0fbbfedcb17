"""cnn-playground bench hands its options on to the engine's own command."""

import json

import pytest

from playground.commands import bench


def test_options_reach_the_engine(tmp_path, capsys):
    file = tmp_path / "figures.json"
    options = ["--networks", "lenet5", "--batches", "2", "--seconds", "0.01", "--json", str(file)]
    assert bench.run([*options, "--profile"]) == 0
    assert "lenet5, batch 2: training" in capsys.readouterr().out
    assert [row["figure"] for row in json.loads(file.read_text())["rows"]] == ["training", "inference"]


def test_what_can_be_measured_is_told(capsys):
    with pytest.raises(SystemExit) as left:
        bench.run(["--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert all(
        option in told for option in ("--growth", "--memory-steps", "--profile", "--compare", "--threads")
    )
