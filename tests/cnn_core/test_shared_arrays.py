"""Arrays that two processes see: what one writes the other reads, and nothing is left behind."""

import errno
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnn_core.shared_arrays import SharedArrays

FORMS = {"a": ((2, 3), "<f4"), "b/c": ((5,), "|u1"), "empty": ((0, 4), "<i8")}


def test_what_is_written_is_seen_by_who_opens_the_same_path():
    made = SharedArrays(FORMS)
    opened = SharedArrays(FORMS, made.path)
    made["a"][...] = np.arange(6).reshape(2, 3)
    opened["b/c"][...] = 7
    np.testing.assert_array_equal(opened["a"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(made["b/c"], [7] * 5)
    assert {name: (array.shape, array.dtype.str) for name, array in opened.items()} == FORMS
    made.remove()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file stays there")
def test_once_opened_by_all_they_need_no_file():
    made = SharedArrays(FORMS)
    opened = SharedArrays(FORMS, made.path)
    made.remove()
    assert not Path(made.path).exists()
    made["a"][...] = 3
    assert (opened["a"] == 3).all()


def test_another_process_sees_them():
    made = SharedArrays(FORMS)
    code = f"from cnn_core.shared_arrays import *; SharedArrays({FORMS}, {made.path!r})['a'][1] = 9"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    np.testing.assert_array_equal(made["a"], [[0, 0, 0], [9, 9, 9]])
    made.remove()


def test_arrays_begin_at_lines_of_the_cache():
    made = SharedArrays(FORMS)
    assert all(array.ctypes.data % 64 == 0 for array in made.values())
    made.remove()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system does not say what room there is")
@pytest.mark.parametrize("module, call", [(os, "posix_fallocate"), (mmap, "mmap"), (np, "ndarray")])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_no_room_or_ctrl_c_is_an_error_and_leaves_no_file(monkeypatch, tmp_path, module, call, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(module, call, fail)
    monkeypatch.setattr("cnn_core.shared_arrays._IN_MEMORY", str(tmp_path))
    with pytest.raises(type(error)):
        SharedArrays(FORMS)
    assert list(tmp_path.iterdir()) == []
