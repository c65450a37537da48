"""What `screenmm check` calls valid runs, whatever stands in the paths; else they are named."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from screenmm.cli import main

from ..conftest import ROOT

# a dry run takes two seconds
FEW = settings(max_examples=max(1, settings.default.max_examples // 6))

PARTS = st.sampled_from([
    "{1}", "{a}", "{shard}", "{a,\\d+}", "{", "}", "{a b}", "{{x}}", "<results>", "<x>", "<", ">",
    " ", "'", '"', "é", "化", "#", "$HOME", "$(id)", "`id`", "%s", "%", "*", "?", "[a-z]", "\n",
    "\t", "-", "~", "&", "|", ";", "!", "\\", "=", ",", ":", "@", "..", "a", "b1", "x" * 60,
])  # fmt: skip
NAMES = (
    st.lists(PARTS, min_size=1, max_size=4)
    .map("".join)
    .filter(lambda name: name not in ("..", "~"))
)

PEPTIDE = "".join(
    f"ATOM  {4 * number + place + 1:5} {name:<4} ALA A{number + 1:4}    "
    f"{3.8 * number + x:8.3f}{y:8.3f}{0.0:8.3f}  1.00  0.00           {name[1]}\n"
    for number in range(6)
    for place, (name, x, y) in enumerate(
        [(" N", 0.0, 0.0), (" CA", 1.2, 0.8), (" C", 2.4, 0.0), (" O", 2.4, -1.2)]
    )
)
"""Some residues for a pocket: what is read is not prepared here."""


def checked(*configs: str) -> tuple[int, str]:
    """Status of ``screenmm check`` and what it says of faults."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main(["check", *configs])
    return status, said.getvalue()


@FEW
@given(library=NAMES, folder=NAMES, results=NAMES, working=st.one_of(st.just("here"), NAMES))
def test_what_is_valid_runs(library: str, folder: str, results: str, working: str) -> None:
    with TemporaryDirectory() as top, contextlib.chdir(top):
        here = Path(top, f"w{working}")
        inputs = here / f"i{folder}"
        inputs.mkdir(parents=True)
        (inputs / f"{library}.smi").write_text("CCO a\n")
        (inputs / "receptor.PDB").write_text(PEPTIDE)
        config = {
            "name": "x",
            "results": results,
            "library": {"files": [f"{library}.smi"]},
            "receptors": {"p": {"structure": "receptor.PDB"}},
            "pocket": {"center": [10, 0, 0], "size": [18, 18, 18]},
        }
        path = inputs / "my.yaml"
        path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
        os.chdir(here)
        given_as = str(path.relative_to(here))
        status, said = checked(given_as)
        command = [
            str(Path(sys.executable).with_name("snakemake")), "-n", "--quiet", "all",
            "--snakefile", str(ROOT / "Snakefile"), "--cores", "1", "--configfile", given_as,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (status == 0), said + done.stdout + done.stderr
        if status:
            # the fault is that of the results folder or of the working folder, by name
            assert repr(results)[1:-1] in said or str(here) in said, said
            assert "holds" in said or "starts with a dash" in said or "no user" in said, said
