"""Others join in, leave, fail and are lost: the numbers stay the same, and no process or file is left."""

import gc
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import plain_network
import pytest
from some_layers import NoWhite, WhiteError
from some_team import gather

from cnn_core import Architecture, Augmentation, Dense, Flatten, member, presets, process, shared_arrays, team
from cnn_core.execution import Executor
from cnn_core.threads import GivenUp

NETWORK = plain_network.random_network(presets.load("sample-batchnorm"))
STOPS = pytest.mark.skipif(sys.platform == "win32", reason="signals")
DATA = plain_network.images_and_labels(NETWORK.architecture, 70)


def gradients(executor, data=DATA, **arguments):
    """Return (processes, copies of the gradients)."""
    result = executor.loss_and_gradients(NETWORK.parameters, NETWORK.buffers, *data, **arguments)
    return result.processes, {name: value.copy() for name, value in result.gradients.items()}


def scores(executor, images=DATA[0], **arguments):
    return executor.logits({**NETWORK.parameters, **NETWORK.buffers}, images, **arguments)


def assert_same(one, other):
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.fixture(scope="module")
def expected():
    with Executor(NETWORK.architecture, 1) as executor:
        return gradients(executor)[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where shared arrays are put."""
    monkeypatch.setattr(shared_arrays, "_IN_MEMORY", str(tmp_path))
    return tmp_path


@pytest.fixture
def executor(folder):
    with Executor(NETWORK.architecture, 2) as executor:
        gather(executor)
        yield executor


def after(looks):
    """Return a function that says no so many times, then yes: something is cancelled."""
    asked = itertools.count(1)
    return lambda: next(asked) > looks


def killing(process):
    """Return a function that says no, the second time after it has killed the process."""
    asked = itertools.count(1)

    def kill():
        if next(asked) == 2:
            process.kill()
            process.wait()
        return False

    return kill


def others_of(executor):
    return [member._process for member in executor._team._members]


def test_a_run_begins_alone_and_members_join_after_a_moment(expected, monkeypatch):
    with Executor(NETWORK.architecture, 2) as executor:
        assert gradients(executor)[0] == 1
        assert others_of(executor) == []  # what is over before needs none
        monkeypatch.setattr(team, "ALONE_AT_FIRST", 0.0)
        found = gradients(executor)
        gather(executor)
        assert_same(found[1], expected)
        processes, found = gradients(executor)
        assert processes == 2
        assert_same(found, expected)


def test_threads_classify_for_a_while_before_members_join(monkeypatch):
    with Executor(NETWORK.architecture, 2) as executor:
        monkeypatch.setattr(team, "ALONE_AT_FIRST", 0.0)
        expected = scores(executor)
        assert others_of(executor) == []
        monkeypatch.setattr(team, "CLASSIFIES_ALONE", 0.0)
        np.testing.assert_array_equal(scores(executor), expected)
        gather(executor)
        assert executor.processes == 2
        monkeypatch.setattr(executor, "_scores", None)
        np.testing.assert_array_equal(scores(executor), expected)


def test_one_core_has_no_members():
    with Executor(NETWORK.architecture, 1) as executor:
        gather(executor)
        assert others_of(executor) == []


def test_a_member_that_joins_later_sees_the_batches_too():
    data = plain_network.images_and_labels(NETWORK.architecture, 130)
    with Executor(NETWORK.architecture, 1) as alone, Executor(NETWORK.architecture, 3) as together:
        expected = gradients(alone, data)[1], scores(alone, data[0])
        for size in (2, 3):
            gather(together, size)
            processes, found = gradients(together, data)
            assert processes == size
            assert_same(found, expected[0])
            np.testing.assert_array_equal(scores(together, data[0]), expected[1])
            assert together.processes == size


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_no_process_keeps_arrays_that_are_out_of_use(executor, folder):
    def mapped(process):
        return Path("/proc", str(process), "maps").read_text().count(f"{folder}/")

    (member,) = others_of(executor)
    for count in (9, 33, 70):
        data = plain_network.images_and_labels(NETWORK.architecture, count)
        gradients(executor, data)
        scores(executor, data[0])
        # One file for what is trained, one for what is classified.
        assert mapped("self") == mapped(member.pid) == 2
    member.kill()
    member.wait()
    assert gradients(executor)[0] == 1
    assert mapped("self") == 0


def test_no_more_members_take_part_than_there_are_shards():
    with Executor(NETWORK.architecture, 4) as executor:
        gather(executor)
        assert len(others_of(executor)) == 3
        assert gradients(executor, plain_network.images_and_labels(NETWORK.architecture, 8))[0] == 2


def test_no_more_members_are_started_than_batches_need(monkeypatch):
    monkeypatch.setattr(team, "ALONE_AT_FIRST", -1.0)
    with Executor(NETWORK.architecture, 8) as executor:
        for count, members in ((8, 1), (130, 3), (8, 3)):
            gradients(executor, plain_network.images_and_labels(NETWORK.architecture, count))
            assert len(others_of(executor)) == members


def test_processes_and_files_end_with_the_executor(executor, folder):
    gradients(executor)
    (process,) = others_of(executor)
    assert process.poll() is None
    if sys.platform != "win32":  # which keeps the file while it is open
        assert list(folder.iterdir()) == []
    executor.close()
    assert process.poll() is not None
    assert list(folder.iterdir()) == []


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_members_end_with_an_executor_that_nobody_has_closed():
    executor = Executor(NETWORK.architecture, 2)
    gather(executor)
    (process,) = others_of(executor)
    del executor
    gc.collect()
    process.wait(60)


@pytest.mark.parametrize("moment", ["before", "within"])
def test_a_member_that_is_killed_is_done_without(executor, expected, folder, moment, monkeypatch):
    monkeypatch.setattr(team, "ALONE_AT_FIRST", -1.0)
    gradients(executor)
    (process,) = others_of(executor)
    if moment == "before":
        process.kill()
        process.wait()
    processes, found = gradients(
        executor, cancelled=killing(process) if moment == "within" else lambda: False
    )
    assert processes == 1
    assert_same(found, expected)
    assert list(folder.iterdir()) == []
    gradients(executor)
    assert others_of(executor) == []  # another one might be lost too


@STOPS
@pytest.mark.parametrize("moment", ["before", "within"])
def test_a_member_that_is_killed_while_it_classifies_is_done_without(executor, folder, moment):
    expected = scores(executor)
    (process,) = others_of(executor)
    if moment == "before":
        process.kill()
        process.wait()
    else:
        os.kill(process.pid, signal.SIGSTOP)
    np.testing.assert_array_equal(scores(executor, cancelled=killing(process)), expected)
    assert executor.processes == 1
    assert list(folder.iterdir()) == []


@STOPS
def test_classifying_can_be_cancelled_while_a_member_stands_still(executor, expected):
    scores(executor)
    (process,) = others_of(executor)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(GivenUp):
        scores(executor, cancelled=after(2))
    assert_alone_from_here(executor, process, expected)


def assert_alone_from_here(executor, process, expected):
    """Assert that the member has ended and the next batch has the numbers that it should."""
    assert process.poll() is not None
    processes, found = gradients(executor)
    assert processes == 1
    assert_same(found, expected)


@pytest.mark.parametrize("patience", range(1, 7))
def test_a_cancelled_batch_ends_the_members(executor, expected, patience):
    (process,) = others_of(executor)
    with pytest.raises(GivenUp):
        gradients(executor, cancelled=after(patience))
    assert_alone_from_here(executor, process, expected)


@STOPS
@pytest.mark.parametrize("moment", ["rooms", "batch"])
def test_a_batch_can_be_cancelled_while_a_member_stands_still(executor, expected, folder, moment):
    if moment == "batch":
        gradients(executor)
    (process,) = others_of(executor)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(GivenUp):
        gradients(executor, cancelled=after(6))  # by then this process waits for the member
    assert_alone_from_here(executor, process, expected)
    assert list(folder.iterdir()) == []


def test_an_error_in_a_members_shard_arrives(executor, expected):
    images, labels = DATA
    wrong = labels.copy()
    wrong[-1] = 99
    (process,) = others_of(executor)
    with pytest.raises(IndexError):
        gradients(executor, (images, wrong))
    assert_alone_from_here(executor, process, expected)


def test_an_error_that_cannot_be_sent_arrives(capfd):
    network = plain_network.random_network(Architecture((4, 4, 1), (NoWhite(), Flatten(), Dense(units=3))))
    images, labels = plain_network.images_and_labels(network.architecture, 9)
    images[:] = 0
    images[-1] = 255  # in the member's shard
    with Executor(network.architecture, 2) as executor:
        gather(executor)
        assert executor._team._members[0].ready
        with pytest.raises(WhiteError):
            executor.loss_and_gradients(network.parameters, network.buffers, images, labels)
    assert capfd.readouterr().err == ""


def test_settings_that_cannot_be_sent_are_used_by_one_process(executor, expected):
    class Local(Augmentation):
        def apply(self, images, generator):
            return images

    processes, found = gradients(executor, augmentation=Local())
    assert processes == 1
    assert_same(found, expected)


def test_ctrl_c_in_the_midst_of_a_batch_ends_the_members(executor, expected):
    def interrupted():
        raise KeyboardInterrupt

    (process,) = others_of(executor)
    with pytest.raises(KeyboardInterrupt):
        gradients(executor, cancelled=interrupted)
    assert_alone_from_here(executor, process, expected)


def test_batches_of_all_sizes_and_kinds_find_room(executor):
    with Executor(NETWORK.architecture, 1) as alone:
        for count, kind in ((5, np.uint8), (140, np.uint8), (33, np.uint8), (70, np.float32), (70, np.uint8)):
            images, labels = plain_network.images_and_labels(NETWORK.architecture, count)
            data = (images.astype(kind), labels)
            processes, found = gradients(executor, data)
            assert processes == 2
            assert_same(found, gradients(alone, data)[1])
            np.testing.assert_array_equal(scores(executor, data[0]), scores(alone, data[0]))
            assert executor.processes == 2


def test_without_room_for_shared_arrays_one_process_does_it_all(executor, expected, monkeypatch):
    def full(forms, path=None):
        raise OSError("No space left on device")

    monkeypatch.setattr(team, "SharedArrays", full)
    processes, found = gradients(executor)
    assert processes == 1
    assert_same(found, expected)


@pytest.mark.parametrize("executable", ["/nowhere/python", "", None])
def test_where_no_process_can_be_started_one_does_it_all(expected, monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    with Executor(NETWORK.architecture, 2) as executor:
        gather(executor)
        processes, found = gradients(executor)
    assert processes == 1
    assert_same(found, expected)


def test_a_program_that_is_its_own_interpreter_is_not_started_again(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with Executor(NETWORK.architecture, 2) as executor:
        gather(executor)
        assert others_of(executor) == []


def test_a_member_starts_no_others(monkeypatch):
    monkeypatch.setattr(member, "_serving", True)
    with Executor(NETWORK.architecture, 2) as executor:
        gather(executor)
        assert others_of(executor) == []


def test_members_find_the_package_where_the_path_no_longer_says_it_is(monkeypatch):
    elsewhere = [p for p in sys.path if not (Path(p) / "cnn_core").is_dir()]
    if not any((Path(p) / "numpy").is_dir() for p in elsewhere):
        pytest.skip("the package is installed beside NumPy, so that the path always says where it is")
    monkeypatch.setattr(sys, "path", elsewhere)
    with Executor(NETWORK.architecture, 2) as executor:
        gather(executor)
        assert gradients(executor)[0] == 2


def test_a_member_with_another_version_takes_no_part(monkeypatch):
    monkeypatch.setattr(process, "__file__", str(Path("elsewhere", "cnn_core", "process.py")))
    with Executor(NETWORK.architecture, 2) as executor:
        gather(executor)
        assert gradients(executor)[0] == 1
        assert executor.processes == 1


class Unknown(Flatten):
    """A layer that other processes cannot import."""


@pytest.mark.parametrize("module", ["__main__", "nowhere"])
def test_a_layer_that_members_do_not_know_is_run_by_one_process(module, capfd, monkeypatch):
    monkeypatch.setattr(Unknown, "__module__", module)
    monkeypatch.setattr(sys.modules["__main__"], "Unknown", Unknown, raising=False)  # as in a script
    network = plain_network.random_network(Architecture((4, 4, 1), (Unknown(), Dense(units=3))))
    data = plain_network.images_and_labels(network.architecture, 9)
    with Executor(network.architecture, 2) as executor:
        gather(executor)
        result = executor.loss_and_gradients(network.parameters, network.buffers, *data)
    assert result.processes == 1
    assert np.isfinite(result.loss)
    assert capfd.readouterr().err == ""


BEGINNING = """
import os, signal, sys
import numpy as np, cnn_core as cnn
from cnn_core import presets, team
network = cnn.Network.initialize(presets.load("tiny"))
images = np.zeros((64, *network.architecture.input_shape), np.uint8)
data = cnn.Dataset(images, np.zeros(64, np.int64), tuple("0123456789"), "zeros")
run = cnn.Trainer(network, train=data, threads=2).run(epochs=1_000_000)
print("begun")
"""
SHARED = "print('shared' if any(progress.processes == 2 for progress in run) else '')"
ENDS = {
    "without a main guard": ([SHARED], 0),
    "members have just been started": (["team.ALONE_AT_FIRST = -1", "next(run)", "print('shared')"], 0),
    "killed while they start": (
        ["team.ALONE_AT_FIRST = -1", "next(run)", "print('shared', flush=True)", "os.kill(os.getpid(), 9)"],
        -9,
    ),
    "killed while they work": ([SHARED, "sys.stdout.flush()", "os.kill(os.getpid(), 9)"], -9),
    "Ctrl+C while they start": (
        [
            *("team.ALONE_AT_FIRST = -1", "next(run)", "signal.signal(signal.SIGINT, lambda *_: None)"),
            *("os.killpg(0, signal.SIGINT)", SHARED),
        ],
        0,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_script_trains_and_leaves_nothing(tmp_path, end):
    """What is read from the standard error's end includes what members write: they have ended by then."""
    lines, code = ENDS[end]
    if sys.platform == "win32" and ("kill" in end or "Ctrl" in end):
        pytest.skip("signals")
    script = tmp_path / "train.py"
    script.write_text(BEGINNING + "\n".join(lines))
    ended = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )
    assert ended.returncode == code
    assert ended.stdout.split() == ["begun", "shared"]
    assert ended.stderr == ""
