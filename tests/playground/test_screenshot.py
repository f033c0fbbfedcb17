"""The fixed scene: every moment leaves its picture, and the person's settings stay as they are."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from playground import resources
from playground.screenshot import LARGE, SCENE, SMALL

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
from pathlib import Path
from playground import screenshot
sys.exit(screenshot.run(Path(sys.argv[1]), data=sys.argv[2]))
"""

pytestmark = pytest.mark.skipif(
    resources.find(resources.TRAINED_NETWORK) is None, reason="the trained network is not there yet"
)


def test_every_moment_of_the_scene_leaves_a_picture(tmp_path: Path, few_digits: Path, qapp: object) -> None:
    folder = tmp_path / "pictures"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder), str(few_digits)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.stem for path in folder.iterdir()} == set(SCENE)
    sizes = {name: QImage(str(folder / f"{name}.png")).size() for name in SCENE}
    assert sizes["1-opening"] == LARGE
    assert sizes[next(name for name in SCENE if name.endswith("-small"))] == SMALL
    pictures = [QImage(str(folder / f"{name}.png")) for name in SCENE]
    assert all(one != other for one, other in pairwise(pictures))
