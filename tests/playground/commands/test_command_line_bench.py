"""cnn-playground bench hands its options on to the engine's own command."""

import json
import os

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


def test_without_a_screen_the_window_is_measured_off_screen(monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    platforms = []

    def measure(arguments):
        platforms.append(os.environ.get("QT_QPA_PLATFORM"))
        return 0

    monkeypatch.setattr("playground.window_bench.main", measure)
    try:
        assert bench.run(["--window"]) == 0
    finally:
        os.environ.pop("QT_QPA_PLATFORM", None)
    assert platforms == ["offscreen"]
    assert "off screen" in capsys.readouterr().err
