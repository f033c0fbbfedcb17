"""A process that measures for this one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def child(code: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Give a process that runs this code, with pipes of text to it and from it.

    It is killed where the block ends by an exception. Ctrl+C is for the one that has started it.
    """
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
