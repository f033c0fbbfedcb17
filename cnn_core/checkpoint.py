"""Checkpoints: a network, how it is trained and how far, in one .cnn file.

A .cnn file is a zip of `header.json` (format, version, architecture, settings, state, metadata) and one .npy
file a group of numbers: `parameters/0.weight.npy`, `buffers/...`, `slots/<slot>/0.weight.npy`. No pickle
anywhere. The header says what arrays there must be; nothing is read that is larger than they are.
"""

import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from cnn_core.architecture import Architecture
from cnn_core.datasets.reading import need_file, npy_header
from cnn_core.errors import ArchitectureError, CheckpointError
from cnn_core.functional.geometry import Array
from cnn_core.layers import Shape
from cnn_core.memory import aligned
from cnn_core.network import Network
from cnn_core.training import TrainingState
from cnn_core.training_settings import TrainingSettings
from cnn_core.writing import write_whole

FORMAT, VERSION = "cnn-checkpoint", 1
SUFFIX = ".cnn"
_HEADER = "header.json"
_MOST_HEADER_BYTES = 4 << 20
_NPY_HEADER_BYTES = 4096  # more than NumPy writes before the numbers of an array
# What zipfile raises for damaged archives; the last two for names that are no text and impossible numbers.
_DAMAGES = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkpoint:
    """What a .cnn file holds. `metadata` is for the program and people: class names, a history, a note; JSON
    values."""

    network: Network
    settings: TrainingSettings | None = None
    training: TrainingState | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class _Unfit(Exception):
    """What no .cnn file may hold: it is neither written nor opened."""


