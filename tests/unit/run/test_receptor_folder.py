"""The names of a receptor's files: here, and in the rules."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from screenmm.run.layout import Layout
from screenmm.run.receptor_folder import ReceptorFolder

RULES = Path(__file__).resolve().parents[3] / "workflow/rules"
IN_RULE = re.compile(r'"<results>/receptors/\{receptor\}/([^"]+)"')


def test_the_rule_s_outputs_are_the_folder_s_files() -> None:
    text = (RULES / "receptor.smk").read_text()
    outputs = text.split("output:", 1)[1].split("log:", 1)[0]
    named = IN_RULE.findall(outputs)
    home = ReceptorFolder(Path("receptors/wt"))
    assert len(named) == 8
    assert sorted(named) == sorted(path.name for path in home.files)
    assert {path.parent for path in home.files} == {home.path}


def test_rules_ask_for_no_other_file_of_a_receptor() -> None:
    known = {path.name for path in ReceptorFolder(Path("wt")).files}
    asked = {name for rules in RULES.glob("*.smk") for name in IN_RULE.findall(rules.read_text())}
    assert {"receptor.cif", "receptor.pdbqt", "coordinates.npz"} <= asked <= known


def test_a_run_keeps_its_receptors_by_name(tmp_path: Path) -> None:
    home = Layout(tmp_path).receptor("wt")
    assert home.structure == tmp_path / "receptors/wt/receptor.cif"
    home.path.mkdir(parents=True)
    np.savez(home.coordinates, residue_labels=np.array(["A:MET:96", "B:ZN:1"]))
    assert home.residues() == ["A:MET:96", "B:ZN:1"]
