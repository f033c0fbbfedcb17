"""What the engine's tests share."""

import warnings
from types import ModuleType

import numpy as np
import pytest
from checkpoint_files import good_members, write


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch, the other opinion; tests that ask for it are skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own import may warn of what the machine lacks
        return pytest.importorskip("torch")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def members(tmp_path_factory):
    """The parts of a good checkpoint file: name -> bytes."""
    return good_members(tmp_path_factory.mktemp("good") / "good.cnn")


@pytest.fixture(scope="session")
def content(members, tmp_path_factory):
    """The bytes of a good checkpoint file."""
    return write(tmp_path_factory.mktemp("bytes") / "whole.cnn", members).read_bytes()
