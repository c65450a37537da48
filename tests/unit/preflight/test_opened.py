from __future__ import annotations

import json
import os
import re
import shlex
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rdkit import Chem

from screenmm.cli import main
from screenmm.config.settings import Library, LibraryFile, Settings, parse_settings
from screenmm.core.errors import ConfigError, UserError
from screenmm.demo import write_demo
from screenmm.preflight import start as preflight
from screenmm.preflight.opened import READ_FIRST, open_file, open_inputs
from screenmm.run.stages import stage_settings


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    files = {
        "broken.cif": "data_x\nloop_\n_a\n_b\n1 2 3\n",
        "text.pdb": "hello\n",
        "plain.pdb.gz": "ATOM",
        "semicolons.csv": "smi;name\nCC;a\n",
        "words.csv": "smiles,name,act,p\nCC,a,high,7\nCN,b,low,6\n",
        "empty.smi": "",
        "names.csv": "smiles,name\nfirst,CC\nsecond,CN\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def settings(demo: Path, **changes: Any) -> Settings:
    config: dict[str, Any] = {
        "name": "demo",
        "results": str(demo / "results"),
        "library": {
            "files": ["binders.csv", {"path": "drugs.csv", "label": 0}],
            "label_column": "Active",
            "affinity_column": "dg_kcal",
        },
        "receptors": {"tyk2": {"structure": "receptor.pdb", "mutations": ["M90F"]}},
        "pocket": {"ligand": "crystal_ligand.sdf"},
    }
    for path, value in changes.items():
        *above, key = path.split("__")
        section = config
        for name in above:
            section = section.setdefault(name, {})
        section[key] = value
    return parse_settings(config, demo)


def test_what_the_files_hold_is_told(demo: Path) -> None:
    found = open_inputs(settings(demo))
    assert (found.faults, found.warnings) == ([], [])
    assert len(found.library) == 2
    assert found.library[0].startswith("binders.csv: CSV, 16 records, SMILES in 'smiles', name in")
    assert "label in 'active', affinity in 'dg_kcal'" in found.library[0]
    assert "16 active, 0 inactive, 16 affinities from -1" in found.library[0]
    assert "0 active, 24 inactive" in found.library[1]
    (receptor,) = found.receptors
    assert receptor.startswith("tyk2: receptor.pdb, chains A, ")
    assert "mutated M90F, ligand crystal_ligand.sdf, box " in receptor


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("library__files", "semicolons.csv", "header seems separated by ';'"),
        ("library__files", "empty.smi", "library holds no records: empty.smi"),
        ("library__smiles_column", "smi", "no column 'smi' .*did you mean 'smiles'"),
        ("library__label_column", "acitve", "label 'acitve' .*did you mean 'active'"),
        ("library__affinity_column", "dg_kcl", "affinity 'dg_kcl' .*did you mean 'dg_kcal'"),
        ("library__affinity_unit", "nM", "binders.csv: none of 16 values in 'dg_kcal'"),
        ("controls__reference_smiles", "notasmiles", "'notasmiles': RDKit cannot read it"),
        ("receptors__tyk2__chains", ["Z"], "receptor tyk2: receptor.pdb has no chain Z"),
        ("receptors__tyk2__mutations", ["T9999I"], "T9999I: no THR at 9999"),
        ("receptors__tyk2__mutations", ["T90I"], "T90I: no THR at 90; the structure has A:MET:90"),
        ("receptors__tyk2__structure", "broken.cif", "broken.cif cannot be read as mmCIF"),
        ("receptors__tyk2__structure", "text.pdb", "text.pdb: no atoms"),
        ("receptors__tyk2__structure", "plain.pdb.gz", "plain.pdb.gz cannot be unpacked"),
        ("pocket", {"ligand_residue": "XYZ"}, "no residue XYZ in the kept chains"),
        ("pocket", {"residues": ["A:5000"]}, "no residue A:5000 in the receptor"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_fault(demo: Path, path: str, value: Any, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        open_inputs(settings(demo, **{path: value})).check()


def test_all_faults_are_told_at_once(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = settings(
        demo,
        library={"files": "words.csv", "label_column": "act", "affinity_column": "p"},
        receptors__tyk2__chains=["Z"],
        controls__reference_smiles="notasmiles",
    )
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(json.loads(asked.model_dump_json())))
    errors = []
    for command in ("check", "plan"):
        assert main([command, str(config)]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        errors.append(err.partition(": ")[2])
    assert errors[0] == errors[1]
    assert errors[0].count("\n  ") == 4
    # a run says the same before its first job
    with pytest.raises(UserError) as error:
        preflight.check_inputs(asked)
    assert f"{error.value}\n" == errors[0]


def test_of_a_large_file_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    rows = [f"{'C' * (i % 30 + 1)}O,m{i},{7 if i < READ_FIRST else -7}\n" for i in range(2500)]
    path.write_text("".join(["smiles,name,p\n", *rows]))
    library = Library(files=path, affinity_column="p")
    found = open_file(library.files[0], library)
    assert (found.records, found.is_whole) == (READ_FIRST, False)
    assert found.annotations.affinities == READ_FIRST
    assert found.told().startswith(f"large.csv: CSV, first {READ_FIRST} records, ")
    path.write_text("".join(["smiles,name,p\n", *rows[:READ_FIRST]]))
    assert open_file(library.files[0], library).is_whole


def test_what_the_beginning_does_not_settle_is_a_warning(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{'C' * (i % 30 + 1)}O,m{i},{7 if i < READ_FIRST else -7}\n" for i in range(2500)]
    (demo / "large.csv").write_text("".join(["smiles,name,p\n", *rows]))
    found = open_inputs(settings(demo, library={"files": "large.csv", "affinity_column": "p"}))
    assert found.faults == []
    (warning,) = found.warnings
    assert warning.startswith(f"in the first {READ_FIRST} records: large.csv: 1000 of 1000 aff")


def test_structures_that_rdkit_cannot_read_are_a_warning(demo: Path) -> None:
    (warning,) = open_inputs(settings(demo, library={"files": "names.csv"})).warnings
    assert "RDKit can read none of the first 2 structures in column 'smiles'" in warning


def test_what_the_last_run_made_is_not_opened_again(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_demo(tmp_path)
    asked = settings(tmp_path, results="results")
    record = Path(".snakemake/metadata")
    record.mkdir(parents=True)
    for output, stage in (
        ("results/library/annotations.json", "split"),
        ("results/receptors/tyk2/receptor.cif", "prepare_receptor"),
    ):
        Path(output).parent.mkdir(parents=True)
        Path(output).touch()
        # as Snakemake notes it of a job
        used = shlex.quote(stage_settings(asked, stage, "tyk2"))
        name = urlsafe_b64encode(output.encode()).decode()
        (record / name).write_text(json.dumps({"shellcmd": f"screenmm x --settings {used}"}))

    def opened(wanted: Settings) -> tuple[int, int]:
        found = open_inputs(wanted, only_new=True)
        return len(found.library), len(found.receptors)

    assert opened(asked) == (0, 0)
    assert opened(settings(tmp_path, results="results", receptors__tyk2__mutations=[])) == (0, 1)
    assert opened(settings(tmp_path, results="results", library__affinity_column=None)) == (2, 0)
    later = Path("results/library/annotations.json").stat().st_mtime + 10
    os.utime("drugs.csv", (later, later))
    assert opened(asked) == (2, 0)


def test_a_run_warns_and_goes_on(demo: Path, caplog: pytest.LogCaptureFixture) -> None:
    preflight.check_inputs(settings(demo, library={"files": "names.csv"}))
    assert "names.csv: RDKit can read none of the first 2" in caplog.text


def test_a_file_of_a_label_is_opened_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CC\nxx\n\nCN\n")
    file = LibraryFile(path=tmp_path / "a.smi", label=0)
    found = open_file(file, Library(files=[file]))
    assert found.told() == "a.smi: SMI, 4 records, 1 unreadable, 0 active, 4 inactive"


def test_files_without_labels_are_a_warning(demo: Path) -> None:
    (demo / "plain.smi").write_text("CCO a\n")
    asked = settings(demo, library={"files": ["binders.csv", "plain.smi"], "label_column": "act"})
    with pytest.raises(ConfigError, match=r"label 'act' .*did you mean 'active'"):
        open_inputs(asked).check()
    library = {"files": ["binders.csv", "plain.smi"], "label_column": "active"}
    found = open_inputs(settings(demo, library=library))
    assert found.faults == []
    assert found.warnings == [
        "The label 'active' is no column or tag of plain.smi: their molecules have none."
    ]


def test_a_missing_package_for_protomers_is_a_fault(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screenmm.ligands.protomers.find_spec", lambda name: None)
    asked = settings(demo, ligands={"protomers": "dimorphite"})
    with pytest.raises(ConfigError, match="dimorphite needs the package dimorphite-dl"):
        open_inputs(asked).check()


def test_the_pockets_ligand_is_read_as_a_template_before_any_job(demo: Path):
    found = open_inputs(settings(demo, docking__reference_template=True))
    assert found.templates == ["the ligand of each pocket"]
    assert not found.faults
    # a pocket needs positions alone, a template its chemistry: a carbon with five bonds
    lines = (demo / "crystal_ligand.sdf").read_text().splitlines()
    atoms = int(lines[3][:3])
    lines[4 + atoms] = lines[4 + atoms][:6] + "  3" + lines[4 + atoms][9:]
    (demo / "odd.sdf").write_text("\n".join([*lines, "$$$$", ""]))
    odd = {"ligand": "odd.sdf"}
    assert not open_inputs(settings(demo, pocket=odd)).faults
    refused = open_inputs(settings(demo, pocket=odd, docking__reference_template=True))
    (fault,) = refused.faults
    assert "docking.reference_template: RDKit cannot read it" in fault


def test_templates_are_named_and_must_lie_in_the_box(demo: Path):
    found = open_inputs(settings(demo, docking__templates=["crystal_ligand.sdf"]))
    assert found.templates == ["ejm_42"]
    crystal = Chem.MolFromMolFile(str(demo / "crystal_ligand.sdf"), removeHs=False)
    center = (crystal.GetConformer().GetPositions().mean(axis=0) + np.array([12.0, 0, 0])).tolist()
    beside = {"center": center, "size": [20.0, 20.0, 20.0]}
    far = settings(demo, docking__templates=["crystal_ligand.sdf"], pocket=beside)
    (fault,) = [each for each in open_inputs(far).faults if "template" in each]
    assert "crystal_ligand.sdf, record 1: the centre of template ejm_42 lies 2.0 Å" in fault
    assert "outside the box of receptor tyk2" in fault


def test_a_template_that_cannot_be_read_is_a_fault(demo: Path):
    (demo / "no_template.sdf").write_text("no\nmolecule\n$$$$\n")
    found = open_inputs(settings(demo, docking__templates=["no_template.sdf"]))
    (fault,) = found.faults
    assert "no_template.sdf, record 1: RDKit cannot read it" in fault


def test_a_pocket_without_a_ligand_is_looked_for_before_the_run(tmp_path: Path) -> None:
    write_demo(tmp_path)
    config = {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["drugs.csv"]},
        "receptors": {"wt": {"structure": "receptor.pdb"}},
        "pocket": {"find": 1},
    }
    told = open_inputs(parse_settings(config, tmp_path)).receptors[0]
    assert re.search(r"pocket found without a ligand: rank 1 of \d+ by druggability", told)
    config["pocket"] = {"find": 500}
    (fault,) = open_inputs(parse_settings(config, tmp_path)).faults
    assert re.search(r"receptor wt: pocket.find 500: \d+ pockets are found", fault)
