"""The program as a process of its own: it ends cleanly while training, and Qt's signals do not wear it out.

CNN_PLAYGROUND_CLOSINGS sets how many times the window is closed during training: 20 before a release, as in
`CNN_PLAYGROUND_CLOSINGS=20 python -m pytest tests/playground/test_process.py`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CLOSINGS = int(os.environ.get("CNN_PLAYGROUND_CLOSINGS", "2"))
ROOT = Path(__file__).resolve().parents[2]

SIGNALS = """
from PySide6.QtCore import QObject, Signal
class Sender(QObject):
    told = Signal(object)
    flagged = Signal(bool)
sender, taken = Sender(), []
sender.told.connect(taken.append)
sender.flagged.connect(taken.append)
for number in range(5000):
    sender.told.emit(None if number % 2 else number)
    sender.flagged.emit(bool(number % 3))
assert len(taken) == 10_000
"""

CLOSING = """
import sys
from PySide6.QtCore import QTimer
from playground.app import create_application, create_window
app = create_application(["cnn-playground"])
window = create_window(data=sys.argv[1])
window.before_close.clear()
def close_when_training():
    if window.control.data is None:
        return
    if not window.control.running and window.control.step == 0:
        window.actions_.reset.trigger()
        window.actions_.train.trigger()
    elif len(window.control.history) >= int(sys.argv[2]):
        window.close()
timer = QTimer()
timer.timeout.connect(close_when_training)
timer.start(5)
code = app.exec()
assert not window.control.running
print("closed")
sys.exit(code)
"""


CLOSING_AT_ONCE = """
import sys
from PySide6.QtCore import QTimer
from playground.app import create_application, create_window
app = create_application(["cnn-playground"])
window = create_window(data="digits")
QTimer.singleShot(int(sys.argv[1]), window.close)
code = app.exec()
print("closed")
sys.exit(code)
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
    )


def test_five_thousand_signals_do_not_end_the_process() -> None:
    done = run(SIGNALS)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("time", range(CLOSINGS))
def test_the_window_closes_cleanly_while_training(few_digits: Path, time: int) -> None:
    done = run(CLOSING, str(few_digits), str(1 + time % 5))
    assert (done.returncode, done.stdout, done.stderr) == (0, "closed\n", "")


@pytest.mark.parametrize("milliseconds", [0, 400])
def test_the_window_closes_cleanly_while_the_digits_are_made(milliseconds: int) -> None:
    done = run(CLOSING_AT_ONCE, str(milliseconds))
    assert (done.returncode, done.stdout, done.stderr) == (0, "closed\n", "")
