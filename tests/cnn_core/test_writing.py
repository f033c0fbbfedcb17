"""Files written whole: through links, under long names; what is refused. Failures: see the checkpoints."""

import os
import tempfile

import pytest

from cnn_core.writing import need_place, write_whole


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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_refused_and_stays_one(tmp_path, linked):
    pipe = given = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        given = tmp_path / "link"
        link_to(pipe, given)
    for act in (need_place, lambda path: write_whole(path, content)):
        with pytest.raises(OSError, match="this is not a file; give the name of a file to save to"):
            act(given)
    assert pipe.is_fifo()
    assert given.is_symlink() == linked


def test_a_folder_is_no_place_for_a_file(tmp_path):
    with pytest.raises(OSError, match="this is a folder; give the name of a file to save to"):
        need_place(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OSError, match="there is no such folder") as refused:
        need_place(tmp_path / "no" / "such" / "net.cnn")
    assert refused.value.filename == str(tmp_path / "no" / "such")


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(dir):  # noqa: A002 - root may write anywhere
        raise PermissionError(13, "Permission denied", f"{dir}/tmp0815")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OSError, match="nothing can be written in this folder") as refused:
        need_place(tmp_path / "net.cnn")
    assert refused.value.filename == str(tmp_path)


def test_looking_for_a_place_leaves_what_is_there(tmp_path):
    file = tmp_path / "net.cnn"
    need_place(file)
    assert list(tmp_path.iterdir()) == []
    file.write_bytes(b"old")
    need_place(file)
    assert file.read_bytes() == b"old"
