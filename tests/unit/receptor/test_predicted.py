"""Which files hold a predicted model; a crystal is never taken for one."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import gemmi
import numpy as np
import pytest

from screenmm.core.errors import ReceptorError
from screenmm.files.whole import read_text
from screenmm.receptor.predicted import Origin, as_percent, find_origin
from screenmm.receptor.reading import read_structure
from screenmm.receptor.records import read_records
from tests.unit.receptor.predicted_models import QMEAN, RELAXED, TRKA, as_modelcif, renamed


def origin(path: Path, asked: bool | None = None) -> Origin:
    text = read_text(path)
    return find_origin(text, path.name, read_records(text, path.name), asked)


def b_factors(path: Path) -> dict[int, float]:
    """B factor of the CA atom by residue number, as gemmi reads it."""
    chain = gemmi.read_structure(str(path))[0][0]
    return {residue.seqid.num: residue["CA"][0].b_iso for residue in chain}


def plddt(path: Path, asked: bool | None = None) -> dict[int, float]:
    structure = read_structure(path, predicted=asked)
    return {each.number: each.plddt for each in structure.residues if each.plddt is not None}


def edited(source: Path, path: Path, *, head: str = "", scale: float | None = None) -> Path:
    """Write atoms alone behind a head of one's own, their B factors scaled."""
    lines = []
    for line in source.read_text().splitlines():
        if line.startswith("ATOM"):
            b = line[60:66] if scale is None else f"{scale * float(line[60:66]):6.2f}"
            lines.append(line[:60] + b + line[66:])
    path.write_text("\n".join([*([head] if head else []), *lines, "END", ""]))
    return path


@pytest.fixture
def trka(benchmark_data: Path) -> Path:
    return benchmark_data / TRKA


def test_alphafold_database(trka: Path) -> None:
    found = origin(trka)
    assert (found.is_model, found.why) == (True, "TITLE names ALPHAFOLD")
    assert plddt(trka) == pytest.approx(b_factors(trka))
    # shared/data/INDEX.md: 191 of 796 residues below 70
    assert sum(value < 70 for value in plddt(trka).values()) == 191


def test_relaxed_model_has_plddt_and_no_header(benchmark_data: Path) -> None:
    path = benchmark_data / RELAXED
    assert origin(path).is_model
    assert "one B factor" in origin(path).why
    assert plddt(path) == pytest.approx(b_factors(path))


def structures(folder: Path) -> list[Path]:
    endings = (".pdb", ".pdb.gz", ".cif", ".cif.gz", ".ent", ".pdbqt")
    return sorted(path for path in folder.rglob("*") if path.name.lower().endswith(endings))


def test_no_experimental_structure_is_a_model(
    benchmark_data: Path, root: Path, tyk2_folder: Path
) -> None:
    measured = [
        *structures(benchmark_data),
        *structures(root / "benchmarks"),
        *structures(root / "tests"),
        *structures(tyk2_folder.parent),
    ]
    measured = [path for path in measured if "predicted" not in path.parts]
    assert len(measured) > 60
    taken = [str(path) for path in measured if origin(path).is_model]
    assert taken == []


@pytest.mark.parametrize(
    "entry", ["1bju_GP6", "1eve_E20", "4pjt_2YQ", "2efj_37T", "3og7_032", "4qnb_1B0", "1hpx_KNI"]
)
def test_crystal_whose_header_is_lost(entry: str, benchmark_data: Path, tmp_path: Path) -> None:
    """One B factor a residue, as coarse refinement has it, but it falls where chains are packed."""
    structure = gemmi.read_structure(
        str(benchmark_data / f"complexes/deposited/{entry}/raw.pdb.gz")
    )
    structure.remove_ligands_and_waters()
    structure.remove_alternative_conformations()
    for residue in (residue for chain in structure[0] for residue in chain):
        mean = np.mean([atom.b_iso for atom in residue])
        for atom in residue:
            atom.b_iso = mean
    whole, path = tmp_path / "whole.pdb", tmp_path / "bare.pdb"
    structure.write_pdb(str(whole))
    assert not origin(edited(whole, path)).is_model


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("EXPDTA    X-RAY DIFFRACTION", "EXPDTA X-RAY DIFFRACTION"),
        ("REMARK   2 RESOLUTION.    2.10 ANGSTROMS.", "resolution 2.10 Å"),
        ("CRYST1   57.910   57.910  149.730  90.00  90.00  90.00 P 43 21 2", "57.910"),
    ],
)
def test_experiment_outweighs_the_rest(head: str, why: str, trka: Path, tmp_path: Path) -> None:
    """As of an entry that was solved with a model: its header names AlphaFold too."""
    path = edited(trka, tmp_path / "x.pdb", head=f"{head}\nREMARK 200 STARTING MODEL: ALPHAFOLD")
    assert not origin(path).is_model
    assert why in origin(path).why
    assert plddt(path) == {}
    assert origin(path, True).is_model
    assert plddt(path, True) == pytest.approx(b_factors(trka))


