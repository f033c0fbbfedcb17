"""The command: tables have their rows, JSON its fields. How fast anything is, is not asserted."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnn_core.bench import main

CHECKOUT = Path(__file__).resolve().parents[3]


def checkout(folder, measuring):
    """A folder with an engine that is this file alone."""
    bench = folder / "cnn_core" / "bench"
    bench.mkdir(parents=True)
    for name in ("__init__.py", "bench/__init__.py"):
        (folder / "cnn_core" / name).touch()
    (bench / "networks.py").write_text("NETWORKS = {'lenet5': lambda: None}")
    (bench / "measuring.py").write_text(measuring)
    return str(folder)


@pytest.fixture
def measured(tmp_path, capsys):
    """Run the command; return (lines printed, rows of the JSON file)."""

    def run(*arguments):
        file = tmp_path / "figures.json"
        assert main([*arguments, "--json", str(file)]) == 0
        content = json.loads(file.read_text())
        assert {"machine", "system", "cores", "python", "numpy", "rows"} == set(content)
        return capsys.readouterr().out.splitlines(), content["rows"]

    return run


def test_every_network_batch_and_number_of_threads_has_a_row(measured):
    lines, rows = measured(
        "--networks", "lenet5", "--batches", "4,8", "--threads", "1,2", "--seconds", "0.05"
    )
    assert [(row["batch"], row["threads"]) for row in rows] == [(4, 1), (4, 2), (8, 1), (8, 2)]
    assert [line.split()[:3] for line in lines if line.startswith("lenet5")] == [
        ["lenet5", batch, threads] for batch in "48" for threads in "12"
    ]
    figures = {"training", "inference", "single_image", "gflops", "peak_share", "memory_mb"}
    assert all(row[figure] > 0 for row in rows for figure in figures)


def test_threads_are_held_against_the_first_number_of_them(measured):
    lines, rows = measured("--networks", "lenet5", "--batches", "4", "--threads", "1,2", "--seconds", "0.05")
    assert "scaling" not in rows[0]
    assert rows[1]["scaling"]["against"] == 1
    assert rows[1]["scaling"]["training"] > 0 and rows[1]["scaling"]["inference"] > 0
    assert sum("2 threads against 1: training" in line for line in lines) == 1
    assert any(line.startswith("2 threads against 1, geometric mean") for line in lines)


def test_one_number_of_threads_has_no_scaling(measured):
    lines, rows = measured("--networks", "lenet5", "--batches", "4", "--threads", "1", "--seconds", "0.05")
    assert "scaling" not in rows[0]
    assert not any("against" in line for line in lines)


def test_pytorch_is_measured_beside_it(measured, torch):
    arguments = ("--networks", "lenet5", "--batches", "4", "--threads", "1", "--seconds", "0.05")
    lines, rows = measured(*arguments, "--compare", "torch")
    assert all(rows[0][f"{figure}_ratio"] > 0 for figure in ("training", "inference", "single_image"))
    assert any(line.startswith("1 thread: training against PyTorch, geometric mean") for line in lines)


def test_another_checkout_is_measured_in_turn(measured, tmp_path):
    """The other one says what it is by its rate."""
    lines = ["from contextlib import nullcontext"]
    for figure in ("training", "inference", "single_image"):
        lines += [
            f"def {figure}(architecture, batch, threads):",
            "    return nullcontext(lambda seconds: 0.5)",
        ]
    before = checkout(tmp_path / "before", "\n".join(lines))
    arguments = ("--networks", "lenet5", "--batches", "4", "--threads", "1", "--seconds", "0.05")
    lines, rows = measured(*arguments, "--before", before)
    assert [row["figure"] for row in rows] == ["training", "inference", "single_image"]
    for row, line in zip(rows, lines[-3:], strict=True):
        assert row["before"] == 0.5
        assert row["now"] > 1
        assert row["ratio"] == pytest.approx(row["now"] / 0.5)
        assert line.split()[:3] == ["lenet5", "4", row["figure"]]


FAILS_LATER = """
from contextlib import nullcontext
def rate(seconds):
    if seconds < 0.1:
        raise RuntimeError("worn out")
    return 1.0
def training(*case):
    return nullcontext(rate)
