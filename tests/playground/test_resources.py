from pathlib import Path

import pytest

import cnn_core as cnn
from playground import resources
from playground.resources import TRAINED_NETWORKS, comes_along, network_file

ASSETS = Path(resources.__file__).parents[1] / "assets"


@pytest.fixture
def shipped(tmp_path, monkeypatch, small_file):
    """A folder that comes along, with one network in it."""
    monkeypatch.setattr(resources, "_FOLDERS", (tmp_path,))
    return small_file.rename(tmp_path / "digits-lenet5.cnn")


def test_a_network_that_comes_along_is_found_by_its_name(shipped):
    assert network_file("digits-lenet5") == shipped
    assert comes_along(shipped)


def test_a_file_goes_before_a_network_of_that_name(shipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits-lenet5").touch()
    assert network_file("digits-lenet5") == Path("digits-lenet5")
    assert not comes_along(Path("digits-lenet5"))


def test_one_that_was_not_installed_is_taken_for_a_file(shipped):
    assert network_file("fashion-mnist") == Path("fashion-mnist")


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.cnn")), ids=lambda path: path.name)
def test_every_trained_network_is_offered_small_and_described_by_a_card(path):
    assert path.stem in [network.name for network in TRAINED_NETWORKS]
    assert path.stat().st_size < 2_000_000
    assert path.with_suffix(".md").is_file()
    checkpoint = cnn.checkpoint.load(path)
    assert len(checkpoint.metadata["class_names"]) == checkpoint.network.architecture.classes
    assert "temperature" in checkpoint.metadata


def test_a_folder_of_that_name_does_not_hide_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("digits").mkdir()
    assert network_file("digits").name == "digits.cnn"
