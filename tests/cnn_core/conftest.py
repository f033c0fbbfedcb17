"""What the engine's tests share."""

import warnings
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch, the other opinion; tests that ask for it are skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own import may warn of what the machine lacks
        return pytest.importorskip("torch")


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20)