"""


@pytest.mark.parametrize(
    ("measuring", "reason"),
    [
        ("", "AttributeError: module 'cnn_core.bench.measuring' has no attribute 'training'"),
        ("def training(architecture): pass", "TypeError: training() takes 1 positional argument"),
        ("def training(", "SyntaxError: '(' was never closed (measuring.py, line 1)"),
        ("import cnn_core.no", "ModuleNotFoundError: No module named 'cnn_core.no'"),
        ("import os; os._exit(3)", "it ended"),
        (FAILS_LATER, "RuntimeError: worn out"),
    ],
)
def test_a_checkout_that_cannot_be_measured_is_one_sentence(tmp_path, capfd, measuring, reason):
    before = checkout(tmp_path / "before", measuring)
    options = ["--networks", "lenet5", "--batches", "4", "--threads", "1", "--seconds", "0.05"]
    assert main([*options, "--before", before], "bench") == 1
    [said] = capfd.readouterr().err.splitlines()
    assert said.startswith(f"bench: {before}: its engine does not measure training of lenet5 at batch 4")
    assert f"({reason}" in said and said.endswith("); take a newer checkout, or other --networks")


def test_memory_is_told_at_powers_of_ten_and_at_the_end(measured):
    lines, rows = measured("--networks", "lenet5", "--batches", "4", "--memory-steps", "12")
    assert [row["step"] for row in rows] == [1, 10, 12]
    assert all(row["network"] == "lenet5" and row["batch"] == 4 for row in rows)
    assert rows[0]["peak"] <= rows[1]["peak"] <= rows[2]["peak"]
    assert [line.split()[0] for line in lines[-3:]] == ["1", "10", "12"]


def test_a_profile_has_every_layer_both_ways(measured):
    lines, (training, inference) = measured(
        "--networks", "sample-batchnorm", "--batches", "4", "--profile", "--seconds", "0.05"
    )
    assert (training["figure"], inference["figure"]) == ("training", "inference")
    ways = [(layer["layer"], layer["way"]) for layer in training["layers"]]
    # Max-pooling, 3 and 7, is one with what is before ReLU, normalisation 1 with the first convolution.
    indices = [0, 2, *(4, 5, 6), *range(8, 13)]
    assert ways == [(index, way) for index in indices for way in ("forward", "backward")]
    named = {layer["layer"]: layer["kind"] for layer in training["layers"]}
    assert named[0] == "Conv2D 32 of 3x3, BatchNorm, MaxPool2D"
    assert named[5] == "BatchNorm, MaxPool2D"
    assert {layer["way"] for layer in inference["layers"]} == {"forward"}
    kinds = [layer["kind"] for layer in inference["layers"]]
    assert kinds[0] == "Conv2D 32 of 3x3, MaxPool2D"
    assert "BatchNorm" not in kinds  # it is folded into the weights before it
    assert {"one_thread", "threads", "all_threads", "busy", "slower_together", "waited"} <= set(training)
    assert any(line.startswith("Products are") for line in lines)
    assert any(line.startswith("Lost:") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--networks", "resnet"), "no network is called 'resnet'"),
        (("--growth", "--profile"), "not allowed with argument"),
        (("--memory-steps", "0"), "0 is too small; use 1 or more"),
        (("--before", "nowhere"), "there is no cnn_core/bench/measuring.py in nowhere"),
        (("--threads", "0"), "0 is too small; use 1 or more"),
        (("--batches", "4,x"), "'x' is not a whole number"),
        (("--memory-steps", "x"), "'x' is not a whole number"),
        (("--seconds", "0"), "0 is not from 0.05 to 3600"),
        (("--seconds", "-1"), "-1 is not from 0.05 to 3600"),
        (("--seconds", "nan"), "nan is not from 0.05 to 3600"),
        (("--seconds", "long"), "'long' is not a number"),
    ],
)
def test_wrong_options_are_told(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_place_without_a_folder_for_the_figures_is_told_before_anything_is_measured(tmp_path, capsys):
    with pytest.raises(OSError, match="there is no such folder"):
        main(["--growth", "--json", str(tmp_path / "no" / "figures.json")])
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no groups of processes")
@pytest.mark.parametrize("measured", [("--memory-steps", "1000000"), ("--before", str(CHECKOUT))])
def test_ctrl_c_ends_it_and_its_processes_without_a_traceback(measured):
    """It is for all in the foreground, as a terminal sends it; what runs in the background may ignore it."""
    code = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "runpy.run_module('cnn_core.bench', run_name='__main__', alter_sys=True)"
    )
    options = ("--networks", "lenet5", "--batches", "4", "--threads", "1", *measured)
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, *options],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for line in process.stdout:
            if line.split()[:1] in (["after"], ["network"]):
                break
        time.sleep(0.3)  # until the process that measures has begun to
        os.killpg(process.pid, signal.SIGINT)
        try:
            _, said = process.communicate(timeout=60)  # ends with the last of the processes that could write
        finally:
            process.kill()
    assert process.returncode == 130
    assert said == "\npython -m cnn_core.bench: interrupted\n"


def test_training_with_changed_images_is_held_against_training_without(measured):
    lines, rows = measured(
        "--augmentation", "--networks", "tiny-vgg,lenet5", "--batches", "4", "--seconds", "0.05"
    )
    assert [row["network"] for row in rows] == ["tiny-vgg", "lenet5"]
    assert all(row["speed_left"] > 0 for row in rows)
    assert lines[-1].split()[:2] == ["lenet5", "4"]
