"""Where the files that come with the program are, in the wheel or in the checkout, and the trained networks
among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = (_PACKAGE / "assets", _PACKAGE.parent / "assets")

TRAINED_NETWORK = "digits.cnn"


@dataclass(frozen=True)
class TrainedNetwork:
    """A network that comes along: its short name, what people call it, and one sentence about it."""

    name: str
    title: str
    summary: str

    @property
    def path(self) -> Path | None:
        """Its file, or None where it was not installed."""
        return find(f"{self.name}.cnn")


TRAINED_NETWORKS = (
    TrainedNetwork(
        "digits", "Digits", "Reads digits that people draw: two convolutions, as at the first start"
    ),
    TrainedNetwork(
        "digits-batchnorm", "Digits, batch normalisation", "Reads digits, with every convolution normalised"
    ),
    TrainedNetwork(
        "digits-lenet5", "Digits, LeNet-5", "Reads digits with the network of LeCun et al. 1998: 5x5, tanh"
    ),
    TrainedNetwork(
        "fashion-mnist", "Fashion-MNIST", "Tells ten kinds of clothes apart, from T-shirt to ankle boot"
    ),
)
OR_BY_NAME = "or one that comes along: " + ", ".join(network.name for network in TRAINED_NETWORKS)


def find(name: str) -> Path | None:
    """The path of an asset such as `digits.cnn`, or None where it was not installed."""
    return next((folder / name for folder in _FOLDERS if (folder / name).is_file()), None)


def network_file(given: str | Path) -> Path:
    """The path as it is; of a trained network that comes along where no file has that name, but it has."""
    path = Path(given)
    known = next((network.path for network in TRAINED_NETWORKS if network.name == str(given)), None)
    return known if known is not None and not path.is_file() else path


def comes_along(path: Path) -> bool:
    """Whether this is a file of the program itself, which nobody's work is to be written over."""
    return any(network.path is not None and path == network.path for network in TRAINED_NETWORKS)
