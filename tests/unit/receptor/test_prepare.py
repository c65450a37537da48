from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import gemmi
import numpy as np
import pytest

from screenmm.core.errors import ReceptorError
from screenmm.receptor.prepare import PreparedReceptor
from screenmm.receptor.relax import worst_contact
from screenmm.receptor.write import write_structure
from tests.unit.receptor.conftest import Prepare, changes


def file_atoms(path: Path) -> dict[tuple[str, str, str], np.ndarray]:
    """Heavy atoms of a file by chain, number and name."""
    found = {}
    for chain in gemmi.read_structure(str(path))[0]:
        for residue in chain:
            for atom in residue:
                if not atom.is_hydrogen():
                    key = (chain.name.strip() or "A", str(residue.seqid), atom.name)
                    found[key] = np.array(atom.pos.tolist())
    return found


def largest_move(prepared: PreparedReceptor, path: Path) -> float:
    """Largest displacement of a heavy atom that both have, Å."""
    known = file_atoms(path)
    moves = []
    for atom in prepared.topology.atoms():
        residue = atom.residue
        key = (residue.chain.id, f"{residue.id}{residue.insertionCode.strip()}", atom.name)
        if key in known:
            moves.append(np.linalg.norm(known[key] - prepared.positions_angstrom[atom.index]))
    assert len(moves) > 0.9 * len(known)
    return float(max(moves))


def test_prepared_file_keeps_every_atom(tyk2: PreparedReceptor, tyk2_protein: Path) -> None:
    assert tyk2.topology.getNumAtoms() == 4670
    assert largest_move(tyk2, tyk2_protein) < 1e-3
    assert not changes(tyk2, "atoms added")


def test_prepared_file_keeps_its_histidines(tyk2: PreparedReceptor) -> None:
    states = Counter(
        detail.split(":")[0]
        for label, detail in changes(tyk2, "protonation").items()
        if ":HIS:" in f":{label}"
    )
    assert states == {"HIE": 7, "HID": 5, "HIP": 1}


def test_deposited_file_gets_hydrogens_and_nothing_moves(
    rebuilt_tyk2: PreparedReceptor, tyk2: PreparedReceptor, bare_tyk2: Path
) -> None:
    assert largest_move(rebuilt_tyk2, bare_tyk2) < 1e-3
    # states may differ from those of the file by a histidine or two
    assert abs(rebuilt_tyk2.topology.getNumAtoms() - tyk2.topology.getNumAtoms()) <= 3
    length, _, _ = worst_contact(rebuilt_tyk2.topology, rebuilt_tyk2.positions_angstrom)
    assert length > 0.9


def test_same_input_gives_the_same_bytes(
    rebuilt_tyk2: PreparedReceptor, prepare: Prepare, bare_tyk2: Path, tyk2_ligand: Path
) -> None:
    again = prepare(bare_tyk2, {"ligand": tyk2_ligand})
    assert again.positions_angstrom.tobytes() == rebuilt_tyk2.positions_angstrom.tobytes()
    assert again.report_text() == rebuilt_tyk2.report_text()


@pytest.mark.parametrize("name", ["r.pdb", "r.cif", "r.pdb.gz"])
def test_written_file_keeps_chains_and_numbers(
    tyk2: PreparedReceptor, tmp_path: Path, name: str
) -> None:
    write_structure(tyk2, tmp_path / name)
    once = (tmp_path / name).read_bytes()
    write_structure(tyk2, tmp_path / name)
    assert (tmp_path / name).read_bytes() == once
    read = gemmi.read_structure(str(tmp_path / name))[0]
    numbers = [residue.seqid.num for chain in read for residue in chain]
    assert numbers == [int(residue.id) for residue in tyk2.topology.residues()]


def test_other_suffixes_are_refused(tyk2: PreparedReceptor, tmp_path: Path) -> None:
    with pytest.raises(ReceptorError, match=r"must end in \.pdb, \.cif"):
        write_structure(tyk2, tmp_path / "receptor.mol2")


def test_report_is_plain_data(rebuilt_tyk2: PreparedReceptor) -> None:
    report = json.loads(json.dumps(rebuilt_tyk2.report_json()))
    assert report["receptor"] == "wt"
    assert {"kind", "residue", "detail"} == set(report["changes"][0])
    assert "protonation" in rebuilt_tyk2.report_text()


def test_mutation_builds_the_new_side_chain(
    prepare: Prepare, bare_tyk2: Path, tyk2_ligand: Path
) -> None:
    mutant = prepare(bare_tyk2, {"ligand": tyk2_ligand}, mutations=["V23M"])
    residue = next(r for r in mutant.topology.residues() if r.id == "23")
    assert residue.name == "MET"
    assert {"SD", "CE"} <= {atom.name for atom in residue.atoms()}
    assert largest_move(mutant, bare_tyk2) < 1e-3
    length, _, _ = worst_contact(mutant.topology, mutant.positions_angstrom)
    assert length > 0.9


@pytest.mark.parametrize(
    ("mutation", "message"),
    [("T23I", "no THR at 23; the structure has A:VAL:23"), ("A999G", "nothing in chains")],
)
def test_mutation_must_match(
    prepare: Prepare, bare_tyk2: Path, tyk2_ligand: Path, mutation: str, message: str
) -> None:
    with pytest.raises(ReceptorError, match=message):
        prepare(bare_tyk2, {"ligand": tyk2_ligand}, mutations=[mutation])


