"""The processes that share each training batch: this one, which leads, and other members."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.batch import BatchArrays, forms
from cnn_core.functional.geometry import Array
from cnn_core.meeting import Common, Meeting
from cnn_core.member import Room, Task, may_start, start_member
from cnn_core.plan import plan, shards
from cnn_core.process import Process, ProcessLost
from cnn_core.shard import ShardResult, by_layer
from cnn_core.shared_arrays import SharedArrays
from cnn_core.worker import BatchSettings, Worker

# To start another process takes time of a core: what is over before begins and ends without.
ALONE_AT_FIRST = 0.3  # seconds


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
    """Runs training batches of one network, one at a time."""

    def __init__(self, architecture: Architecture, count: int) -> None:
        """Prepare for at most `count` processes, this one included."""
        self._architecture, self._count = architecture, count
        self._worker = Worker(plan(architecture, True))
        self._members: list[Process] = []
        self._may_grow = may_start()
        self._began: float | None = None
        self._own: list[dict[str, Array]] = []  # room for gradients while alone
        self._room: _Room | None = None

    def _grow(self, size: int) -> None:
        """Start members up to so many processes, this one included; they join in when they are ready."""
        try:
            while self._may_grow and 1 + len(self._members) < size:
                self._members.append(start_member(self._architecture))
        except (OSError, PicklingError):  # no further process is to be had: those that there are do
            self._may_grow = False

    def close(self) -> None:
        """End the other members; from here on, this process is alone."""
        for member in self._members:
            member.close()
        self._members, self._may_grow, self._room = [], False, None

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
        try:
            if members := self._ready(len(cut)):
                shared = self._shared_arrays(members, parameters, buffers, images, len(cut), cancelled)
                shared.put(images, labels, values)
                mine = BatchArrays(images=images, labels=labels, values=values, gradients=shared.gradients)
                return self._run(cut, mine, settings, cancelled, members[: len(cut) - 1])
        except (ProcessLost, OSError, PicklingError):  # OSError: no room for what is shared
            self.close()
        except BaseException:  # it may have come in the midst of a message, and nobody waits for an answer
            self.close()
            raise
        while len(self._own) < len(cut):
            self._own.append({name: np.empty_like(value) for name, value in parameters.items()})
        mine = BatchArrays(images=images, labels=labels, values=values, gradients=self._own)
        return self._run(cut, mine, settings, cancelled, [])

    def _run(
        self,
        cut: Sequence[slice],
        arrays: BatchArrays,
        settings: BatchSettings,
        cancelled: Callable[[], bool],
        members: Sequence[Process],
    ) -> TeamResult:
        common = Common(by_layer(arrays.values))
        mine, *theirs = (range(first, len(cut), 1 + len(members)) for first in range(1 + len(members)))

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

    def _ready(self, shards: int) -> list[Process]:
        """Return the other members that are ready, where they can take some of so many shards."""
        if self._began is None:
            self._began = time.monotonic()
        if time.monotonic() - self._began > ALONE_AT_FIRST:
            self._grow(min(self._count, shards))
        return [member for member in self._members if member.ready] if shards > 1 else []

    def _shared_arrays(
        self,
        members: list[Process],
        parameters: Mapping[str, Array],
        buffers: Mapping[str, Array],
        images: Array,
        shards: int,
        cancelled: Callable[[], bool],
    ) -> BatchArrays:
        """Return arrays that these members see, with room for such a batch."""
        room = self._room
        if room is None or room.members != members or not room.arrays.holds(images, shards):
            self._room = None  # its memory is free before there is more
            described = forms(parameters, buffers, images, shards)
            memory = SharedArrays(described)
            try:
                for member in members:
                    member.send(Room(memory.path, described, shards))
                for member in members:
                    member.receive(cancelled)
            finally:
                memory.remove()
            self._room = room = _Room(members, BatchArrays.of(memory, shards))
        return room.arrays
