"""Rules between the packages that only running them shows, and facts about libraries relied on."""

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def run(code):
    subprocess.run([sys.executable, "-c", code], check=True, cwd=CHECKOUT)


def test_the_engine_loads_nothing_of_the_window():
    run(
        "import sys, cnn_core, cnn_core.datasets, cnn_core.bench\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'PySide6', 'shiboken6', 'pyqtgraph', 'playground'}, loaded"
    )


def test_thousands_of_signals_do_not_end_the_program():
    """PySide6 6.12.0 on Python below 3.12 loses references to True and None and aborts after some hundred."""
    run(
        "from PySide6.QtCore import QObject, Signal\n"
        "class Sender(QObject):\n"
        "    happened = Signal(object)\n"
        "sender, seen = Sender(), []\n"
        "sender.happened.connect(seen.append)\n"
        "for number in range(5000): sender.happened.emit(number % 2 == 0 or None)\n"
        "assert len(seen) == 5000"
    )


def test_only_the_entry_point_and_scripts_of_the_window_import_the_composition_root():
    importing = [
        path.name
        for path in (CHECKOUT / "playground").rglob("*.py")
        if re.search(
            r"^\s*(from playground\.app import|from playground import .*\bapp\b)",
            path.read_text("utf-8"),
            re.M,
        )
    ]
    assert set(importing) <= {"__main__.py", "screenshot.py", "window_bench.py"}