def test_unknown_chain_lists_those_there(prepare: Prepare, benchmark_data: Path) -> None:
    file = benchmark_data / "complexes/deposited/3og7_032/raw.pdb.gz"
    with pytest.raises(ReceptorError, match=r"no chain Q; its chains: A, B"):
        prepare(file, {"auto": True}, chains=["Q"])


def test_thrombin_across_chains_and_insertion_codes(
    prepare: Prepare, benchmark_data: Path, tmp_path: Path
) -> None:
    folder = benchmark_data / "affinity/jacs_set__thrombin"
    thrombin = prepare(folder / "protein.pdb", {"ligand": folder / "ligands.sdf"})
    bridges = set(changes(thrombin, "disulfide"))
    # the four disulfides of human alpha-thrombin, one between light and heavy chain
    assert len(bridges) == 4
    assert "L:CYS:1 H:CYS:122" in bridges
    names = Counter(residue.name for residue in thrombin.topology.residues())
    assert names["NME"] == 3
    assert names["NA"] == 1
    assert largest_move(thrombin, folder / "protein.pdb") < 1e-3
    # in chymotrypsin's numbers, as the literature names them
    write_structure(thrombin, tmp_path / "r.cif")
    written = {
        tuple(
            f"{each.chain_name}:{each.res_id.seqid.num}" for each in (bond.partner1, bond.partner2)
        )
        for bond in gemmi.read_structure(str(tmp_path / "r.cif")).connections
        if bond.type == gemmi.ConnectionType.Disulf
    }
    in_chain_h = {("H:42", "H:58"), ("H:168", "H:182"), ("H:191", "H:220")}
    assert written == in_chain_h | {("L:1", "H:122")}


def test_waters_by_policy(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "affinity/water_set__brd4"
    kept = {}
    for policy in ("none", "pocket", "all"):
        receptor = prepare(
            folder / "protein.pdb", {"ligand": folder / "ligands.sdf"}, keep_waters=policy
        )
        kept[policy] = sum(residue.name == "HOH" for residue in receptor.topology.residues())
    assert kept["none"] == 0
    assert 0 < kept["pocket"] < kept["all"] <= 130


def test_waters_named_by_a_simulation_package(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "affinity/water_set__hsp90_woodhead"
    assert " OW " in (folder / "protein.pdb").read_text()
    receptor = prepare(
        folder / "protein.pdb", {"ligand": folder / "ligands.sdf"}, keep_waters="pocket"
    )
    waters = [residue for residue in receptor.topology.residues() if residue.name == "HOH"]
    assert waters
    assert {tuple(atom.name for atom in water.atoms()) for water in waters} == {("O", "H1", "H2")}


def test_deposited_trypsin(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/deposited/1bju_GP6"
    trypsin = prepare(folder / "raw.pdb.gz", {"ligand_residue": "GP6"})
    # bovine trypsin: six disulfides, one structural calcium
    assert len(changes(trypsin, "disulfide")) == 6
    assert list(changes(trypsin, "ion kept")) == ["A:CA:246"]
    removed = changes(trypsin, "removed")
    assert {label.split(":")[1] for label in removed} == {"SO4", "DMS", "GP6"}
    assert largest_move(trypsin, folder / "receptor.pdb") < 1e-3


def test_an_unknown_molecule_is_in_the_way_near_the_pocket_alone(
    prepare: Prepare, benchmark_data: Path
) -> None:
    file = benchmark_data / "complexes/deposited/1bju_GP6/raw.pdb.gz"
    # benzamidines sit on Asp189, at the bottom of trypsin's S1 pocket
    message = r"A:GP6:910 is an organic molecule .* 2\.9 Å from the pocket \(an error within 8 Å\)"
    with pytest.raises(ReceptorError, match=message):
        prepare(file, {"residues": ["A:189"]})
    elsewhere = prepare(file, {"residues": ["A:60"]})
    detail = "organic molecule without parameters, 11 Å from the pocket"
    assert changes(elsewhere, "removed")["A:GP6:910"] == detail


def test_alternates_zinc_and_calcium(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/deposited/4gql_R47"
    mmp12 = prepare(folder / "raw.pdb.gz", {"ligand": folder / "ligand.sdf"})
    states = changes(mmp12, "protonation")
    # the catalytic zinc of MMP-12 is held by NE2 of 218, 222 and 228
    for number in (218, 222, 228):
        assert states[f"A:HIS:{number}"].startswith("HID")
    assert len(changes(mmp12, "ion kept")) == 5
    assert len(changes(mmp12, "alternate location")) > 10


def test_gaps_are_built_or_capped(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/deposited/3og7_032"
    braf = prepare(
        folder / "raw.pdb.gz", {"ligand": folder / "ligand.sdf"}, chains=["A"], max_missing_loop=3
    )
    assert "A:GLU:545 A:THR:546 A:LYS:547" in changes(braf, "loop built")
    capped = changes(braf, "gap")["A:ARG:626 A:ASN:631"]
    assert "A:NME:627 added" in capped
    assert "A:ACE:630 added" in capped
    assert largest_move(braf, folder / "receptor.pdb") < 1e-3
    assert changes(braf, "chain dropped") == {"B": "not among the chains asked for"}
