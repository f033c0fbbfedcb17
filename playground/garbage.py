"""Python's cyclic garbage collector, kept in the window's own thread."""

import gc

from PySide6.QtCore import QObject, QTimer


class GarbageTimer(QObject):
    """Collects by the collector's own thresholds, four times a second, in the thread that made it.

    A collection that happens to start in the training thread may destroy Qt objects there, which ends
    the program (seen with pyqtgraph 0.14 and PySide6 6.11). So Python does not collect meanwhile.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._collect)
        self._timer.start(250)

    def stop(self) -> None:
        """Give collection back to Python, for a process that goes on without a window."""
        self._timer.stop()
        gc.enable()

    def _collect(self) -> None:
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._thresholds[generation] > 0:
                gc.collect(generation)
                return
