"""The window: PySide6 and pyqtgraph over the engine `cnn_core`."""
