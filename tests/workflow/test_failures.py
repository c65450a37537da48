"""What stops a whole run: full and read-only disks, missing GPUs. Each says so and how to mend it.

The disks are real: small file systems in memory, which only root can mount.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from screenmm.config.settings import Settings, load_settings
from screenmm.core.errors import PlatformError, UserError
from screenmm.files.disk import check_writable, disk_trouble
from screenmm.preflight.start import preflight
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.run.stages import stage_settings

from .conftest import FRAGMENTS, ROOT, new_screen

pytestmark = [pytest.mark.workflow, pytest.mark.minutes(4)]

Mount = Callable[..., Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount a small file system in memory; with ``again`` change one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system: run the tests as root in a container")
    mounted: list[Path] = []

    def mount_at(folder: Path, options: str, *, again: bool = False) -> Path:
        if not again:
            folder.mkdir(parents=True)
        options = f"remount,{options}" if again else options
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0 and not again:
            pytest.skip(f"this machine does not let root mount: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        if not again:
            mounted.append(folder)
        return folder

    yield mount_at
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def settings(tmp_path: Path, tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> Settings:
    """Of a screen whose library takes some space: 300 records, six molecules."""
    screen = new_screen(tmp_path, tyk2_protein, tyk2_ligands)
    many = [f"{smiles} {name}_{i}\n" for i in range(50) for name, smiles in FRAGMENTS.items()]
    (tmp_path / "library.smi").write_text("".join(many))
    screen.config["library"]["shard_size"] = 1000
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(screen.config))
    return load_settings(tmp_path / "config.yaml")


def screenmm(*words: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command; its log goes to a file, as in a rule."""
    return subprocess.run(
        [sys.executable, "-m", "screenmm.cli", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def stage_commands(settings: Settings, out: Path) -> dict[str, list[object]]:
    """Commands of the first stages, in order, as the rules give them."""

    def given(stage: str) -> list[object]:
        return [stage.replace("_", "-"), "--settings", stage_settings(settings, stage)]

    parents, states = out / "library/parents", out / "ligands/states"
    return {
        "split": [*given("split"), "--out", out / "library"],
        "standardise": [
            *given("standardise"), "--workers", 1, "--records", out / "library/records/b.parquet",
            "--parents", parents / "b.parquet", "--events", parents / "b.events.parquet",
        ],
        "merge": [*given("merge"), "--results", out],
        "prepare_ligands": [
            *given("prepare_ligands"), "--workers", 1,
            "--ligands", out / "ligands/shards/b.parquet",
            "--states", states / "b.sdf.gz", "--events", states / "b.events.parquet",
        ],
    }  # fmt: skip


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def fill(folder: Path) -> Path:
    """Fill a file system to its last page."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as handle:
        try:
            while True:
                handle.write(b"0" * 4096)
        except OSError:
            return filler


def test_each_stage_says_that_the_disk_is_full_and_goes_on(
    settings: Settings, tmp_path: Path, mount: Mount
) -> None:
    right, small = tmp_path / "right", mount(tmp_path / "small", "size=2m")
    commands = stage_commands(settings, small)
    for stage, command in stage_commands(settings, right).items():
        done = screenmm(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        before = files_below(small)
        filler = fill(small)
        failed = screenmm(*commands[stage], cwd=tmp_path)
        assert failed.returncode == 1, stage
        (line,) = [each for each in failed.stderr.splitlines() if each.startswith("screenmm ")]
        assert line.startswith(f"screenmm {stage.replace('_', '-')}: "), line
        assert "no space left on the disk" in line
        assert line.endswith("then run the same command again: finished work is kept")
        assert "Traceback" not in failed.stderr
        filler.unlink()
        # hidden files are a journal or a lock: no output is there, whole or in part
        after = {name for name in files_below(small) if not Path(name).name.startswith(".")}
        assert after == set(before)
        assert not list(small.rglob("*.partial"))
        again = screenmm(*commands[stage], cwd=tmp_path)
        assert again.returncode == 0, again.stderr[-2000:]
        assert files_below(small) == files_below(right)


def start_snakemake(folder: Path, *targets: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            "snakemake", *targets, "--snakefile", str(ROOT / "Snakefile"), "--cores", "1",
            "--workflow-profile", str(ROOT / "profiles/default"), "--configfile", "config.yaml",
        ],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_disk_that_fills_up_during_a_run_shows_on_the_terminal(
    settings: Settings, tmp_path: Path, mount: Mount
) -> None:
    results = mount(tmp_path / "results", "size=160m")
    target = "results/receptors/tyk2/receptor.cif"
    run = start_snakemake(tmp_path, target)
    log = results / "logs/prepare_receptor/tyk2.log"
    while run.poll() is None and not log.exists():
        time.sleep(0.01)
    # others write to the same disk while the receptor is prepared
    filler = fill(results)
    terminal, _ = run.communicate(timeout=120)
    assert run.returncode != 0, terminal
    lines = [each for each in terminal.splitlines() if each.startswith("screenmm prepare-receptor")]
    assert lines, terminal
    assert "no space left on the disk" in lines[0]
    assert "Traceback" not in terminal
    folder = results / "receptors/tyk2"
    assert not folder.exists() or not list(folder.iterdir())
    filler.unlink()
    again = start_snakemake(tmp_path, target)
    terminal, _ = again.communicate(timeout=120)
    assert again.returncode == 0, terminal
    alone = tmp_path / "alone"
    command = ["prepare-receptor", "--settings"]
    command += [stage_settings(settings, "prepare_receptor", "tyk2"), "--name", "tyk2"]
    assert screenmm(*command, "--out", alone, cwd=tmp_path).returncode == 0
    assert files_below(folder) == files_below(alone)


def test_message_reaches_the_terminal_when_the_log_lies_on_the_full_disk(
    settings: Settings, tmp_path: Path, mount: Mount
) -> None:
    small = mount(tmp_path / "small", "size=256k")
    command = stage_commands(settings, small)["split"]
    with (small / "split.log").open("w") as log:
        fill(small)
        done = subprocess.run(
            [sys.executable, "-m", "screenmm.cli", *map(str, command)],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert (small / "split.log").read_text() == ""
    assert done.stdout.startswith("screenmm split: ")
    assert "no space left on the disk" in done.stdout


def test_read_only_results_stop_the_run_at_once(
    settings: Settings, tmp_path: Path, mount: Mount
) -> None:
    results = mount(tmp_path / "results", "ro,size=1m")
    with pytest.raises(UserError, match=r"cannot be written to: .*the file system is read-only"):
        check_writable(results)
    command = stage_commands(settings, results)["split"]
    failed = screenmm(*command, cwd=tmp_path)
    assert failed.returncode == 1
    assert "the file system is read-only; mount it for writing" in failed.stderr
    assert "Traceback" not in failed.stderr
    run = start_snakemake(tmp_path)
    terminal, _ = run.communicate(timeout=60)
    assert run.returncode != 0
    assert "read-only file system" in terminal.lower() or "file system is read-only" in terminal
    assert "Finished jobid" not in terminal


def test_database_says_that_its_disk_is_full(tmp_path: Path, mount: Mount) -> None:
    # DuckDB's errors carry no number
    import duckdb

    small = mount(tmp_path / "small", "size=64k")
    query = f"COPY (SELECT range FROM range(1000000)) TO '{small}/t.csv'"
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as caught:
        con.execute(query)
    said = disk_trouble(caught.value)
    assert said is not None
    assert said.startswith("no space left on the disk")
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as caught:
        con.execute("SELECT * FROM absent")
    assert disk_trouble(caught.value) is None


def test_nearly_full_disk_is_refused_before_the_start(tmp_path: Path, mount: Mount) -> None:
    small = mount(tmp_path / "small", "size=1m")
    with pytest.raises(UserError, match=r"has 1\.0 MB free, and a run needs at least 100"):
        check_writable(small)
    check_writable(small, least_free_mb=0.5)
    assert list(small.iterdir()) == []


def test_results_that_are_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    with pytest.raises(UserError, match="cannot be written to: File exists; give results another"):
        check_writable(tmp_path / "results")


def test_others_folder_says_who_may_not_write(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    code = (
        "import os, sys; from pathlib import Path; from screenmm.files.disk import check_writable\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: check_writable(Path(sys.argv[1]))\n"
        "except Exception as error: print(error)"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code, str(shut)], capture_output=True, text=True, check=False
    )
    assert "permission denied for user 65534; let the user read and write there" in done.stdout


def with_platform(settings: Settings, platform: str) -> Settings:
    scoring = settings.scoring.model_copy(update={"platform": platform})
    return settings.model_copy(update={"scoring": scoring})


def test_missing_gpu_stops_a_local_run_before_it_starts(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("nvidia-smi"):
        pytest.skip("this machine has an NVIDIA driver")
    monkeypatch.chdir(tmp_path)
    asked = with_platform(settings, "CUDA")
    with pytest.raises(PlatformError, match=r"platform CUDA is not installed, .*To mend it: .*"):
        preflight(asked, jobs_run_here=True)
    # elsewhere there may be one
    preflight(asked, jobs_run_here=False)
    preflight(with_platform(settings, "auto"), jobs_run_here=True)


def test_plugin_that_does_not_load_stops_a_local_run(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken_cuda_environment: dict[str, str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENMM_PLUGIN_DIR", broken_cuda_environment["OPENMM_PLUGIN_DIR"])
    with pytest.raises(PlatformError, match="CUDA is installed but did not load") as caught:
        preflight(with_platform(settings, "CUDA"), jobs_run_here=True)
    assert "set scoring.platform to auto" in str(caught.value)


def test_score_command_with_a_missing_gpu_is_one_line(settings: Settings, tmp_path: Path) -> None:
    if shutil.which("nvidia-smi"):
        pytest.skip("this machine has an NVIDIA driver")
    asked = json.loads(stage_settings(with_platform(settings, "CUDA"), "score"))
    for path in (*ReceptorFolder(tmp_path).model, tmp_path / "poses.sdf"):
        path.touch()
    out = [f"--{name}={tmp_path / name}" for name in ("scores", "minimised", "events")]
    done = screenmm(
        "score", "--settings", json.dumps(asked), "--poses", tmp_path / "poses.sdf",
        "--receptor", tmp_path, *out, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("screenmm score: platform CUDA is not installed")
    assert done.stderr.count("\n") == 1
