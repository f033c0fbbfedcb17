"""Memory that is handed out again."""

import pickle
import platform
import subprocess
import sys

import numpy as np
import pytest

from cnn_core import Dataset, Network, Trainer, presets
from cnn_core.memory import Memory, Scratch, aligned

LINE = 64  # bytes of the processor's cache


def address(array):
    return array.ctypes.data


@pytest.mark.parametrize("size", [1, 3, 1000, 1 << 20, 1 << 21])
@pytest.mark.parametrize("use", [Scratch, lambda: Memory().of("a use")], ids=["scratch", "replayed"])
def test_arrays_begin_with_a_line_of_the_cache(size, use):
    new = use()
    kept = [new((size, *more), kind) for more in ((), (3,)) for kind in (np.float32, np.bool_, np.float64)]
    assert [address(array) % LINE for array in kept] == [0] * 6
    for k, array in enumerate(kept):
        array.fill(k % 2)
    for k, array in enumerate(kept):
        assert (array == k % 2).all()  # no other one lies in its memory


def test_scratch_is_cut_from_its_start_again_once_it_is_released():
    scratch = Scratch()
    scratch((1000,), np.float32)
    scratch.release()
    first, second = scratch((10,), np.float32), scratch((10,), np.float32)
    scratch.release()
    assert address(scratch((7,), np.float64)) == address(first) < address(second)


def test_scratch_grows_without_taking_back_what_it_has_handed_out():
    scratch = Scratch()
    first = scratch((10,), np.float32)
    first.fill(1)
    scratch((1 << 16,), np.float32).fill(2)
    assert (first == 1).all()


def test_a_step_is_given_the_memory_of_the_one_before():
    memory = Memory()
    first = memory.of("step")((5, 2), np.float32)
    replay = memory.of("step")
    again, next_one = replay((5, 2), np.float32), replay((3,), np.bool_)
    assert again is first
    replay = memory.of("step")
    smaller = replay((4, 2), np.float32)  # a smaller batch
    assert address(smaller) == address(again)
    assert smaller.shape == (4, 2)
    assert address(replay((3,), np.bool_)) == address(next_one)
    assert address(memory.of("another use")((5, 2), np.float32)) != address(again)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="how other libraries keep memory is their own")
def test_running_one_image_again_asks_the_system_for_little_memory():
    code = """
import resource, numpy as np
from cnn_core import Network, presets
network = Network.initialize(presets.sample())
image = np.zeros((1, 28, 28, 1), np.float32)
def asked(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        network.activations(image)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
asked(50)
print(asked(100))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 500  # pages; 7,000 where all is given back


def test_the_numbers_of_a_network_begin_with_a_line_of_the_cache(tmp_path):
    architecture = presets.load("sample-batchnorm")
    network = Network.initialize(architecture)
    network.save(tmp_path / "network.cnn")
    data = Dataset(
        images=np.zeros((4, 28, 28, 1), np.uint8),
        labels=np.zeros(4, np.int64),
        class_names=tuple("0123456789"),
    )
    trainer = pickle.loads(pickle.dumps(Trainer(network, train=data)))
    loaded = Network.load(tmp_path / "network.cnn")
    for one in (network, network.copy(), network.adapted_to(architecture), loaded, trainer.network):
        for name, array in {**one.parameters, **one.buffers}.items():
            assert array.ctypes.data % 64 == 0, name
            np.testing.assert_array_equal(array, {**network.parameters, **network.buffers}[name])


def test_what_is_aligned_is_a_copy_in_order():
    turned = np.arange(12, dtype=np.float32).reshape(3, 4).T
    copy = aligned(turned)
    np.testing.assert_array_equal(copy, turned)
    assert copy.flags.c_contiguous
    assert copy.flags.writeable
    assert not np.shares_memory(copy, turned)
