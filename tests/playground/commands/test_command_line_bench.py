"""cnn-playground bench hands its options on to the engine's own command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.commands import bench

CHECKOUT = Path(__file__).resolve().parents[3]


def test_options_reach_the_engine(tmp_path, capsys):
    file = tmp_path / "figures.json"
    options = ["--networks", "lenet5", "--batches", "2", "--seconds", "0.05", "--json", str(file)]
    assert bench.run([*options, "--profile"]) == 0
    assert "lenet5, batch 2: training" in capsys.readouterr().out
    assert [row["figure"] for row in json.loads(file.read_text())["rows"]] == ["training", "inference"]


def test_what_can_be_measured_is_told(capsys):
    with pytest.raises(SystemExit) as left:
        bench.run(["--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert all(
        option in told
        for option in (
            "--growth",
            "--memory-steps",
            "--profile",
            "--compare",
            "--threads",
            "bench --window --help",
        )
    )


def test_the_seconds_of_the_window_are_checked_too(command):
    for wrong in ("0", "-1", "nan"):
        ran = command("bench", "--window", "--seconds", wrong)
        assert ran.code == 2
        assert f"{wrong} is not from 0.5 to 3600" in ran.err


def test_ctrl_c_ends_the_measuring_of_the_window(tmp_path):
    """It comes while Qt calls, where an exception would be printed and forgotten."""
    code = (
        "import signal, sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from playground import window_bench\n"
        "from playground.__main__ import main\n"
        "made = window_bench.create_window\n"
        "def create(**given):\n"
        "    window = made(**given)\n"
        "    QTimer.singleShot(300, window, lambda: signal.raise_signal(signal.SIGINT))\n"
        "    return window\n"
        "window_bench.create_window = create\n"
        "sys.exit(main(['bench', '--window', '--seconds', '20']))"
    )
    folders = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(CHECKOUT), **folders}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert ran.returncode == 130
    assert "Traceback" not in ran.stderr
    assert ran.stderr.endswith("cnn-playground bench: interrupted\n")
    assert ran.stdout == ""


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
