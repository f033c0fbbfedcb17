"""Another process hears and says whole messages, in their order, and ends with this one."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from pickle import PicklingError

import numpy as np
import pytest

from cnn_core import process
from cnn_core.process import Process, ProcessLost


@pytest.fixture
def echo(monkeypatch):
    """A process that says again what it hears, ends at a text, and is silent at None."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    other = Process("some_process")
    yield other
    other.close()


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 1_000_003])
def test_arrays_of_all_sizes_come_back_and_can_be_written_to(echo, size):
    array = np.arange(size, dtype=np.float32)
    sealed = array[::-1].copy()
    sealed.flags.writeable = False
    echo.wait()
    echo.send({"whole": array, "half": array[::2], "sealed": sealed, "word": "here"})
    back = echo.receive()
    np.testing.assert_array_equal(back["whole"], array)
    np.testing.assert_array_equal(back["half"], array[::2])
    np.testing.assert_array_equal(back["sealed"], sealed)
    assert back["word"] == "here"
    back["whole"][:] = 0


def test_messages_that_arrive_together_are_heard_one_by_one(echo):
    echo.wait()
    for number in range(50):
        echo.send(number)
    assert [echo.receive() for _ in range(50) if echo.says(20)] == list(range(50))
    assert not echo.says(0.05)


def test_it_is_ready_when_it_has_said_so(echo):
    assert not echo.failed
    echo.wait()
    assert echo.ready
    assert not echo.failed


def test_a_module_that_is_not_there_is_known_not_to_come(capfd):
    other = Process("nowhere_at_all")
    other.wait()
    assert other.failed
    with pytest.raises(ProcessLost):
        other.receive()
    other.close()
    assert "nowhere_at_all" in capfd.readouterr().err


def test_a_process_that_ends_is_lost(echo):
    echo.wait()
    echo.send("end")
    with pytest.raises(ProcessLost):
        echo.receive()
    with pytest.raises(ProcessLost):
        for _ in range(100):
            echo.send(bytes(1 << 20))


@pytest.mark.skipif(sys.platform == "win32", reason="there, whoever waits is not asked")
def test_waiting_for_an_answer_can_be_given_up(echo):
    echo.wait()
    echo.send(None)
    with pytest.raises(process.GivenUp):
        echo.receive(lambda: True)


def test_what_cannot_be_pickled_is_not_sent(echo):
    echo.wait()
    with pytest.raises(PicklingError):
        echo.send(threading.Lock())
    echo.send(7)
    assert echo.receive() == 7


def test_a_long_message_can_be_given_up(echo):
    echo.wait()
    looks = []

    def cancelled():
        looks.append(1)
        return len(looks) > 3

    with pytest.raises(process.GivenUp):
        echo.send(np.zeros(1 << 24, np.uint8), cancelled)
    assert len(looks) == 4


def test_closing_ends_it_in_the_midst_of_a_message(echo):
    echo.wait()
    echo.send(np.zeros(1 << 22))  # more than the pipe holds, and nobody reads the answer
    pid = echo._process.pid
    echo.close()
    if sys.platform != "win32":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="processes have a niceness on Unix alone")
@pytest.mark.parametrize("niceness", [0, 3])
def test_who_gives_way_to_others_goes_to_sleep_sooner(niceness):
    if os.nice(0) > 0:
        pytest.skip("this process itself gives way")
    code = f"import os; os.nice({niceness}); from cnn_core import process; print(process._AWAKE < 0.005)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(niceness > 0)
