"""What the pages promise is tried: commands, options, examples, keys, names of files."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

import cnn_core as cnn
from playground import screen
from playground.actions import Actions

CHECKOUT = Path(__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands():
    lines = "".join(blocks("sh")).splitlines()
    return [line for line in lines if line.startswith("cnn-playground ")]


@pytest.mark.parametrize("example", blocks("python"))
def test_examples_run(example, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "of the images held out" in ran.stdout


@pytest.mark.parametrize("text", blocks("json"))
def test_the_architecture_shown_works(text):
    assert cnn.Architecture.from_json(text).error is None


@pytest.mark.parametrize("line", commands())
def test_the_options_of_commands_exist(line):
    _, name, *rest = line.split()
    if name.endswith(".cnn"):
        return
    ran = subprocess.run(
        [sys.executable, "-m", "playground", name, "--help"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert ran.returncode == 0
    assert all(option in ran.stdout for option in rest if option.startswith("--"))


def test_one_line_opens_the_window_and_one_runs_the_tests():
    environment = "python3 -m venv .venv && .venv/bin/python -m pip install "
    assert f"{environment}. && .venv/bin/cnn-playground\n" in blocks("sh")
    assert f"{environment}'.[test]' && .venv/bin/python -m pytest\n" in blocks("sh")


def test_the_system_libraries_are_those_the_program_names():
    packages = f"{screen.OFFSCREEN_PACKAGES} {screen.WINDOW_PACKAGES}"
    assert f"sudo apt-get install -y python3-venv {packages}\n" in blocks("sh")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="some standard keys differ between systems")
def test_every_shortcut_of_the_window_is_in_the_table(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    portable = QKeySequence.SequenceFormat.PortableText
    keys = {action.shortcut().toString(portable) for action in Actions(window).everything()} - {""}
    table = {
        key
        for row in re.findall(r"^\| (`.*?) \|", README, re.MULTILINE)
        for key in re.findall(r"`(.*?)`", row)
    }
    assert keys - table == set()


def test_files_named_on_the_pages_exist():
    linked = re.findall(r"\]\((?!http|assets/)([^)#]+)\)", README + CONTRIBUTING)
    rows = re.findall(r"^\| (`.*?) \|", CONTRIBUTING, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([\w/.]+(?:\.py|/))`", row)]
    assert len(named) > 30
    packages = [*(CHECKOUT / "cnn_core").rglob("*"), *(CHECKOUT / "playground").rglob("*")]
    present = {path.relative_to(CHECKOUT).as_posix() for path in packages}
    missing = [
        name for name in named if not any(f"/{path}".endswith(f"/{name.rstrip('/')}") for path in present)
    ]
    assert missing == []
    assert all((CHECKOUT / name).exists() for name in linked)
