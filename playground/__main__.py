"""The program's command line: without a command it opens the window, with one it does without a screen."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from playground.resources import OR_BY_NAME, network_file

PROGRAM = "cnn-playground"
COMMANDS = {
    "train": "train a network and save it",
    "evaluate": "loss, accuracy and confusion of a saved network on a data set",
    "predict": "the class of image files, with probabilities",
    "bench": "how fast this machine trains and classifies",
    "doctor": "versions, screen, processor, folders and data sets, and what is wrong with them",
}
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code: 0, 1 for a failure told in a sentence, 2 for wrong usage."""
    _write_any_character()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        return _guarded(f"{PROGRAM} {given[0]}", lambda: _command(given[0], given[1:]))
    parser = _parser()
    options = parser.parse_args(given)
    if options.file is not None and not options.file.suffix and not options.file.exists():
        parser.error(
            f"there is no command or file {str(options.file)!r}; the commands are {', '.join(COMMANDS)}"
        )
    if options.screenshot is not None and (options.file is not None or options.data is not None):
        parser.error("--screenshot plays a scene of its own; leave the file and --data out")
    return _guarded(PROGRAM, lambda: _window(options))


def _command(name: str, arguments: Sequence[str]) -> int:
    return int(importlib.import_module(f"playground.commands.{name}").run(arguments))


def _parser() -> argparse.ArgumentParser:
    width = max(len(name) for name in COMMANDS)
    listed = "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="See a convolutional network think: opens the window, or runs one of the commands below.",
        epilog=f"commands, which need no screen:\n{listed}\n\n'{PROGRAM} COMMAND --help' says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", nargs="?", type=network_file, metavar="FILE.cnn", help=f"the network to open, {OR_BY_NAME}"
    )
    parser.add_argument("--data", metavar="SPEC", help="the data set to train on, as in 'train --data'")
    parser.add_argument(
        "--screenshot", type=Path, metavar="DIR", help="play a fixed scene, write its pictures to DIR and end"
    )
    parser.add_argument("--version", action="store_true", help="print the version and end")
    return parser


def _window(options: argparse.Namespace) -> int:
    """Open the window, or take its pictures; say why and how to go on where there can be none."""
    if options.version:
        from playground.commands.output import installed_version

        print(PROGRAM, installed_version() or "(not installed)")
        return DONE
    from playground import screen

    if options.screenshot is not None and screen.is_absent():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if (problem := screen.problem()) is not None:
        print(f"{PROGRAM}: {problem}", file=sys.stderr)
        return USAGE
    if options.screenshot is not None:
        from playground import screenshot

        return int(screenshot.run(options.screenshot) or DONE)
    return _open(options.file, options.data)


def _open(file: Path | None, data: str | None) -> int:
    """Show the window, with the network in `file` if one is given, until it is closed."""
    from playground import app
    from playground.data import lasting

    application = app.create_application(sys.argv)
    window = app.create_window(file, data and lasting(data))
    # Taken at the next turn of one of the window's timers; it asks about unsaved changes as a click would.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    return int(application.exec())


def _guarded(name: str, work: Callable[[], int]) -> int:
    """Do the work; turn what a person can cause or mend into one sentence and an exit code."""
    try:
        code = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; Python would complain again while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (OSError, ValueError, MemoryError, ImportError) as error:
        sentence, code = _explained(error)
        print(f"{name}: {sentence}", file=sys.stderr)
    return code


def _explained(error: Exception) -> tuple[str, int]:
    """The sentence for a person and the exit code; an error that is a mistake of ours is raised again."""
    if isinstance(error, ImportError):
        from playground import screen

        if (problem := screen.explain(error)) is not None:
            return problem, USAGE
        raise error
    from cnn_core.ending import sentence

    if (told := sentence(error)) is None:
        raise error
    return told, FAILED


def _write_any_character() -> None:
    """A file name that the terminal cannot show is written with escapes rather than ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
