"""What training needs of the computer's memory, each figure read off a process of its own."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cnn_core.bench.child import child
from cnn_core.bench.measuring import random_dataset
from cnn_core.bench.networks import NETWORKS
from cnn_core.network import Network
from cnn_core.threads import available_cores
from cnn_core.training import Trainer

STATUS = Path("/proc/self/status")  # Linux, where getrusage also counts what the parent process had


@dataclass(frozen=True)
class Moment:
    """The memory of a training process after so many steps, in MB above what its imports and data need."""

    step: int
    peak: float  # the most so far
    current: float | None  # None where the system does not say
    others: float | None  # all that the processes need that share the batches, their imports too


def moments(network: str, batch: int, threads: int, steps: Sequence[int]) -> Iterator[Moment]:
    """Train in a process of its own; yield its memory after each of these numbers of steps, as it gets
    there."""
    code = f"from cnn_core.bench import memory; memory.report({network!r}, {batch}, {threads}, {list(steps)})"
    with child(code) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield Moment(**json.loads(line))
    if process.returncode:
        raise RuntimeError(f"the process that trains {network} ended with code {process.returncode}")


def report(network: str, batch: int, threads: int, steps: Sequence[int]) -> None:
    """Train, and print a line of JSON, a `Moment`, after each of these numbers of steps."""
    architecture = NETWORKS[network]()
    dataset = random_dataset(architecture, 16 * batch)
    peak, current = _peak(), _current()
    trainer = Trainer(Network.initialize(architecture), train=dataset, batch_size=batch, threads=threads)
    for progress in trainer.run(steps=max(steps)):
        if progress.step in steps:
            now = None if current is None else (_current() or 0.0) - current
            moment = Moment(progress.step, _peak() - peak, now, _of_children())
            print(json.dumps(asdict(moment)), flush=True)


def training_memory(network: str, batch: int, threads: int, steps: int = 20) -> float:
    """Return the MB that training needs at the most."""
    return next(moments(network, batch, threads, [steps])).peak


def print_over_steps(networks: Sequence[str], batches: Sequence[int], last: int) -> list[dict[str, object]]:
    """Print the memory after 1, 10, 100 ... and `last` steps, on all cores; return it as rows."""
    steps = sorted({*(10**n for n in range(len(str(last))) if 10**n < last), last})
    rows: list[dict[str, object]] = []
    for network in networks:
        for batch in batches:
            print(f"\n{network}, batch {batch}: memory of training, MB above imports and data")
            print("(others: the whole of the processes that share the batches)")
            print(f"{'after step':>12}{'peak':>10}{'now':>10}{'others':>10}")
            for moment in moments(network, batch, available_cores(), steps):
                rows.append({"network": network, "batch": batch, **asdict(moment)})
                rest = ("-" if mb is None else f"{mb:.1f}" for mb in (moment.current, moment.others))
                print(
                    f"{moment.step:>12,}{moment.peak:>10.1f}" + "".join(f"{mb:>10}" for mb in rest),
                    flush=True,
                )
    return rows


def _peak() -> float:
    """Return the most memory that this process has had at once, in MB."""
    if STATUS.exists():
        return _status("VmHWM")
    import resource  # not on Windows

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


def _current() -> float | None:
    """Return the memory that this process has now, in MB; None where only the most can be had."""
    return _status("VmRSS") if STATUS.exists() else None


def _of_children() -> float | None:
    """Return the memory of the processes that this one has started, in MB; None where the system does not
    say."""
    if not STATUS.exists():
        return None
    lists = Path("/proc/self/task").glob("*/children")
    return sum(
        _status("VmRSS", Path(f"/proc/{pid}/status")) for one in lists for pid in one.read_text().split()
    )


def _status(field: str, path: Path = STATUS) -> float:
    sizes = (int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith(field))
    return next(sizes, 0) / 2**10  # a process that has just ended has no memory
