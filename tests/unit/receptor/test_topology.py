"""Bonds of modified residues, which OpenMM's own tables do not have."""

from __future__ import annotations

from pathlib import Path

from screenmm.receptor.reading import read_structure
from screenmm.receptor.topology import build_topology


def test_a_modified_residue_is_bonded_to_the_one_before_it_and_the_first_to_none(
    fragments: Path,
) -> None:
    """Two serines as phosphoserines that lack their phosphates."""
    serines = [r for r in read_structure(fragments / "2efj.pdb").residues if r.number in (22, 23)]
    for residue in serines:
        residue.name = "SEP"
    topology, _ = build_topology([serines])
    joined = {
        frozenset((f"{a.residue.id}:{a.name}", f"{b.residue.id}:{b.name}"))
        for a, b in topology.bonds()
    }
    assert {pair for pair in joined if len({each.split(":")[0] for each in pair}) > 1} == {
        frozenset(("22:C", "23:N"))
    }
    assert frozenset(("22:CB", "22:OG")) in joined
    # N–CA, CA–C, C–O, CA–CB, CB–OG of each, and the peptide bond
    assert len(joined) == 11
