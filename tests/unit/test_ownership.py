"""A run writes in a folder of its own alone."""

import os
from pathlib import Path

import pytest

from screenmm.errors import UserError
from screenmm.locks import RUN_LOCK, lock_results
from screenmm.ownership import check_own_folder


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_somebody_elses_folder_is_refused_and_named(tmp_path: Path) -> None:
    project = fill(tmp_path / "project", "figures/mine.txt", "ledger.csv", ".git/HEAD")
    with pytest.raises(UserError, match=r"holds \.git, figures, ledger\.csv, and no run") as caught:
        check_own_folder(project)
    assert f"for example {project}/my-screen" in str(caught.value)
    # what the message says of folders that are ScreenMM's all the same
    (project / RUN_LOCK).touch()
    check_own_folder(project)


def test_a_full_folder_is_not_listed_whole(tmp_path: Path) -> None:
    fill(tmp_path, *(f"file{number}" for number in range(9)))
    with pytest.raises(UserError, match=r"holds file0, file1, file2, file3, file4 and 4 more, "):
        check_own_folder(tmp_path)


def test_new_and_empty_folders_are_taken(tmp_path: Path) -> None:
    check_own_folder(tmp_path / "new/deeper")
    check_own_folder(tmp_path)
    fill(tmp_path, "lost+found/x")
    check_own_folder(tmp_path)


def test_a_run_killed_before_its_first_output_goes_on(tmp_path: Path) -> None:
    os.close(lock_results(tmp_path / "results"))
    fill(tmp_path / "results", "logs/split.log", "library/records/.b.parquet.7.partial")
    check_own_folder(tmp_path / "results")


def test_results_that_were_copied_without_hidden_files_are_known(tmp_path: Path) -> None:
    check_own_folder(fill(tmp_path, "library/sources.parquet", "ranking.csv"))


@pytest.mark.parametrize("shown", [".", "sub", "sub/../sub", "link"])
def test_a_folder_that_holds_what_the_run_reads_is_refused(tmp_path: Path, shown: str) -> None:
    config = fill(tmp_path, "sub/my.yaml", f"sub/{RUN_LOCK}") / "sub/my.yaml"
    (tmp_path / "link").symlink_to("sub")
    with pytest.raises(UserError, match=r"holds .*my\.yaml, which a run must not write over"):
        check_own_folder(tmp_path / shown, [Path("/etc/hostname"), config])
    check_own_folder(tmp_path / "sub/results", [config])


def test_the_checkout_itself_is_refused(root: Path) -> None:
    with pytest.raises(UserError, match="which a run must not write over"):
        check_own_folder(root, [root])
    check_own_folder(root / "results/absent", [root])


def test_a_link_in_the_folder_counts_as_what_it_leads_to(tmp_path: Path) -> None:
    fill(tmp_path, f"out/{RUN_LOCK}", "lib.smi", "out/real.smi")
    (tmp_path / "out/lib.smi").symlink_to("../lib.smi")
    (tmp_path / "real.smi").symlink_to("out/real.smi")
    for name in ("out/lib.smi", "real.smi"):
        with pytest.raises(UserError, match="which a run must not write over"):
            check_own_folder(tmp_path / "out", [tmp_path / name])
