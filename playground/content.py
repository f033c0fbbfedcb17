"""What a document holds, as one value, and how it stands in a .cnn file."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cnn_core as cnn
from cnn_core.calibration import Calibration
from playground import history
from playground.drawing import Drawing, Picture

EMPTY = Drawing()
ALL_STEPS = cnn.preprocessing.Normalization()


@dataclass(frozen=True)
class Content:
    """Everything a document holds, as one value.

    `network` belongs to `architecture`, except while the architecture has an error: then it is the last one
    that worked, kept so that its weights come back when the error is repaired. `calibration` is about exactly
    these weights, None once they have changed.
    """

    architecture: cnn.Architecture
    network: cnn.Network
    settings: cnn.TrainingSettings
    training: cnn.TrainingState | None = None
    history: tuple[cnn.Progress, ...] = ()
    picture: Drawing | Picture = EMPTY
    normalization: cnn.preprocessing.Normalization = ALL_STEPS  # how drawings are prepared
    class_names: tuple[str, ...] = ()
    data: str = "digits"
    calibration: Calibration | None = None


def checkpoint_of(content: Content) -> cnn.Checkpoint:
    """Everything that a file keeps: all but the picture and how drawings are prepared."""
    metadata = {
        "class_names": list(content.class_names),
        "data": content.data,
        "history": history.to_json(content.history),
        **(content.calibration.to_json() if content.calibration else {}),
    }
    return cnn.Checkpoint(
        network=content.network, settings=content.settings, training=content.training, metadata=metadata
    )


def content_from(checkpoint: cnn.Checkpoint) -> Content:
    """The document a checkpoint describes; defaults where it says nothing."""
    names = checkpoint.metadata.get("class_names", [])
    return Content(
        architecture=checkpoint.network.architecture,
        network=checkpoint.network,
        settings=checkpoint.settings or cnn.TrainingSettings(),
        training=checkpoint.training,
        history=history.from_json(checkpoint.metadata.get("history")),
        class_names=tuple(str(name) for name in names) if isinstance(names, list) else (),
        data=str(checkpoint.metadata.get("data", "digits")),
        calibration=Calibration.from_json(checkpoint.metadata, checkpoint.network.architecture),
    )


def consistent(content: Content) -> Content:
    """The content with a state of training that follows its settings.

    An optimiser that finds another one's memory begins anew at the same step. How many steps there are to be
    is left to the settings.
    """
    training, optimizer = content.training, content.settings.optimizer
    if training is None:
        return content
    training = replace(training, learning_rate=optimizer.learning_rate, planned_steps=None)
    if set(training.slots) != set(optimizer.slot_names()):
        slots = optimizer.slots(content.network.parameters)
        training = replace(training, slots=slots, began=training.step)
    return replace(content, training=training)
