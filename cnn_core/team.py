"""The processes that share each batch: this one, which leads, and other members."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any, TypeVar

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.batch import BatchArrays, forms
from cnn_core.classifier import Classifier
from cnn_core.functional.geometry import Array
from cnn_core.meeting import Common, Meeting
from cnn_core.member import Question, Room, Task, may_start, start_member
from cnn_core.plan import plan, shards
from cnn_core.process import Process, ProcessLost
from cnn_core.shard import ShardResult, by_layer
from cnn_core.shared_arrays import SharedArrays
from cnn_core.worker import BatchSettings, Worker

# To start another process takes time of a core: what is over before begins and ends without.
ALONE_AT_FIRST = 0.3  # seconds
CLASSIFIES_ALONE = 1.0  # seconds; longer, as threads of this process share what is classified alone

_Result = TypeVar("_Result")
_Part = TypeVar("_Part")


@dataclass(frozen=True, eq=False)
class TeamResult:
    """What the shards of a batch say together. The gradients are valid until the next batch."""

    outcomes: list[ShardResult]  # of each shard
    processes: int  # that have taken shards
    contributions: Sequence[Mapping[str, Array]]  # what each shard adds to the gradients
    common: Common  # what they have found together


@dataclass(frozen=True, eq=False)
class _Room:
    """Arrays that some members have opened."""

    members: list[Process]
    arrays: BatchArrays


class Team:
    """Runs batches of one network, one at a time."""

    def __init__(self, architecture: Architecture, count: int) -> None:
        """Prepare for at most `count` processes, this one included."""
        self._architecture, self._count = architecture, count
        self._worker = Worker(plan(architecture, True))
        self._classifier = Classifier(plan(architecture, False))
        self._members: list[Process] = []
        self._may_grow = may_start()
        self._began: float | None = None
        self._own: list[dict[str, Array]] = []  # room for gradients while alone
        self._rooms: dict[bool, _Room] = {}  # to train, and to classify

    def _grow(self, size: int) -> None:
        """Start members up to so many processes, this one included; they join in when they are ready."""
        try:
            while self._may_grow and 1 + len(self._members) < size:
                self._members.append(start_member(self._architecture))
        except (OSError, PicklingError):  # no further process is to be had: those that there are do
            self._may_grow = False

    @property
    def size(self) -> int:
        """How many processes are ready, this one included."""
        return 1 + sum(member.ready for member in self._members)

    def close(self) -> None:
        """End the other members; from here on, this process is alone."""
        for member in self._members:
            member.close()
        self._members, self._may_grow, self._rooms = [], False, {}

    def run(
        self,
        parameters: Mapping[str, Array],
        buffers: Mapping[str, Array],
        images: Array,
        labels: Array,
        settings: BatchSettings,
        cancelled: Callable[[], bool],
    ) -> TeamResult:
        """Run a batch forward and back.

        Raises the first error of any shard, or GivenUp; the members that had a part in the batch then end.
        """
        cut = shards(self._worker.segments, len(images))
        values = {**parameters, **buffers}

        def shared_run(members: list[Process]) -> TeamResult:
            shared = self._shared_arrays(members, values, parameters, images, len(cut), cancelled)
            shared.put(images, values, labels)
            mine = BatchArrays(images=images, labels=labels, values=values, gradients=shared.gradients)
            return self._run(cut, mine, settings, cancelled, members[: len(cut) - 1])

        if result := self._together(len(cut), ALONE_AT_FIRST, shared_run):
            return result
        while len(self._own) < len(cut):
            self._own.append({name: np.empty_like(value) for name, value in parameters.items()})
        mine = BatchArrays(images=images, labels=labels, values=values, gradients=self._own)
        return self._run(cut, mine, settings, cancelled, [])

    def scores(
        self,
        values: Mapping[str, Array],
        images: Array,
        cut: Sequence[slice],
        cancelled: Callable[[], bool],
    ) -> list[Array] | None:
        """Return the scores of each part of some images; None while this process is alone.

        Raises what `run` does.
        """

        def shared_scores(members: list[Process]) -> list[Array]:
            shared = self._shared_arrays(members, values, (), images, 0, cancelled)
            shared.put(images, values)
            members = members[: len(cut) - 1]
            mine, *theirs = _shares(cut, members)
            for member, rows in zip(members, theirs, strict=True):
                member.send(Question(rows))
            found = [self._classifier.scores(values, images, mine)]
            found += [member.receive(cancelled) for member in members]
            return [found[part % len(found)][part // len(found)] for part in range(len(cut))]

        return self._together(len(cut), CLASSIFIES_ALONE, shared_scores)

    def _together(self, count: int, alone: float, work: Callable[[list[Process]], _Result]) -> _Result | None:
        """Return what `work` returns, given the members that share so many parts; None while there are none,
        for so many seconds at least, and where one is lost."""
        try:
            if members := self._ready(count, alone):
                return work(members)
        except (ProcessLost, OSError, PicklingError):  # OSError: no room for what is shared
            self.close()
        except BaseException:  # it may have come in the midst of a message, and nobody waits for an answer
            self.close()
            raise
        return None

    def _run(
        self,
        cut: Sequence[slice],
        arrays: BatchArrays,
        settings: BatchSettings,
        cancelled: Callable[[], bool],
        members: Sequence[Process],
    ) -> TeamResult:
        common = Common(by_layer(arrays.values))
        mine, *theirs = _shares(range(len(cut)), members)

        def meet(meetings: dict[int, Meeting]) -> Any:
            parts = {number: meeting.parts for number, meeting in meetings.items()}
            for member in members:
                parts.update(member.receive(cancelled))
            together = common.found(meetings[0], [part for n in sorted(parts) for part in parts[n]])
            for member in members:
                member.send(together)
            return together

        for member, numbers in zip(members, theirs, strict=True):
            member.send(Task(numbers, cut, settings))
        outcomes = self._worker.run(mine, cut, arrays, settings, meet, cancelled)
        for member in members:
            outcomes.update(member.receive(cancelled))
        return TeamResult(
            [outcomes[number] for number in range(len(cut))],
            1 + len(members),
            arrays.gradients[: len(cut)],
            common,
        )

    def _ready(self, parts: int, alone: float) -> list[Process]:
        """Return the other members that are ready, where they can take some of so many parts; after so many
        seconds alone, start them."""
        if self._began is None:
            self._began = time.monotonic()
        if time.monotonic() - self._began > alone:
            self._grow(min(self._count, parts))
        return [member for member in self._members if member.ready] if parts > 1 else []

    def _shared_arrays(
        self,
        members: list[Process],
        values: Mapping[str, Array],
        parameters: Iterable[str],
        images: Array,
        shards: int,
        cancelled: Callable[[], bool],
    ) -> BatchArrays:
        """Return arrays that these members see, with room for such a batch; no shards: to classify."""
        training = shards > 0
        room = self._rooms.get(training)
        if room is None or room.members != members or not room.arrays.holds(images, shards):
            described = forms(values, parameters, images, shards)
            memory = SharedArrays(described)
            try:
                for member in members:
                    member.send(Room(memory.path, described, shards))
                for member in members:
                    member.receive(cancelled)
            finally:
                memory.remove()
            self._rooms[training] = room = _Room(members, BatchArrays.of(memory, shards))
        return room.arrays


def _shares(parts: Sequence[_Part], members: Sequence[Process]) -> list[Sequence[_Part]]:
    """Deal out parts to this process and to each member."""
    count = 1 + len(members)
    return [parts[first::count] for first in range(count)]
