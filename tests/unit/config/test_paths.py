from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from screenmm.config.paths import (
    check_checkout,
    check_working_folder,
    found_file,
    is_plain,
    locate,
    named_by_format,
    own_folder,
)
from screenmm.config.settings import LIBRARY_SUFFIXES
from screenmm.core.errors import UserError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def linked(folder: Path, name: str, to: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
    return path


def test_a_link_into_a_store_keeps_its_name(here: Path) -> None:
    (here / "objects").mkdir()
    (here / "objects/ab12").write_text("CCO a\n")
    linked(here, "data/lib.SMI", "../objects/ab12")
    found = found_file("data/lib.SMI", here)
    assert found == Path("data/lib.SMI")
    assert named_by_format(found, LIBRARY_SUFFIXES) == found


def test_a_link_without_a_suffix_has_that_of_what_it_leads_to(here: Path) -> None:
    (here / "lib.csv.gz").write_bytes(b"")
    linked(here, "links/middle", "../lib.csv.gz")
    linked(here, "current", "links/middle")
    found = found_file("current", here)
    assert named_by_format(found, LIBRARY_SUFFIXES) == Path("lib.csv.gz")
    # a name between may be the only one that tells
    linked(here, "first", "second.smi")
    linked(here, "second.smi", "object")
    (here / "object").write_text("")
    assert named_by_format(found_file("first", here), LIBRARY_SUFFIXES) == Path("second.smi")
    with pytest.raises(ValueError, match=r"^object: the name must end in one of \.smi, "):
        named_by_format(found_file("object", here), LIBRARY_SUFFIXES)


def test_folders_that_are_links_are_followed_before_going_up(here: Path) -> None:
    (here / "far/away").mkdir(parents=True)
    (here / "far/lib.smi").write_text("")
    linked(here, "near", "far/away")
    assert found_file("near/../lib.smi", here) == Path("far/lib.smi")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lib.sm", r"no file .*/lib\.sm \(paths are relative to the moon\); did you mean lib\.smi"),
        ("folder", r"/folder is a folder, no file"),
        ("a" * 300, r"a{300}' cannot be looked up: File name too long"),
        ("loop/a.smi", r"loop/a\.smi' cannot be looked up: Too many levels of symbolic links"),
        ("", r"is a folder, no file"),
        ("loop", r"/loop is a link to loop, which leads to no file \(paths are .* moon\)$"),
        ("gone.smi", r"/gone\.smi is a link to store/1, which leads to no file"),
    ],
)
def test_what_is_no_file_is_named(here: Path, name: str, message: str) -> None:
    (here / "lib.smi").write_text("")
    (here / "folder").mkdir()
    linked(here, "loop", "loop")
    linked(here, "gone.smi", "store/1")
    with pytest.raises(ValueError, match=message):
        found_file(name, here, "the moon")


def test_a_folder_that_may_not_be_entered_is_named(here: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may enter every folder")
    (here / "closed").mkdir()
    (here / "closed").chmod(stat.S_IRUSR)
    with pytest.raises(ValueError, match=r"closed/lib\.smi' cannot be looked up: Permission"):
        found_file("closed/lib.smi", here)


def test_every_text_of_a_config_has_its_folder(tmp_path: Path) -> None:
    config = {"files": ["a.smi", {"path": "b.smi", "label": 1}], "name": "x"}
    located = locate(config, tmp_path, "the config file")
    assert located == config
    assert located["files"][1]["path"].folder == located["name"].folder == tmp_path


@pytest.mark.parametrize("name", ["{a}", "{1}", "run { a.b }", "{a,\\d+}", "{a,b{3}}", "<word>"])
def test_what_snakemake_fills_in_is_not_plain(name: str) -> None:
    assert not is_plain(Path(f"data/{name}/lib.smi"))


@pytest.mark.parametrize("name", ["{", "}{", "{}", "{a b}", "<A>", "a<b", "{-}", "$x", "%s"])
def test_what_it_leaves_alone_is(name: str) -> None:
    assert is_plain(Path(f"data/{name}/lib.smi"))


def test_a_working_folder_with_a_wildcard_is_refused() -> None:
    with pytest.raises(UserError, match=r"/home/run \{1\}, holds '\{1\}'.*run in another one"):
        check_working_folder(Path("/home/run {1}"))
    check_working_folder(Path("/home/run {1 2}"))


def test_a_checkout_with_braces_is_refused() -> None:
    with pytest.raises(UserError, match=r"Snakefile, /opt/\{x y\}, holds '\{' in its path"):
        check_checkout(Path("/opt/{x y}"))
    check_checkout(Path("/opt/x y"))


def test_results_below_a_folder_with_braces_are_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run {1 2}"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert own_folder(folder / "out") == Path("out")
    with pytest.raises(ValueError, match=r"run \{1 2\}' holds '\{'"):
        own_folder(folder.parent / "other" / "run {1 2}")
    with pytest.raises(ValueError, match=r"'-out' starts with a dash"):
        own_folder(Path("-out"))


def test_a_database_has_no_question_mark_in_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a?b"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(ValueError, match=r"/a\?b/out' holds '\?', where DuckDB"):
        own_folder(Path("out"))
