"""Which thread goes first where more of them want a core than there are."""

import os
import sys
import threading
from contextlib import suppress

NICER = 5


def give_way() -> None:
    """Let the window go before this thread and those it makes; on Linux alone, where threads have a niceness.

    Without it the window waits behind a training batch each time it comes back for Python's lock.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            before = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(before + NICER, 19))