def save(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint. The file is complete or, after any failure (CheckpointError), as it was before.

    What `load` would refuse is not written.
    """
    path = Path(path)
    try:
        write_whole(path, lambda file: _write(file, checkpoint))
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be saved: {error.strerror or error}") from error
    except _Unfit as error:
        raise CheckpointError(f"{path.name} could not be saved: {str(error)[:500]}") from None


def load(path: Path | str) -> Checkpoint:
    """Return the checkpoint in a file; raise CheckpointError, with one sentence, for anything else."""
    path = Path(path)
    try:
        need_file(path)
        with zipfile.ZipFile(path) as archive:
            return _Reader(archive).read()
    except _Unfit as error:
        raise CheckpointError(f"{path.name} cannot be opened: {str(error)[:500]}") from None
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be opened: {error.strerror or error}") from error
    except _DAMAGES as error:
        reason = str(error)[:200]
        raise CheckpointError(
            f"{path.name} is not a .cnn file, or it is damaged ({reason}); open another copy of it"
        ) from error


def _write(file: IO[bytes], checkpoint: Checkpoint) -> None:
    network, state = checkpoint.network, checkpoint.training
    header: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": json.loads(network.architecture.to_json()),
        "settings": checkpoint.settings.to_json() if checkpoint.settings else None,
        "training": None,
        "metadata": checkpoint.metadata,
    }
    _check_architecture(network.architecture)
    parameters, buffers = _expected(network.architecture)
    folders = {"parameters": (network.parameters, parameters), "buffers": (network.buffers, buffers)}
    if state is not None:
        header["training"] = {
            "step": state.step,
            "planned_steps": state.planned_steps,
            "learning_rate": float(state.learning_rate),
            "slots": list(state.slots),
            "began": state.began,
        }
        _check_training(header["training"], checkpoint.settings)
        folders |= {f"slots/{slot}": (values, parameters) for slot, values in state.slots.items()}
    try:
        text = json.dumps(header)
    except (TypeError, ValueError, RecursionError) as error:
        raise _Unfit(f"the metadata are not JSON: {error}") from None
    if len(text) > _MOST_HEADER_BYTES:  # json.dumps writes ASCII alone
        raise _Unfit(
            f"the metadata are too large to be opened again: {len(text):,} bytes with the architecture and "
            f"the settings, {_MOST_HEADER_BYTES:,} at the most"
        )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_HEADER, text)
        for folder, (arrays, shapes) in folders.items():
            for key, shape in shapes.items():
                name = f"{folder}/{key}"
                if key not in arrays:
                    raise _Unfit(f"{name} is missing")
                _check_form(name, arrays[key].shape, arrays[key].dtype, shape)
                _check_values(name, arrays[key])
                content = io.BytesIO()
                np.save(content, arrays[key], allow_pickle=False)
                archive.writestr(f"{name}.npy", content.getvalue())


# What is checked before writing and after reading


def _check_architecture(architecture: Architecture) -> None:
    if architecture.error:
        raise _Unfit(f"its architecture cannot work: {architecture.error}")


def _check_training(value: Any, settings: TrainingSettings | None) -> None:
    """Raise _Unfit where the header's state of training does not belong to the settings."""
    unfit = "its state of training does not fit its settings"
    state: dict[str, Any] = value if isinstance(value, dict) else {}
    planned: Any = state.get("planned_steps")
    rate: Any = state.get("learning_rate")
    step: Any = state.get("step")
    began: Any = state.get("began", 0)
    if (
        settings is None
        or state.get("slots") != list(settings.optimizer.slot_names())
        or not (_is_count(step) and _is_count(began) and began <= step)
        or not (planned is None or _is_count(planned))
    ):
        raise _Unfit(unfit)
    try:
        replace(settings.optimizer, learning_rate=rate)
    except ValueError as error:
        raise _Unfit(f"{unfit}: {error}") from None


def _check_form(name: str, shape: Shape, dtype: np.dtype[Any], needed: Shape) -> None:
    if shape != needed or dtype != np.float32:
        raise _Unfit(f"{name} is {dtype} {shape}, its architecture needs float32 {needed}")


def _check_values(name: str, array: Array) -> None:
    if not np.isfinite(array).all():
        raise _Unfit(f"{name} holds values that are not finite numbers")
    if name.startswith("buffers/") and name.endswith(".running_var") and (array < 0).any():
        raise _Unfit("a running variance is negative")


class _Reader:
    """Reads one archive, believing nothing in it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def read(self) -> Checkpoint:
        header = self._header()
        try:
            architecture = Architecture.from_json(json.dumps(header.get("architecture")))
        except ArchitectureError as error:
            raise _Unfit(f"its architecture cannot be used: {error}") from None
        _check_architecture(architecture)
        settings = self._settings(header.get("settings"))
        parameters, buffers = _expected(architecture)
        network = Network(
            architecture, self._arrays("parameters", parameters), self._arrays("buffers", buffers)
        )
        training = self._training(header.get("training"), settings, parameters)
        metadata = header.get("metadata")
        return Checkpoint(
            network=network,
            settings=settings,
            training=training,
            metadata=metadata if isinstance(metadata, dict) else {},
        )

    def _header(self) -> dict[str, Any]:
        try:
            header = json.loads(self._member(_HEADER, _MOST_HEADER_BYTES))
        except (ValueError, RecursionError):
            raise _Unfit("its header is not JSON") from None
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise _Unfit("its header is of another kind of file")
        version = header.get("version")
        if version != VERSION:
            raise _Unfit(
                f"it has version {str(version)[:20]}, this program reads {VERSION}; update the program"
            )
        return header

    def _settings(self, value: Any) -> TrainingSettings | None:
        if value is None:
            return None
        try:
            return TrainingSettings.from_json(value)
        except ValueError as error:
            raise _Unfit(f"its training settings cannot be used: {error}") from None

    def _training(
        self, value: Any, settings: TrainingSettings | None, parameters: dict[str, Shape]
    ) -> TrainingState | None:
        if value is None or settings is None:
            return None
        _check_training(value, settings)
        slots = {s: self._arrays(f"slots/{s}", parameters) for s in settings.optimizer.slot_names()}
        rate, began = float(value["learning_rate"]), value.get("began", 0)  # files once were without it
        return TrainingState(value["step"], value.get("planned_steps"), rate, slots, began)

    def _arrays(self, folder: str, shapes: dict[str, Shape]) -> dict[str, Array]:
        return {name: self._array(f"{folder}/{name}", shape) for name, shape in shapes.items()}

    def _array(self, name: str, shape: Shape) -> Array:
        content = self._member(f"{name}.npy", 4 * prod(shape) + _NPY_HEADER_BYTES)
        stream = io.BytesIO(content)
        try:
            found, by_columns, dtype = npy_header(stream)
        except ValueError:
            raise _Unfit(f"{name} is not an array of numbers") from None
        _check_form(name, found, dtype, shape)
        numbers = content[stream.tell() :]
        if len(numbers) != 4 * prod(shape):
            raise _Unfit(f"{name} has {len(numbers):,} bytes of numbers, {4 * prod(shape):,} are right")
        array = np.frombuffer(numbers, np.float32).reshape(shape, order="F" if by_columns else "C")
        _check_values(name, array)
        return aligned(array)

    def _member(self, name: str, most: int) -> bytes:
        try:
            info = self.archive.getinfo(name)
        except KeyError:
            raise _Unfit(f"{name} is missing") from None
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Unfit(
                f"{name} is packed in a way that is not used here"
            )  # and may take any memory to unpack
        if info.file_size > most:
            raise _Unfit(f"{name} has {info.file_size:,} bytes, {most:,} at the most can be right")
        with self.archive.open(info) as member:
            try:
                # The directory's size can lie; reading is bounded all the same.
                content = member.read(most + 1)
            except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error):
                raise _Unfit(f"{name} is damaged") from None
        if len(content) > most:
            raise _Unfit(f"{name} is longer than it says")
        return content


def _expected(architecture: Architecture) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the shapes of all parameters and of all buffers."""
    parameters: dict[str, Shape] = {}
    buffers: dict[str, Shape] = {}
    for report in architecture.check():
        shape = report.input_shape or ()
        parameters.update({f"{report.index}.{k}": s for k, s in report.layer.parameter_shapes(shape).items()})
        buffers.update({f"{report.index}.{k}": s for k, s in report.layer.buffer_shapes(shape).items()})
    return parameters, buffers


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
