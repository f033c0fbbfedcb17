"""A member of a team: another process, which takes some shards of each training batch, and parts of what is
classified.

A thread would not do: two threads of one process wait for each other at the Python interpreter, and the calls
of NumPy that a batch is made of are short. What is large lies in arrays that both processes see. A member
that meets an error ends without a word: the process that leads then runs the batch itself, and meets the
error too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnn_core import process
from cnn_core.architecture import Architecture
from cnn_core.batch import BatchArrays
from cnn_core.classifier import Classifier
from cnn_core.meeting import Meeting
from cnn_core.plan import plan
from cnn_core.process import Hear, Process, Say
from cnn_core.shared_arrays import Forms, SharedArrays
from cnn_core.worker import BatchSettings, Worker

_serving = False  # this process is a member


@dataclass(frozen=True)
class Room:
    """Where the arrays of the batches to come are: of those with so many shards, or of those to classify."""

    path: str
    forms: Forms
    shards: int  # 0: to classify


@dataclass(frozen=True)
class Task:
    """Some shards of the training batch in its room."""

    numbers: Sequence[int]
    shards: Sequence[slice]
    settings: BatchSettings


@dataclass(frozen=True)
class Question:
    """Some parts of the images to classify in their room."""

    rows: Sequence[slice]


def start_member(architecture: Architecture) -> Process:
    """Start a member for the batches of an architecture.

    It is sent rooms, tasks, and what all shards together make of what they bring to a meeting. To a task it
    answers with what its shards bring to each meeting, and with outcomes at the end; to a question with the
    scores of each part.

    Raises OSError where no process can be had, PicklingError where a layer's class has no name to find it by.
    """
    member = Process(__name__)
    try:
        member.send(architecture)
    except process.ProcessLost:
        pass
    except BaseException:
        member.close()
        raise
    return member


def may_start() -> bool:
    """Whether this process may start members: it is none itself, where a module that trains when it is
    imported would start ever more."""
    return process.may_start() and not _serving


def serve() -> None:
    """Be a member: take the architecture, then rooms, tasks and questions."""
    global _serving
    _serving = True
    process.serve_by(_serve, awake=True)


def _serve(hear: Hear, say: Say) -> None:
    def meet(meetings: dict[int, Meeting]) -> Any:
        say({number: meeting.parts for number, meeting in meetings.items()})
        return hear()

    architecture = hear()
    worker, classifier = Worker(plan(architecture, True)), Classifier(plan(architecture, False))
    while True:
        message = hear()
        if isinstance(message, Room):
            arrays = BatchArrays.of(SharedArrays(message.forms, message.path), message.shards)
            if message.shards:
                to_train = arrays
            else:
                to_classify = arrays
            say("open")
        elif isinstance(message, Question):
            say(classifier.scores(to_classify.values, to_classify.images, message.rows))
        else:
            say(worker.run(message.numbers, message.shards, to_train, message.settings, meet))
