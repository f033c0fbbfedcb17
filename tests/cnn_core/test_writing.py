"""Files written whole: through links, under names as long as there may be. Failures: see the checkpoints."""

import os

import pytest

from cnn_core.writing import write_whole


def content(file):
    file.write(b"new")


def link_to(target, path):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("no symbolic links here")  # as on Windows, for most people


@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_leads_to_is_written_and_the_link_stays(there, tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "net.cnn", tmp_path / "link.cnn"
    if there:
        target.write_bytes(b"old")
    link_to(target, link)
    write_whole(link, content)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert set(tmp_path.rglob("*")) == {target.parent, target, link}


def test_links_in_a_circle_are_replaced(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    link_to(other, one)
    link_to(one, other)
    write_whole(one, content)
    assert one.read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="it is whole paths that are limited there")
@pytest.mark.parametrize("letter", ["n", "ä"])
def test_a_name_as_long_as_there_may_be_can_be_written(letter, tmp_path):
    name = letter * ((255 - len(".cnn")) // len(os.fsencode(letter))) + ".cnn"
    write_whole(tmp_path / name, content)
    assert [path.name for path in tmp_path.iterdir()] == [name]
