"""How the window holds up while it trains: `cnn-playground bench --window`.

Speed of training beside the same training without a window, in turn; the delay of the window's own timers;
from a pen move to maps and bars repainted; from the start of a process to a drawing that is classified.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

import cnn_core as cnn
from cnn_core.writing import need_place, write_whole
from playground import screen
from playground.app import create_application, create_window
from playground.main_window import MainWindow

HELD_OUT = 10  # images: to evaluate the network after each epoch would be no training
TURNS = 3  # of training with and without the window
TICK = 16  # ms between ticks of the timer whose delay is measured
PATIENCE = 120  # seconds for the data to be there
WARM_UP = 2.5  # seconds of each turn that do not count: other processes join in
_interrupted = threading.Event()  # by Ctrl+C


def main(arguments: Sequence[str]) -> int:
    """Measure, print, return the exit code."""
    options = _options(arguments)
    if options.json:
        need_place(options.json)
    if (problem := screen.problem()) is not None:
        print(f"cnn-playground bench: {problem}", file=sys.stderr)
        return 2
    _create_application()
    QSettings().clear()
    with _heeding():
        window = create_window(data=options.data)
        window.before_close.clear()
        window.resize(1600, 1000)
        try:
            figures = _figures(window, options.seconds)
        finally:
            window.close()
    with tempfile.TemporaryDirectory() as compiled:  # the first start compiles modules
        figures["start_to_classified_s"] = min(_start_to_classified(compiled) for _ in range(4))
    for name, value in figures.items():
        print(f"{name:34}{value:12,.3f}")
    if options.json:
        write_whole(options.json, lambda file: file.write(json.dumps(figures, indent=1).encode()))
    return 0


@contextmanager
def _heeding() -> Iterator[None]:
    """Have Ctrl+C end the measurement where `_heed` is called: raised in what Qt calls, it would be printed
    and forgotten."""

    def note(*_: object) -> None:
        _interrupted.set()
        QApplication.exit()  # of the loops of `_live`

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _interrupted.clear()


def _heed() -> None:
    if _interrupted.is_set():
        raise KeyboardInterrupt


def print_time_to_classified(began: float) -> None:
    """Open the window, draw, and print the seconds since `began` (time.time()) when the drawing is
    classified."""
    _create_application()
    window = create_window()
    _stroke(window, np.linspace(0.2, 0.8, 4))
    QApplication.processEvents()
    panel = window.prediction_panel
    assert panel.property("predictedClass") >= 0
    print(time.time() - began, flush=True)
    window.before_close.clear()
    window.close()


def _create_application() -> None:
    """Make the application, under a name of its own: it leaves the settings of the person alone."""
    app = create_application(["cnn-playground"])
    app.setApplicationName(f"{app.applicationName()}-bench")


def _figures(window: MainWindow, seconds: float) -> dict[str, float]:
    problems: list[str] = []
    window.parts.loading.failed.connect(problems.append)
    end = time.monotonic() + PATIENCE
    while window.control.data is None:
        if problems or time.monotonic() > end:
            raise cnn.DatasetError(problems[0] if problems else "the data did not arrive")
        _live(0.05)
    data = window.control.data
    window.control.use_data(replace(data, validation=data.validation.subset(slice(0, HELD_OUT))))
    _live(0.5)
    while window.parts.measuring.busy:  # idle is when this is over
        _live(0.05)
    figures: dict[str, float] = {}
    figures |= _quantiles("pen_to_painted_idle_ms", _pen_moves(window, seconds / 2))
    _stroke(window, np.linspace(0.15, 0.85, 30))  # what the network is shown at work on while it trains
    shown, alone, delays, frames, busy = [], [], [], [], []
    for turn in range(TURNS):
        if turn % 2:  # in turn first and second, should the machine become slower or quicker meanwhile
            alone.append(_train_alone(window, seconds / TURNS))
        rate, late, frame_rate, share = _train_in_window(window, seconds / TURNS)
        shown.append(rate)
        frames.append(frame_rate)
        busy.append(share)
        delays += late
        if not turn % 2:
            alone.append(_train_alone(window, seconds / TURNS))
    figures["images_per_second_in_window"] = float(np.median(shown))
    figures["images_per_second_alone"] = float(np.median(alone))
    figures["maps_shown_per_second"] = float(np.median(frames))
    figures["core_taken_by_the_window"] = float(np.median(busy))
    figures["window_against_alone"] = float(np.median(np.array(shown) / np.array(alone)))
    figures |= _quantiles("timer_delay_training_ms", delays)
    window.control.start(10**9)
    figures |= _quantiles("pen_to_painted_training_ms", _pen_moves(window, seconds / 2))
    _stop(window)
    return figures


def _train_in_window(window: MainWindow, seconds: float) -> tuple[float, list[float], float, float]:
    """Return images a second while the window trains and shows it, how late its ticks were (ms), how often a
    second it showed the network anew, and the share of a core that its own thread took."""
    late: list[float] = []
    seen: set[int] = set()  # steps
    timer, last = QTimer(window), time.perf_counter()
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(0.0, (now - last) * 1000 - TICK))
        last = now

    note = window.parts.probe.updated.connect(lambda reading: seen.add(reading.step))
    timer.timeout.connect(tick)
    window.control.start(10**9)
    _live(WARM_UP)
    before, begun = _when_it_shows_more(window)
    seen.clear()
    last, busy = begun, time.thread_time()
    timer.start(TICK)
    _live(seconds)
    after, ended = _when_it_shows_more(window)
    busy = time.thread_time() - busy
    timer.stop()
    frames, spent = len(seen), ended - begun
    images = (after - before) * window.parts.document.content.settings.batch_size
    window.parts.probe.updated.disconnect(note)
    _stop(window)
    return images / spent, late, frames / spent, busy / spent


def _when_it_shows_more(window: MainWindow) -> tuple[int, float]:
    """Wait until more steps of the run are shown; return how many have been done, and when that was."""
    known = window.control.step
    while window.control.step == known and window.control.running:
        _live(0.005)
    return window.control.step, time.perf_counter()


def _train_alone(window: MainWindow, seconds: float) -> float:
    """Return images a second of the same training in a plain loop."""
    content, data = window.parts.document.content, window.control.data
    assert data is not None
    trainer = cnn.Trainer(content.network, train=data.train, **content.settings.arguments())
    with closing(trainer.run(steps=10**9)) as steps:
        _rate(steps, trainer.batch_size, WARM_UP)
        return _rate(steps, trainer.batch_size, seconds)


def _rate(steps: Iterator[cnn.Progress], images: int, seconds: float) -> float:
    """Return images a second, of so many a step, in about so many seconds."""
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        _heed()
        next(steps)
        done += images
    return done / (time.perf_counter() - begun)


def _pen_moves(window: MainWindow, seconds: float) -> list[float]:
    """Return the times (ms) from a move of the pen to all views repainted."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        times += _stroke(window, np.linspace(0.15, 0.85, 30))
        window.actions_.clear_drawing.trigger()
        _live(0.02)
    return times


