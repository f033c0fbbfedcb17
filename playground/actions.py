"""Every command of the window as one QAction: its name, shortcut and a tooltip that names the shortcut."""

from __future__ import annotations

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

Key = QKeySequence.StandardKey | str | None


class Actions:
    """The commands, made once and put into menus, bars and panels. Their meaning is connected elsewhere."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        standard = QKeySequence.StandardKey
        self.open = self._make("open", "&Open…", standard.Open, "Open a network from a .cnn file")
        self.save = self._make("save", "&Save", standard.Save, "Save the network with its training state")
        self.save_as = self._make("saveAs", "Save &as…", "Ctrl+Shift+S", "Save under another name")
        self.export = self._make(
            "export", "&Export…", "Ctrl+E", "Write the weights (.npz), the curves (.csv) or a picture (.png)"
        )
        self.quit = self._make("quit", "&Quit", "Ctrl+Q", "Close the window")

        self.undo = self._make("undo", "&Undo", standard.Undo, "Take back the last change")
        self.redo = self._make("redo", "&Redo", standard.Redo, "Do the change taken back once more")
        self.clear_drawing = self._make("clearDrawing", "&Clear", "Ctrl+D", "Empty the canvas")
        self.back = self._make("back", "&Back", "Esc", "Go one step out: number, channel, layer, network")

        self.insert = self._make(
            "insert", "&Insert layer…", "Ctrl+I", "Insert a layer after the selected one"
        )
        self.remove = self._make("remove", "&Remove layer", "Ctrl+Del", "Remove the selected layer")
        self.move_left = self._make(
            "moveLeft", "Move layer &left", "Ctrl+Shift+,", "Move the selected layer towards the input"
        )
        self.move_right = self._make(
            "moveRight", "Move layer ri&ght", "Ctrl+Shift+.", "Move the selected layer towards the output"
        )

        self.fit_to_data = self._make(
            "fitToData",
            "&Fit to the data",
            "Ctrl+Shift+I",
            "Set input shape and last Dense layer to suit the data",
        )

        self.train = self._make("train", "&Train", "F5", "Train until the set number of epochs, or pause")
        self.train.setCheckable(True)
        self.step = self._make("step", "&Step", "F6", "Train on one batch")
        self.epoch = self._make("epoch", "&Epoch", "F7", "Train to the end of the epoch")
        self.reset = self._make("reset", "&Reset", "F8", "Go back to the initial weights (can be undone)")
        self.show_augmentation = self._make(
            "showAugmentation",
            "&Augmentation",
            "Ctrl+G",
            "Change training images at random, and see on your drawing what that does",
        )
        self.open_data_file = self._make(
            "openDataFile",
            "Open data &file…",
            "Ctrl+Shift+O",
            "Train on images from a .npz, .csv, .zip or IDX file",
        )
        self.open_data_folder = self._make(
            "openDataFolder",
            "Open data fol&der…",
            "Ctrl+Shift+F",
            "Train on a folder of class folders or IDX files",
        )
        self.built_in_data = self._make(
            "builtInData",
            "Use the &built-in digits",
            "Ctrl+Shift+B",
            "Train on the digits made by this program",
        )

        self.network_data = self._make(
            "networkData",
            "&Get the network's data",
            "Ctrl+Shift+D",
            "Download the images that the network was trained on",
        )
        self.network_data.setEnabled(False)
        self.cancel_loading = self._make(
            "cancelLoading", "&Cancel loading", "Ctrl+.", "Stop reading data; what was in use stays"
        )

        self.keep_drawing = self._make(
            "keepDrawing", "&Keep", "Ctrl+K", "The answer is right: keep the drawing in My drawings"
        )
        self.correct_drawing = self._make(
            "correctDrawing",
            "No, it &is…",
            "Ctrl+Shift+K",
            "The answer is wrong: say what it is, and the drawing is kept as that",
        )
        self.correct_drawing.setIconText("No, it is…")  # Qt leaves the dots out on buttons
        self.my_drawings = self._make(
            "myDrawings", "&My drawings…", "Ctrl+Shift+M", "Look through what was kept, remove, export"
        )

        self.theme_modes = self._family(
            "theme",
            {
                "auto": ("&Automatic", "Ctrl+F2", "Light or dark as the system is"),
                "light": ("&Light", "Ctrl+F3", "Dark on light"),
                "dark": ("&Dark", "Ctrl+F4", "Light on dark"),
            },
        )
        group = QActionGroup(window)
        for action in self.theme_modes.values():
            action.setCheckable(True)
            group.addAction(action)
        self.show_pipeline = self._make(
            "showPipeline",
            "How a drawing is &seen",
            "Ctrl+H",
            "Show step by step how a drawing becomes what the network sees, and switch steps off",
        )
        self.scopes = self._family(
            "scope",
            {
                "channel": (
                    "Colours for each &channel",
                    "Alt+1",
                    "Colours reach to each channel's largest value",
                ),
                "layer": ("Colours for each &layer", "Alt+2", "Colours reach to each layer's largest value"),
                "network": (
                    "Colours for the &network",
                    "Alt+3",
                    "Colours reach to the network's largest value",
                ),
            },
        )
        self.about = self._make("about", "&About CNN Playground", "Shift+F1", "Versions and licence")
        self.shortcuts = self._make("shortcuts", "&Keyboard shortcuts", "F1", "All shortcuts on one page")
        self.log_folder = self._make(
            "logFolder", "Open the &log folder", "Ctrl+F1", "Where errors are written"
        )

    def everything(self) -> list[QAction]:
        """Every command, in the order of the menus."""
        single = [value for value in vars(self).values() if isinstance(value, QAction)]
        return single + list(self.theme_modes.values()) + list(self.scopes.values())

    def _make(self, name: str, text: str, key: Key, tip: str) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(f"{name}Action")
        if key is not None:
            action.setShortcut(QKeySequence(key))
        set_tip(action, tip)
        self._window.addAction(action)
        return action

    def _family(self, name: str, parts: dict[str, tuple[str, str, str]]) -> dict[str, QAction]:
        """Actions by the value they stand for, each from its text, key and tip."""
        return {
            value: self._make(f"{name}{value.title()}", text, key, tip)
            for value, (text, key, tip) in parts.items()
        }


def set_tip(action: QAction, tip: str) -> None:
    """Give an action its explanation, with the shortcut in the tooltip and alone in the status bar."""
    key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setStatusTip(tip)
    action.setToolTip(f"{tip} ({key})" if key else tip)
