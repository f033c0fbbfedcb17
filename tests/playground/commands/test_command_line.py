import subprocess
import sys

import pytest

from playground.__main__ import COMMANDS


def test_help_lists_every_command(command):
    ran = command("--help")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command, name):
    ran = command(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"usage: cnn-playground {name}")


def test_version_is_one_line(command):
    ran = command("--version")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1
    assert ran.out.startswith("cnn-playground ")


def test_help_needs_neither_numpy_nor_qt():
    code = (
        "import sys, playground.__main__ as program\n"
        "try: program.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'PySide6', 'cnn_core'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_training_needs_no_qt(digits_file, tmp_path):
    code = (
        "import sys, playground.__main__ as program\n"
        f"data, output = {str(digits_file)!r}, {str(tmp_path / 'net.cnn')!r}\n"
        "tiny = ['--architecture', 'tiny', '--epochs', '1', '--output', output]\n"
        "program.main(['train', '--data', data, *tiny])\n"
        "program.main(['evaluate', output])\n"
        "assert not [name for name in sys.modules if name.startswith(('PySide6', 'pyqtgraph'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_a_mistyped_command_is_told_the_commands(command):
    ran = command("trian")
    assert ran.code == 2
    assert "there is no command or file 'trian'; the commands are train," in ran.err


def test_a_file_that_cannot_be_opened_is_told_without_a_window(command, qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    file = tmp_path / "bad.cnn"
    file.write_bytes(b"not a network")
    ran = command(file)
    assert ran.code == 1
    assert "bad.cnn is not a .cnn file" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_an_unknown_option_is_wrong_usage(command):
    ran = command("--colour", "red")
    assert ran.code == 2
    assert "unrecognized arguments" in ran.err


@pytest.mark.parametrize("other", [("digits.cnn",), ("--data", "digits")])
def test_the_scene_of_the_pictures_takes_no_other_network_or_data(command, tmp_path, other):
    ran = command(*other, "--screenshot", tmp_path / "pictures")
    assert ran.code == 2
    assert "--screenshot plays a scene of its own; leave the file and --data out" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_early_gets_no_traceback(digits_file, tmp_path, start_program):
    output = tmp_path / "net.cnn"
    process = start_program(
        [
            "train",
            "--data",
            digits_file,
            "--architecture",
            "tiny",
            "--epochs",
            50,
            "--output",
            output,
            "--json",
        ]
    )
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert err == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only X11 and Wayland name their screen")
def test_without_a_screen_it_says_so_and_how_to_go_on(start_program):
    nothing = {"DISPLAY": None, "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None}
    process = start_program([], nothing)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert "no screen" in err
    assert all(way in err for way in ("train", "QT_QPA_PLATFORM=offscreen", "xvfb-run", "apt-get install"))
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["bench", "--window"]])
def test_a_platform_that_does_not_exist_is_told_rather_than_aborted_on(start_program, arguments):
    with start_program(arguments, {"QT_QPA_PLATFORM": "nonsense"}) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "QT_QPA_PLATFORM asks for 'nonsense'" in err
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only X11 names its screen")
def test_a_screen_that_cannot_be_reached_is_told_rather_than_aborted_on(start_program):
    process = start_program([], {"DISPLAY": ":4711", "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None})
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert ":4711" in err or "system library" in err
    assert "Traceback" not in err
