from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import LedgerError
from screenmm.exports.hits import one_line, write_hits
from screenmm.files.whole import read_text
from tests.unit.screens import HOSTILE, RECEPTORS, Screen


def _read(path: Path) -> list[Chem.Mol]:
    return list(Chem.SDMolSupplier(str(path), removeHs=False))


def _poses(screen: Screen, receptor: str) -> dict[str, Chem.Mol]:
    supplier = Chem.SDMolSupplier()
    supplier.SetData("".join(read_text(path) for path in screen.sdf[receptor]), removeHs=False)
    return {mol.GetProp("_Name"): mol for mol in supplier}


def test_hits_are_the_scored_ranking_in_order(screen: Screen, ranked, tmp_path: Path) -> None:
    expected = ranked.execute(
        "SELECT name, receptor, rank, state, pose FROM ranking "
        "WHERE dg_mmgbsa_kcal_mol IS NOT NULL ORDER BY receptor_ordinal, rank"
    ).fetchall()
    assert write_hits(ranked, screen.sdf, tmp_path / "hits.sdf") == len(expected)
    mols = _read(tmp_path / "hits.sdf")
    found = [
        (m.GetProp("name"), m.GetProp("receptor"), m.GetIntProp("rank"), m.GetProp("state"),
         m.GetIntProp("pose"))
        for m in mols
    ]  # fmt: skip
    assert found == expected
    assert [m.GetProp("_Name") for m in mols] == [row[0] for row in expected]
    for mol, (_, receptor, _, state, pose) in zip(mols, expected, strict=True):
        source = _poses(screen, receptor)[f"{state}_p{pose}"]
        assert np.array_equal(
            mol.GetConformer().GetPositions(), source.GetConformer().GetPositions()
        )
        assert mol.GetNumAtoms() == source.GetNumAtoms()


def test_bytes_do_not_depend_on_the_order_of_shards(screen: Screen, ranked, tmp_path) -> None:
    write_hits(ranked, screen.sdf, tmp_path / "one.sdf")
    write_hits(ranked, {r: p[::-1] for r, p in screen.sdf.items()}, tmp_path / "two.sdf")
    assert (tmp_path / "one.sdf").read_bytes() == (tmp_path / "two.sdf").read_bytes()


def test_no_name_breaks_the_file(screen: Screen, con, tmp_path: Path) -> None:
    names = ["$$$$\n" + name for name in HOSTILE]
    for rank, name in enumerate(names, start=1):
        con.execute("UPDATE ranking SET name = ? WHERE rank = ?", [name, rank])
    count = write_hits(con, screen.sdf, tmp_path / "hits.sdf")
    mols = _read(tmp_path / "hits.sdf")
    assert len(mols) == count
    assert all(mols)
    assert {one_line(name).strip() for name in names} <= {m.GetProp("_Name").strip() for m in mols}


def test_a_pose_in_no_shard_is_an_error(screen: Screen, ranked, tmp_path: Path) -> None:
    shards = {receptor: paths[:1] for receptor, paths in screen.sdf.items()}
    with pytest.raises(LedgerError, match=r"receptor wt: no shard has the ranked pose \S+_s1_p"):
        write_hits(ranked, shards, tmp_path / "hits.sdf")
    assert not (tmp_path / "hits.sdf").exists()


def test_nothing_scored_gives_an_empty_file(screen: Screen, tmp_path: Path) -> None:
    parts = replace(screen.parts, scores={}, selected=None)
    con = replace(screen, parts=parts).open()
    assert write_hits(con, {receptor: [] for receptor in RECEPTORS}, tmp_path / "hits.sdf") == 0
    assert (tmp_path / "hits.sdf").read_bytes() == b""
