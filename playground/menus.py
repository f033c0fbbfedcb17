"""The menu bar: every command in one place, in the order people expect."""

from __future__ import annotations

from PySide6.QtWidgets import QMainWindow, QMenu

from playground.actions import Actions


class Menus:
    """Made from the actions; others fill `recent`, `trained`, `presets`, `insert` and `panels`."""

    def __init__(self, window: QMainWindow, actions: Actions) -> None:
        bar = window.menuBar()
        file = bar.addMenu("&File")
        file.addAction(actions.open)
        self.recent = file.addMenu("Open &recent")
        self.trained = file.addMenu("&Trained networks")
        file.addSeparator()
        file.addActions([actions.save, actions.save_as, actions.export])
        file.addSeparator()
        file.addAction(actions.quit)

        edit = bar.addMenu("&Edit")
        edit.addActions([actions.undo, actions.redo])
        edit.addSeparator()
        edit.addActions([actions.paste_picture, actions.take_otherwise])
        edit.addActions([actions.clear_drawing, actions.back])
        edit.addSeparator()
        edit.addActions([actions.keep_drawing, actions.correct_drawing, actions.my_drawings])

        network = bar.addMenu("&Network")
        self.presets = network.addMenu("&Presets")
        network.addSeparator()
        self.insert = QMenu("Insert layer", window)
        network.addActions([actions.insert, actions.remove, actions.move_left, actions.move_right])
        network.addSeparator()
        network.addAction(actions.fit_to_data)

        train = bar.addMenu("&Train")
        train.addActions([actions.train, actions.step, actions.epoch, actions.reset])
        train.addSeparator()
        train.addAction(actions.show_augmentation)
        train.addSeparator()
        train.addActions([actions.built_in_data, actions.open_data_file, actions.open_data_folder])
        train.addActions([actions.network_data, actions.cancel_loading])

        view = bar.addMenu("&View")
        theme = view.addMenu("&Theme")
        theme.addActions(list(actions.theme_modes.values()))
        view.addActions(list(actions.scopes.values()))
        view.addSeparator()
        view.addAction(actions.show_pipeline)
        self.panels = view.addMenu("&Panels")

        about = bar.addMenu("&Help")
        about.addActions([actions.shortcuts, actions.log_folder])
        about.addSeparator()
        about.addAction(actions.about)
        for menu in bar.findChildren(QMenu):
            menu.setToolTipsVisible(True)
