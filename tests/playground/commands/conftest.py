"""The command line called as a person would, on a small data set and a quickly trained network."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnn_core as cnn
from cnn_core.datasets import digits
from playground.__main__ import main

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the program in this process."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse ends this way
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def start_program() -> Callable[..., subprocess.Popen[str]]:
    """Start the program in a process of its own, its environment changed (None removes a variable)."""

    def start(
        arguments: Sequence[object], environment: Mapping[str, str | None] | None = None
    ) -> subprocess.Popen[str]:
        changed = {**os.environ, "PYTHONPATH": str(CHECKOUT), **(environment or {})}
        return subprocess.Popen(
            [sys.executable, "-m", "playground", *map(str, arguments)],
            env={name: value for name, value in changed.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 built-in digits in a file of their own."""
    path = tmp_path_factory.mktemp("data") / "some-digits.npz"
    made = digits.generate(300, seed=5)
    np.savez(path, images=made.images, labels=made.labels)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network that knows digits."""
    path = tmp_path_factory.mktemp("model") / "digits.cnn"
    made = digits.generate(4000, seed=6)
    network = cnn.Network.initialize(cnn.presets.load("tiny"), seed=1)
    trainer = cnn.Trainer(network, train=made, seed=1)
    for _ in trainer.run(epochs=3):
        pass
    cnn.checkpoint.save(
        path, cnn.Checkpoint(network=trainer.network, metadata={"class_names": list("0123456789")})
    )
    return path
