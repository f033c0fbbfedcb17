"""How commands end that are no part of the program's own command line."""

import subprocess
import sys
from pathlib import Path

import pytest

import cnn_core as cnn
from cnn_core.ending import ended

CHECKOUT = Path(__file__).resolve().parents[2]


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "\ncheck: interrupted\n"),
        (FileNotFoundError(2, "No such file", "a.gz"), 1, "check: a.gz: No such file\n"),
        (cnn.DatasetError("a.gz holds no drawings"), 1, "check: a.gz holds no drawings\n"),
        (
            MemoryError(),
            1,
            "check: there is not enough memory; use a smaller batch, fewer images or fewer filters\n",
        ),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(error, code, said, capsys):
    assert ended("check", raising(error)) == code
    assert capsys.readouterr().err == said


def test_a_mistake_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        ended("check", raising(ZeroDivisionError()))


def test_the_code_of_the_work_is_the_code():
    assert ended("check", lambda: 3) == 3


def test_a_reader_that_leaves_early_gets_no_traceback():
    code = "from cnn_core.ending import ended; raise SystemExit(ended('check', lambda: print('x' * 10**7)))"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize(
    "command",
    [
        ("cnn_core.bench", "--growth", "--json", "no/such.json"),
        ("cnn_core.datasets.digits_check", "--strokes", "no-such.json.gz"),
        ("playground.familiarity_check", "no-such.cnn", "--mnist", "mnist", "--strokes", "no-such.json.gz"),
    ],
)
def test_a_missing_file_is_one_sentence_of_each_command(command):
    ran = subprocess.run([sys.executable, "-m", *command], cwd=CHECKOUT, capture_output=True, text=True)
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith(f"python -m {command[0]}: no")