@pytest.fixture
def bare_crystal(benchmark_data: Path, tmp_path: Path) -> Path:
    """Chains of a crystal, with nothing but B factors within pLDDT's range."""
    source = benchmark_data / "complexes/deposited/1bju_GP6/raw.pdb.gz"
    whole = tmp_path / "whole.pdb"
    whole.write_bytes(gzip.decompress(source.read_bytes()))
    return edited(whole, tmp_path / "bare.pdb")


@pytest.mark.parametrize(
    "head",
    ["REMARK   3 MR SEARCH MODEL: ALPHAFOLD", "AUTHOR    J.CHAI,Y.SHI",
     "JRNL        AUTH   A.BOLTZ,Y.SHI"],
)  # fmt: skip
def test_crystal_that_mentions_a_predictor(head: str, bare_crystal: Path) -> None:
    assert 0 < min(b_factors(bare_crystal).values()) < max(b_factors(bare_crystal).values()) < 100
    bare_crystal.write_text(f"{head}\n{bare_crystal.read_text()}")
    found = origin(bare_crystal)
    assert not found.is_model
    assert found.why.startswith("REMARK names ALPHAFOLD, as") == head.startswith("REMARK")
    assert origin(bare_crystal, True).is_model


@pytest.mark.parametrize("tag", ["_software.name", "_citation.title"])
def test_crystal_of_mmcif_that_mentions_a_predictor(
    tag: str, bare_crystal: Path, trka: Path, tmp_path: Path
) -> None:
    for source, expected in ((bare_crystal, False), (edited(trka, tmp_path / "y.pdb"), True)):
        block = gemmi.read_structure(str(source)).make_mmcif_block()
        block.set_pair(tag, "'Phaser, of a model by AlphaFold'")
        path = tmp_path / "x.cif"
        path.write_text(block.as_string())
        found = origin(path)
        assert found.is_model == expected
        assert found.why.startswith(f"{tag} names AlphaFold")


def test_remark_says_whose_a_theoretical_model_is(bare_crystal: Path) -> None:
    head = "EXPDTA    THEORETICAL MODEL\nREMARK   1 ALPHAFOLD 3, PLDDT BY ATOM"
    bare_crystal.write_text(f"{head}\n{bare_crystal.read_text()}")
    assert len(plddt(bare_crystal)) == len(b_factors(bare_crystal))


def test_unit_cell_of_one_angstrom_is_none(trka: Path, tmp_path: Path) -> None:
    cell = "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1"
    assert origin(edited(trka, tmp_path / "x.pdb", head=cell)).is_model


@pytest.mark.parametrize(
    "head",
    ["TITLE     ESMFOLD V1 PREDICTION FOR X", "REMARK   1 BOLTZ-2", "PARENT N/A",
     "TITLE     COLABFOLD MODEL"],
)  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_headers_and_scales(head: str, scale: float, trka: Path, tmp_path: Path) -> None:
    path = edited(trka, tmp_path / "x.pdb", head=head, scale=scale)
    assert plddt(path) == pytest.approx(b_factors(trka), abs=0.51 if scale < 1 else 0.01)


def test_word_within_a_word_names_no_predictor(trka: Path, tmp_path: Path) -> None:
    path = edited(trka, tmp_path / "x.pdb", head="TITLE     CHAINS OF BOLTZMANN", scale=0.0)
    assert not origin(path).is_model


def test_model_without_plddt(trka: Path, tmp_path: Path) -> None:
    swiss = "EXPDTA    THEORETICAL MODEL (SWISS-MODEL SERVER)"
    # B factors are another estimate there, unlike pLDDT in that they differ within a residue
    path = edited(trka, tmp_path / "x.pdb", head=swiss, scale=0.0)
    assert origin(path).is_model
    assert plddt(path) == {}


def test_config_overrules_the_file(trka: Path) -> None:
    assert not origin(trka, False).is_model
    assert plddt(trka, False) == {}