def _stroke(window: MainWindow, places: Any) -> list[float]:
    """Draw one wavy line with the mouse; return the times (ms) until each move was seen."""
    canvas, times = window.draw_canvas, []
    for number, place in enumerate(places):
        _heed()
        kind = QMouseEvent.Type.MouseButtonPress if number == 0 else QMouseEvent.Type.MouseMove
        where = QPointF(place * canvas.width(), (0.5 + 0.3 * np.sin(place * 9)) * canvas.height())
        begun = time.perf_counter()
        _send(window, kind, where)
        seen = window.parts.probe.reading
        while window.parts.probe.reading is seen and time.perf_counter() - begun < 1:
            QApplication.processEvents()
        QApplication.processEvents()  # the paint events that the new reading has asked for
        times.append((time.perf_counter() - begun) * 1000)
    _send(window, QMouseEvent.Type.MouseButtonRelease, where)
    QApplication.processEvents()
    return times[1:]


def _send(window: MainWindow, kind: QMouseEvent.Type, where: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    down = none if kind == QMouseEvent.Type.MouseButtonRelease else left
    button = none if kind == QMouseEvent.Type.MouseMove else left
    target = window.draw_canvas
    event = QMouseEvent(kind, where, target.mapToGlobal(where), button, down, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, event)


def _start_to_classified(compiled: str) -> float:
    """Return the seconds from the start of a process to a window that has classified a drawing.

    `compiled` is a folder for the modules as Python compiles them.
    """
    code = "from playground.window_bench import print_time_to_classified as p; p({})"
    command = [sys.executable, "-c", code.format(time.time())]
    settings = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=settings)
    return float(done.stdout.split()[-1])


def _stop(window: MainWindow) -> None:
    window.control.pause()
    while window.control.running:
        _live(0.02)


def _live(seconds: float) -> None:
    """Let the window live for so long, asleep while nothing happens, as it is in use."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()
    _heed()


def _quantiles(name: str, values: Sequence[float]) -> dict[str, float]:
    return {f"{name}_p{q}": float(np.percentile(values, q)) for q in (50, 95, 99)}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    from cnn_core.bench.command import seconds_from  # not in the processes whose start is measured

    parser = argparse.ArgumentParser(prog="cnn-playground bench --window", description="Measure the window.")
    parser.add_argument("--window", action="store_true", help="this measurement")
    parser.add_argument("--data", metavar="SPEC", help="the images to train on [digits]")
    parser.add_argument("--seconds", type=seconds_from(0.5), default=12.0, help="for each figure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    return parser.parse_args(arguments)
