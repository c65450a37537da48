"""Structures as real files have them: what is read is the same as from the clean file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from screenmm.cli import main
from screenmm.config.settings import Pocket, Receptor, load_settings
from screenmm.core.errors import PocketError
from screenmm.receptor.prepare import PreparedReceptor, choose_residues, prepare_receptor
from screenmm.receptor.reading import read_structure
from screenmm.receptor.records import count_records
from screenmm.receptor.structure import Structure

Case = Callable[[str], Path]


def chain_sizes(structure: Structure) -> dict[str, int]:
    return dict(Counter(each.chain for each in structure.of_kind("polymer")))


def notes(structure: Structure, kind: str) -> dict[str, str]:
    return {each.residue: each.detail for each in structure.changes if each.kind == kind}


def prepared(folder: Path, config: str = "config.yaml") -> PreparedReceptor:
    settings = load_settings(folder / config)
    return prepare_receptor("p", settings.receptors["p"], settings.pocket_of("p"))


def heavy(structure: Structure) -> int:
    return sum(len(each.heavy()) for each in structure.residues)


def distance(receptor: PreparedReceptor, label: tuple[str, str], one: str, other: str) -> float:
    """Length of a bond of the residue with this chain and number, Å."""
    xyz = {
        atom.name: receptor.positions_angstrom[atom.index]
        for atom in receptor.topology.atoms()
        if (atom.residue.chain.id, atom.residue.id) == label
    }
    return float(np.linalg.norm(xyz[one] - xyz[other]))


def test_chains_without_letters(case: Case) -> None:
    receptor = prepared(case("01-no-chain-letters"))
    assert receptor.topology.getNumResidues() == 198
    assert receptor.topology.getNumAtoms() == 3129
    assert len(receptor.pocket.lining) == 31
    assert receptor.heavy_atoms.read == receptor.heavy_atoms.kept == 1516
    assert "B: PRO 1–PHE 99, in a chain without a name of the file" in receptor.report_text()


def test_two_chains_of_one_letter(case: Case, tmp_path: Path) -> None:
    folder = case("01-no-chain-letters")
    text = (folder / "dimer_no_chain_ids.pdb").read_text()
    lines = [
        f"{line[:21]}A{line[22:]}" if line.startswith("ATOM") else line
        for line in text.splitlines()
    ]
    (tmp_path / "both_a.pdb").write_text("\n".join(lines))
    (tmp_path / "no_ter.pdb").write_text("\n".join(x for x in lines if not x.startswith("TER")))
    for name in ("both_a.pdb", "no_ter.pdb"):
        structure = read_structure(tmp_path / name)
        assert chain_sizes(structure) == {"A": 99, "B": 99}
        assert heavy(structure) == 1516
        assert notes(structure, "chain told apart")["B"].startswith("PRO 1–PHE 99, in chain A")


def test_an_assembly_in_two_models(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    folder = case("02-two-models")
    receptor = prepared(folder)
    assert receptor.topology.getNumResidues() == 198
    assert len(receptor.pocket.lining) == 31
    told = "2 models that do not overlap, an assembly: all are the receptor"
    assert told in receptor.report_text()
    assert main(["check", str(folder / "config.yaml")]) == 0
    assert told in capsys.readouterr().out


def test_an_ensemble_gives_its_first_model(case: Case, tmp_path: Path) -> None:
    text = (case("02-two-models") / "assembly_pdb1.pdb").read_text()
    first = text.partition("ENDMDL\n")[0] + "ENDMDL\n"
    (tmp_path / "nmr.pdb").write_text(first + first.replace("MODEL        1", "MODEL        2"))
    structure = read_structure(tmp_path / "nmr.pdb")
    assert chain_sizes(structure) == {"A": 99}
    assert notes(structure, "models")[""].startswith("2 models on top of one another, an ensemble")
    assert Counter(structure.conservation.removed.values()) == {"other model": 758}


def test_alternates_are_not_mixed(case: Case) -> None:
    receptor = prepared(case("04-alternates-mixed"))
    # of B, CB stands 2.76 Å from CA, so A is kept and what it lacks is built
    assert distance(receptor, ("A", "8"), "CA", "CB") == pytest.approx(1.52, abs=0.05)
    assert distance(receptor, ("A", "8"), "CG", "CD") == pytest.approx(1.52, abs=0.05)
    text = receptor.report_text()
    assert "A:ARG:8: kept A, as the others' atoms do not fit" in text
    assert "A:ARG:8: heavy atoms CD NE CZ NH1 NH2" in text
    assert receptor.heavy_atoms.removed == {"alternate location": 7}
    assert receptor.heavy_atoms.added == 5


def test_chains_of_an_assembly_file(case: Case) -> None:
    structure = read_structure(case("13-assembly-chains") / "assembly1.cif", ["A-2"])
    assert chain_sizes(structure) == {"A-2": 99}
    assert [each.label for each in structure.of_kind("other")] == ["A-2:A1LU6:900"]


def test_waters_of_one_number(case: Case) -> None:
    receptor = prepared(case("15-repeated-identity"))
    text = receptor.report_text()
    # the second stands 0.9 Å from an oxygen of B:ASP:29
    assert "2 of 2 kept by policy all, 1 of them removed again" in text
    assert "A:HOH:9999: 1 more under this label: A:HOH:10000" in text
    assert receptor.heavy_atoms.removed == {"water on top of another atom": 1}


def test_two_ligands_of_one_identity(case: Case) -> None:
    settings = load_settings(case("15-repeated-identity") / "config_twolig.yaml")
    with pytest.raises(PocketError, match="LIG matches A:LIG:1, A:LIG:100: name one of them"):
        choose_residues(settings.receptors["p"], settings.pocket_of("p"))
    # each can be chosen, and the box is around the one that was
    centers = {}
    for spec in ("A:LIG:1", "A:LIG:100"):
        pocket = Pocket(ligand_residue=spec)
        centers[spec] = choose_residues(settings.receptors["p"], pocket)[1].center
    assert centers["A:LIG:1"][0] - centers["A:LIG:100"][0] == pytest.approx(20.0, abs=0.01)


def test_upper_case_mmcif_with_a_comment(case: Case, tmp_path: Path) -> None:
    folder = case("20-upper-case-cif")
    text = (folder / "x.CIF").read_text()
    assert text.startswith("#")
    (tmp_path / "x.cif").write_text(text[text.index("data_") :])
    structures = [read_structure(folder / "x.CIF"), read_structure(tmp_path / "x.cif")]
    labels = [[each.label for each in structure.residues] for structure in structures]
    assert labels[0] == labels[1]
    assert heavy(structures[0]) == heavy(structures[1]) == count_records(text) == 1562
    receptor = prepare_receptor(
        "p", Receptor(structure=folder / "x.CIF"), Pocket(ligand=folder / "ligand.sdf")
    )
    assert receptor.topology.getNumAtoms() == 3129


def test_no_structure_is_taken_for_a_predicted_model(cases: Path) -> None:
    paths = sorted(path for path in cases.rglob("*") if ".pdb" in path.name or ".cif" in path.name)
    assert len(paths) > 15
    assert [path.name for path in paths if read_structure(path).origin.is_model] == []
