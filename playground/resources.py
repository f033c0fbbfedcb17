"""Where the files that come with the program are: in the wheel or in the checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = (_PACKAGE / "assets", _PACKAGE.parent / "assets")

TRAINED_NETWORK = "digits.cnn"


def find(name: str) -> Path | None:
    """The path of an asset such as `digits.cnn`, or None where it was not installed."""
    return next((folder / name for folder in _FOLDERS if (folder / name).is_file()), None)