@pytest.mark.parametrize(
    ("scale", "b_factor"), [(1.0, None), (0.01, None), (1.0, 0.0), (0.01, 3.0)]
)
def test_modelcif_has_its_own_table(
    scale: float, b_factor: float | None, trka: Path, tmp_path: Path
) -> None:
    path = as_modelcif(trka, tmp_path / "x.cif", scale=scale, b_factor=b_factor)
    assert "ModelCIF" in origin(path).why
    assert plddt(path) == pytest.approx(b_factors(trka), abs=0.01)
    packed = tmp_path / "y.cif.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert plddt(packed) == plddt(path)


@pytest.mark.parametrize("b_factor", [7.0, None])
def test_other_estimates_are_no_plddt(trka: Path, tmp_path: Path, b_factor: float | None) -> None:
    # without one of its own each B factor is the estimate, and looks like pLDDT
    path = as_modelcif(trka, tmp_path / "x.cif", metric=QMEAN, scale=0.01, b_factor=b_factor)
    assert origin(path).is_model
    assert plddt(path) == {}


def test_modelcif_of_an_experiment(trka: Path, tmp_path: Path) -> None:
    path = as_modelcif(trka, tmp_path / "x.cif")
    with path.open("a") as handle:
        handle.write("_exptl.method 'X-RAY DIFFRACTION'\n")
    assert not origin(path).is_model


@pytest.mark.parametrize("value", ["high", "nan", "inf", "-0.1", "388.1"])
def test_value_that_is_no_plddt(value: str, trka: Path, tmp_path: Path) -> None:
    path = as_modelcif(trka, tmp_path / "x.cif")
    path.write_text(re.sub(r"(MET 1 1) 38.8100", rf"\1 {value}", path.read_text()))
    with pytest.raises(ReceptorError, match=f"'{value}' for residue 1 of .*0 to 100"):
        read_structure(path)


@pytest.mark.parametrize("value", [".", "?"])
def test_value_that_is_not_known(value: str, trka: Path, tmp_path: Path) -> None:
    path = as_modelcif(trka, tmp_path / "x.cif")
    path.write_text(re.sub(r"(MET 1 1) 38.8100", rf"\1 {value}", path.read_text()))
    assert b_factors(trka).keys() - plddt(path).keys() == {1}


def test_other_estimate_may_have_any_value(trka: Path, tmp_path: Path) -> None:
    path = as_modelcif(trka, tmp_path / "x.cif", metric=QMEAN, scale=-1)
    assert plddt(path) == {}


@pytest.mark.parametrize("text", ["   nan", "******", "      ", "   inf"])
def test_b_factor_that_is_no_number(text: str, trka: Path, tmp_path: Path) -> None:
    def spoilt(line: str) -> str:
        # of residue 600 all atoms, of 601 one
        is_bad = line[22:26] == " 600" or line[12:26] == " CA  LEU A 601"
        return line[:60] + text + line[66:] if line.startswith("ATOM") and is_bad else line

    path = tmp_path / "x.pdb"
    path.write_text("\n".join(map(spoilt, trka.read_text().splitlines())))
    structure = read_structure(path)
    found = {each.number: each.plddt for each in structure.residues if each.plddt is not None}
    assert found == pytest.approx({k: v for k, v in b_factors(trka).items() if k != 600})
    (note,) = [each.detail for each in structure.changes if each.kind == "no pLDDT"]
    assert "12 atoms of 2 residues (A:PHE:600, A:LEU:601): the file has none" in note


@pytest.mark.parametrize("group", ["HETATM", "ATOM  "])
@pytest.mark.parametrize("name", ["TPO", "MSE", "SEC", "UNK"])
def test_modified_residue_counts(name: str, group: str, trka: Path, tmp_path: Path) -> None:
    path = renamed(trka, tmp_path / "x.pdb", {450: name}, group)
    structure = read_structure(path)
    assert structure.ordinals == 796
    assert plddt(path) == pytest.approx(b_factors(trka))


def test_ligand_of_a_model_is_no_residue_of_it(trka: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.pdb"
    ligand = "HETATM 9001  C1  LIG L   1      90.000  90.000  90.000  1.00 55.00           C"
    path.write_text(trka.read_text().replace("\nEND", f"\n{ligand}\nEND"))
    structure = read_structure(path)
    assert (len(structure.residues), structure.ordinals) == (797, 796)
    assert structure.residues[-1].plddt is None


def test_percent() -> None:
    assert as_percent([0.5, 1.0]) == [50, 100]
    assert as_percent([0.5, 1.01]) == [0.5, 1.01]
    assert as_percent([]) == []
