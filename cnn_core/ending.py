"""How a command ends: with an exit code and, where something is wrong, a sentence in place of a traceback."""

import os
import sys
from collections.abc import Callable

from cnn_core.errors import ArchitectureError, CheckpointError, DatasetError, DivergenceError


def ended(name: str, work: Callable[[], int]) -> int:
    """Return the code that `work` returns; 130 where it is interrupted, 1 for an error told on stderr."""
    try:
        code = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; Python would complain again while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if (told := sentence(error)) is None:
            raise
        print(f"{name}: {told}", file=sys.stderr)
        return 1
    return code


def sentence(error: Exception) -> str | None:
    """Return what to tell a person of an error; None where it is a mistake of ours."""
    if isinstance(error, (ArchitectureError, CheckpointError, DatasetError, DivergenceError)):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "there is not enough memory; use a smaller batch, fewer images or fewer filters"
    return None
