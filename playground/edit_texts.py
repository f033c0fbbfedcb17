"""What an edit is called in the undo menu: in the words of the forms, with the names the columns have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import cnn_core as cnn
from playground.field_texts import field_text
from playground.wording import layer_names

_PARTS = {  # settings with fields of their own: what choosing another kind is called, and where a field is
    "optimizer": ("optimizer", ""),
    "schedule": ("learning rate schedule", " in the schedule"),
    "augmentation": ("augmentation", " in the augmentation"),
}


def changed_fields(old: Any, new: Any) -> list[str]:
    """The names of the fields of a dataclass value that differ from another value's."""
    return [f.name for f in fields(new) if getattr(new, f.name) != getattr(old, f.name, None)]


def layer_edit(layers: Sequence[cnn.Layer], index: int, changed: Sequence[str]) -> str:
    """What changing these fields of one of the layers is called, such as "kernel size of Conv2D 2"."""
    what = ", ".join(_word(layers[index], name) for name in changed)
    return f"{what or 'edit'} of {layer_names(layers)[index]}"


def settings_edit(old: cnn.TrainingSettings, new: cnn.TrainingSettings) -> str:
    """What has changed between training settings, such as "learning rate"."""
    texts: list[str] = []
    for name in changed_fields(old, new):
        before, after = getattr(old, name), getattr(new, name)
        if name not in _PARTS:
            texts.append(_word(new, name))
        elif type(before) is not type(after):
            texts.append(_PARTS[name][0])
        else:
            words = ", ".join(_word(after, part) for part in changed_fields(before, after))
            texts.append(f"{words}{_PARTS[name][1]}")
    return ", ".join(texts)


def _word(owner: Any, field_name: str) -> str:
    """The label of a field in the middle of a sentence, without its unit."""
    label = field_text(type(owner).__name__, field_name).label.split(" (")[0]
    return label[0].lower() + label[1:]
