"""Which variants are modelled, in a real structure, and what the others are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screenmm.core.errors import ReceptorError
from screenmm.variants.changes import Substitution, Variant
from screenmm.variants.entries import Wanted
from screenmm.variants.listed import Modelled, read_modelled, write_modelled
from screenmm.variants.model import Prepared
from screenmm.variants.modelled import (
    RIGID,
    modelled_variants,
    null_variants,
    pocket_distances,
    residues_of,
    side_charge,
)
from screenmm.variants.numbering import StructureResidue, locate, number_structure
from screenmm.variants.readers import read_list

CHANGES = ["V93A", "p.Val93Phe", "V93A", "M90I+V93A", "D153K", "T2A", "W5G", "G2000A", "L9="]


@pytest.fixture(scope="module")
def distances(wild: Prepared, tyk2_receptor: Path) -> np.ndarray:
    return pocket_distances(wild, tyk2_receptor)


@pytest.fixture(scope="module")
def found(wild: Prepared, distances: np.ndarray) -> dict[str, Modelled]:
    reading = read_list(CHANGES, Wanted())
    numbering = number_structure(residues_of(wild), None)
    made = modelled_variants(reading, numbering, wild, distances, 12.0)
    return {each.name: each for each in made}


def test_each_distinct_variant_once_with_its_entries(found: dict[str, Modelled]) -> None:
    assert {name: each.entries for name, each in found.items()} == {
        "V93A": 2, "V93F": 1, "M90I+V93A": 1, "D153K": 1, "T2A": 1, "W5G": 1, "G2000A": 1,
    }  # fmt: skip
    assert [name for name, each in found.items() if not each.is_left_out] == [
        "M90I+V93A", "V93A", "V93F", "D153K",
    ]  # fmt: skip


def test_reasons(found: dict[str, Modelled]) -> None:
    reasons = {name: each.reason for name, each in found.items() if each.is_left_out}
    assert reasons == {
        "T2A": "far_from_pocket", "W5G": "other_residue", "G2000A": "outside_structure",
    }  # fmt: skip
    assert "variants.distance_angstrom is 12" in found["T2A"].message
    assert "A:H5" in found["W5G"].message


def test_what_is_exchanged(found: dict[str, Modelled], wild: Prepared) -> None:
    both = found["M90I+V93A"]
    assert both.residues == ["A:MET:90", "A:VAL:93"]
    assert list(both.changes.values()) == ["ILE", "ALA"]
    assert found["D153K"].charge_change == 2
    assert found["V93A"].charge_change == 0
    assert found["V93A"].pocket_distance_angstrom < 5


def test_controls_are_the_exchanged_residues_first(
    found: dict[str, Modelled], wild: Prepared, distances: np.ndarray
) -> None:
    nulls = null_variants(wild, distances, list(found.values()), 6)
    assert len(nulls) == 6
    assert {"A:MET:90", "A:VAL:93", "A:ASP:153"} == {each.name for each in nulls[:3]}
    for each in nulls:
        ((residue, name),) = each.changes.items()
        assert wild.residue_name(residue) == name
        assert name not in RIGID
        assert each.kind == "null"


def test_the_list_is_read_as_it_was_written(found: dict[str, Modelled], tmp_path: Path) -> None:
    written = list(found.values())
    write_modelled(written, tmp_path / "modelled.json")
    read = read_modelled(tmp_path / "modelled.json")
    assert [each.name for each in read] == [each.name for each in written]
    assert [each.changes for each in read] == [each.changes for each in written]
    assert np.isnan(read[-1].pocket_distance_angstrom)


def test_charges_are_those_of_the_protonated_residues(wild: Prepared) -> None:
    charges = {
        str(label): side_charge(wild, residue)
        for residue, label in enumerate(wild.model.residue_labels)
    }
    assert (charges["A:ASP:153"], charges["A:LYS:42"], charges["A:VAL:93"]) == (-1, 1, 0)
    # the preparer protonated it twice
    assert charges["A:HIS:19"] == 1
    assert set(charges.values()) == {-1, 0, 1}


def test_a_residue_that_is_no_amino_acid_of_the_twenty_is_a_row_and_no_fault(
    wild: Prepared, distances: np.ndarray
) -> None:
    labels = wild.model.residue_labels.copy()
    labels[labels == "A:THR:2"] = "A:TPO:2"
    phospho = replace(wild, model=replace(wild.model, residue_labels=labels))
    reading = read_list(["T2A"], Wanted())
    numbering = number_structure(residues_of(phospho), None)
    (found,) = modelled_variants(reading, numbering, phospho, distances, 100.0)
    assert (found.reason, found.changes) == ("not_modelled", {})
    assert "none of the 20 amino acids" in found.message


def test_chains_of_different_proteins_need_a_sequence() -> None:
    protein = [StructureResidue("A", n, "", letter) for n, letter in enumerate("MKTAYIAKQR", 1)]
    partner = [StructureResidue("B", n, "", letter) for n, letter in enumerate("GGTSSSLLEE", 1)]
    copy = [each._replace(chain="C") for each in protein]
    variant = Variant((Substitution("T", 3, "A"),))
    (both,) = locate(number_structure([*protein, *copy], None), variant)
    assert [each.chain for each in both.residues] == ["A", "C"]
    with pytest.raises(ReceptorError, match=r"A:T3 and B:T3, of different proteins.*sequence"):
        locate(number_structure([*protein, *partner], None), variant)
