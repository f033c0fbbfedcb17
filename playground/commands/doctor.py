"""cnn-playground doctor: what the program runs on, and what is wrong with it. Works without a screen."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import platformdirs

from cnn_core.datasets.reading import printable
from playground import screen
from playground.commands.output import installed_version, write_json

Facts = dict[str, str]
_PACKAGES = ("numpy", "PySide6-Essentials", "pyqtgraph", "threadpoolctl", "platformdirs")
_ASK_QT = """
import json
from PySide6.QtCore import QSettings, qVersion
from PySide6.QtWidgets import QApplication
app = QApplication([])
def told(s):
    return f"{s.size().width()} x {s.size().height()} at {100 * s.devicePixelRatio():.0f} %"
print(json.dumps({
    "qt": qVersion(),
    "platform": app.platformName(),
    "screens": ", ".join(map(told, app.screens())) or "none",
    "settings": QSettings("cnn-playground", "cnn-playground").fileName(),
}))
"""
_QT_PATIENCE = 30  # seconds
_ROOM_NEEDED = 200 << 20  # bytes in the cache folder: the built-in digits and one downloaded set


def run(arguments: Sequence[str]) -> int:
    """Print what was found; return 0, problems or not: they are in the text."""
    parser = argparse.ArgumentParser(
        prog="cnn-playground doctor",
        description="Print versions, screen, processor, folders and data sets, and what is wrong with them.",
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    options = parser.parse_args(arguments)
    facts, problems = examine()
    if options.json:
        write_json({**facts, "problems": problems})
    else:
        _print(facts, problems)
    return 0


def examine() -> tuple[dict[str, Facts], list[str]]:
    """The facts by section, and a sentence for each problem."""
    problems: list[str] = []
    window = _screen(problems)
    facts = {
        "versions": _versions(problems) | {"Qt": window.pop("qt", "not usable")},
        "processor": _processor(problems),
        "folders": _folders(problems) | {"settings": window.pop("settings", "unknown")},
        "data sets": _data_sets(),
        "network": _network(problems),
    }
    return {"versions": facts.pop("versions"), "screen": window, **facts}, problems


def _versions(problems: list[str]) -> Facts:
    facts = {
        "cnn-playground": installed_version() or f"not installed, run from {Path.cwd()}",
        "Python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
    }
    for name in _PACKAGES:
        facts[name] = installed_version(name) or "missing"
        if facts[name] == "missing":
            problems.append(f"{name} is not installed; install the program as the README says")
    return facts


def _screen(problems: list[str]) -> Facts:
    asked = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    facts = {name: printable(os.environ[name]) for name in asked if os.environ.get(name)}
    if (problem := screen.problem()) is not None:
        problems.append(problem.partition("\n\n")[0])
        if not screen.is_absent():
            return facts | {"window": "cannot be opened"}
        facts["window"] = "cannot be opened here: there is no screen"
    found, failure = _ask_qt()
    if failure:
        problems.append(failure)
    return facts | found


def _ask_qt() -> tuple[Facts, str]:
    """What Qt says of itself, asked in a process of its own: where it cannot start it ends its process."""
    environment = dict(os.environ)
    if screen.is_absent():
        environment["QT_QPA_PLATFORM"] = "offscreen"
    try:
        ran = subprocess.run(
            [sys.executable, "-c", _ASK_QT],
            capture_output=True,
            env=environment,
            timeout=_QT_PATIENCE,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
        said: Mapping[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {}, f"Qt did not start within {_QT_PATIENCE} seconds"
    except (ValueError, IndexError):
        last = ran.stderr.strip().splitlines()[-1:] or [f"exit code {ran.returncode}"]
        return {}, f"Qt cannot start: {printable(last[0])}"
    return {name: str(value) for name, value in said.items()}, ""


def _processor(problems: list[str]) -> Facts:
    from cnn_core.threads import available_cores

    try:
        from threadpoolctl import threadpool_info

        import cnn_core  # noqa: F401 - its NumPy brings the BLAS that is asked for

        libraries = threadpool_info()
    except ImportError:
        libraries = []
    blas = [
        f"{each.get('internal_api')} {each.get('version')}, {each.get('architecture', 'unknown')} kernels, "
        f"{each.get('num_threads')} threads"
        for each in libraries
        if each.get("user_api") == "blas"
    ]
    if not blas:
        problems.append(
            "threadpoolctl knows no BLAS library here: products may run on more threads than is good"
        )
    return {
        "processor": f"{platform.machine()}, {os.cpu_count()} cores, {available_cores()} usable",
        "BLAS": "; ".join(blas) or "unknown",
    }


def _folders(problems: list[str]) -> Facts:
    from playground import my_drawings

    name = "cnn-playground"
    folders = {
        "cache": platformdirs.user_cache_path(name, appauthor=False),
        "logs": platformdirs.user_log_path(name, appauthor=False),
    }
    facts = {}
    for what, folder in folders.items():
        nearest = next(p for p in (folder, *folder.parents) if p.exists())
        room = shutil.disk_usage(nearest).free
        state = "" if folder.exists() else ", not made yet"
        facts[what] = f"{printable(str(folder))} ({room / 1e9:,.1f} GB free{state})"
        if not os.access(nearest, os.W_OK):
            problems.append(f"the folder for the {what}, {printable(str(folder))}, cannot be written")
        elif room < _ROOM_NEEDED:
            problems.append(f"there is little room in {printable(str(folder))}: {room / 1e6:,.0f} MB")
    drawings = my_drawings.location()
    facts["my drawings"] = printable(str(drawings)) + ("" if drawings.exists() else " (none kept yet)")
    return facts


def _data_sets() -> Facts:
    from cnn_core.datasets.catalog import CATALOG
    from cnn_core.datasets.download import cache_folder

    made = list(platformdirs.user_cache_path("cnn-playground", appauthor=False).glob("digits-*.npz"))
    facts = {"digits": "built in, " + ("made" if made else "made at first use, in some seconds")}
    for name, remote in CATALOG.items():
        splits = [
            split
            for split, files in remote.files.items()
            if all(_is_there(cache_folder(name) / file.name) for file in files)
        ]
        facts[name] = f"downloaded ({' and '.join(splits)})" if splits else "downloaded at first use"
    return facts


def _is_there(path: Path) -> bool:
    return path.is_file() or path.with_suffix("").is_file()


def _network(problems: list[str]) -> Facts:
    from cnn_core import CheckpointError, checkpoint
    from playground import resources

    path = resources.find(resources.TRAINED_NETWORK)
    if path is None:
        problems.append("the trained network of the first start is missing; install the program anew")
        return {"at start": "missing"}
    try:
        checkpoint.load(path)
    except CheckpointError as error:
        problems.append(f"the trained network of the first start is damaged: {error}")
    return {"at start": printable(str(path))}


def _print(facts: Mapping[str, Facts], problems: Sequence[str]) -> None:
    width = max(len(name) for section in facts.values() for name in section)
    for title, section in facts.items():
        print(title)
        for name, value in section.items():
            print(f"  {name:{width}}  {value}")
    print("problems" if problems else "no problems found")
    for problem in problems:
        print(f"  {problem}")
