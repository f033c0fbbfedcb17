"""Every command of the window as one QAction: its name, shortcut and a tooltip that names the shortcut."""

from __future__ import annotations

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

# How a picture from outside can be taken: the text of the command, that of its button, its tip.
TAKE_AS_IT_IS = (
    "Take the picture &as it is",
    "Take as it is",
    "Give the network the pixels of the picture, not its ink prepared as a drawing",
)
TAKE_AS_DRAWING = (
    "Take the picture &for a drawing",
    "Take as drawing",
    "Search the picture for ink and prepare that as a drawing",
)


class Actions:
    """The commands, made once and put into menus, bars and panels. Their meaning is connected elsewhere."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._all: list[QAction] = []
        self._make_file()
        self._make_edit()
        self._make_network()
        self._make_train()
        self._make_data()
        self._make_view()
        self._make_help()

    def everything(self) -> list[QAction]:
        """Every command, in the order of the menus."""
        return list(self._all)

    def _make_file(self) -> None:
        make, standard = self._make, QKeySequence.StandardKey
        self.open = make("open", "&Open…", standard.Open, "Open a network from a .cnn file")
        self.save = make("save", "&Save", standard.Save, "Save the network with its training state")
        self.save_as = make("saveAs", "Save &as…", "Ctrl+Shift+S", "Save under another name")
        tip = "Write the weights (.npz), the curves (.csv) or a picture (.png)"
        self.export = make("export", "&Export…", "Ctrl+E", tip)
        self.quit = make("quit", "&Quit", "Ctrl+Q", "Close the window")

    def _make_edit(self) -> None:
        make, standard = self._make, QKeySequence.StandardKey
        self.undo = make("undo", "&Undo", standard.Undo, "Take back the last change")
        self.redo = make("redo", "&Redo", standard.Redo, "Do the change taken back once more")
        tip = "Put the picture in the clipboard on the canvas"
        self.paste_picture = make("pastePicture", "&Paste picture", standard.Paste, tip)
        self.paste_picture.setShortcuts(standard.Paste)  # all the system's keys for it
        text, _, tip = TAKE_AS_IT_IS
        self.take_otherwise = make("takeOtherwise", text, "Ctrl+Shift+V", tip)
        self.clear_drawing = make("clearDrawing", "&Clear", "Ctrl+D", "Empty the canvas")
        self.back = make("back", "&Back", "Esc", "Go one step out: number, channel, layer, network")
        tip = "The answer is right: keep the drawing in My drawings"
        self.keep_drawing = make("keepDrawing", "&Keep", "Ctrl+K", tip)
        tip = "The answer is wrong: say what it is, and the drawing is kept as that"
        self.correct_drawing = make("correctDrawing", "No, it &is…", "Ctrl+Shift+K", tip)
        self.correct_drawing.setIconText("No, it is…")  # Qt leaves the dots out on buttons
        tip = "Look through what was kept, remove, export"
        self.my_drawings = make("myDrawings", "&My drawings…", "Ctrl+Shift+M", tip)

    def _make_network(self) -> None:
        make = self._make
        self.insert = make("insert", "&Insert layer…", "Ctrl+I", "Insert a layer after the selected one")
        self.remove = make("remove", "&Remove layer", "Ctrl+Del", "Remove the selected layer")
        tip = "Move the selected layer towards the input"
        self.move_left = make("moveLeft", "Move layer &left", "Ctrl+Shift+,", tip)
        tip = "Move the selected layer towards the output"
        self.move_right = make("moveRight", "Move layer ri&ght", "Ctrl+Shift+.", tip)
        tip = "Set input shape and last Dense layer to suit the data"
        self.fit_to_data = make("fitToData", "&Fit to the data", "Ctrl+Shift+I", tip)

    def _make_train(self) -> None:
        make = self._make
        self.train = make("train", "&Train", "F5", "Train until the set number of epochs, or pause")
        self.train.setCheckable(True)
        self.step = make("step", "&Step", "F6", "Train on one batch")
        self.epoch = make("epoch", "&Epoch", "F7", "Train to the end of the epoch")
        self.reset = make("reset", "&Reset", "F8", "Go back to the initial weights (can be undone)")
        tip = "Change training images at random, and see on your drawing what that does"
        self.show_augmentation = make("showAugmentation", "&Augmentation", "Ctrl+G", tip)

    def _make_data(self) -> None:
        make = self._make
        tip = "Train on the digits made by this program"
        self.built_in_data = make("builtInData", "Use the &built-in digits", "Ctrl+Shift+B", tip)
        tip = "Train on images from a .npz, .csv, .zip or IDX file"
        self.open_data_file = make("openDataFile", "Open data &file…", "Ctrl+Shift+O", tip)
        tip = "Train on a folder of class folders or IDX files"
        self.open_data_folder = make("openDataFolder", "Open data fol&der…", "Ctrl+Shift+F", tip)
        tip = "Download the images that the network was trained on"
        self.network_data = make("networkData", "&Get the network's data", "Ctrl+Shift+D", tip)
        self.network_data.setEnabled(False)
        tip = "Stop reading data; what was in use stays"
        self.cancel_loading = make("cancelLoading", "&Cancel loading", "Ctrl+.", tip)

    def _make_view(self) -> None:
        self.theme_modes = {
            "auto": self._make("themeAuto", "&Automatic", "Ctrl+F2", "Light or dark as the system is"),
            "light": self._make("themeLight", "&Light", "Ctrl+F3", "Dark on light"),
            "dark": self._make("themeDark", "&Dark", "Ctrl+F4", "Light on dark"),
        }
        group = QActionGroup(self._window)
        for action in self.theme_modes.values():
            action.setCheckable(True)
            group.addAction(action)
        tip = "Colours reach to {}'s largest value"
        texts = {
            "channel": ("Colours for each &channel", "Alt+1", tip.format("each channel")),
            "layer": ("Colours for each &layer", "Alt+2", tip.format("each layer")),
            "network": ("Colours for the &network", "Alt+3", tip.format("the network")),
        }
        self.scopes = {name: self._make(f"scope{name.title()}", *rest) for name, rest in texts.items()}
        tip = "Show step by step how a drawing becomes what the network sees, and switch steps off"
        self.show_pipeline = self._make("showPipeline", "How a drawing is &seen", "Ctrl+H", tip)

    def _make_help(self) -> None:
        make = self._make
        self.shortcuts = make("shortcuts", "&Keyboard shortcuts", "F1", "All shortcuts on one page")
        self.log_folder = make("logFolder", "Open the &log folder", "Ctrl+F1", "Where errors are written")
        self.about = make("about", "&About CNN Playground", "Shift+F1", "Versions and licence")

    def _make(self, name: str, text: str, key: QKeySequence.StandardKey | str, tip: str) -> QAction:
        action = QAction(text, self._window)
        action.setObjectName(f"{name}Action")
        action.setShortcut(QKeySequence(key))
        set_tip(action, tip)
        self._window.addAction(action)
        self._all.append(action)
        return action


def set_tip(action: QAction, tip: str) -> None:
    """Give an action its explanation, with the shortcut in the tooltip and alone in the status bar."""
    key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setStatusTip(tip)
    action.setToolTip(f"{tip} ({key})" if key else tip)
