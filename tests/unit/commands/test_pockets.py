"""Command ``pockets``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import gemmi
import numpy as np
import pytest
from rdkit import Chem

from screenmm.cli import main
from screenmm.config.settings import Pocket
from screenmm.docking.placement.templates import check_in_box, read_templates
from screenmm.receptor.pocket import resolve_pocket
from screenmm.receptor.pocket_finder import find_pockets
from screenmm.receptor.reading import read_structure


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[str, str]:
    assert main(["pockets", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    return out, err


def test_text_json_and_csv_say_the_same(
    tyk2_protein: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = printed(capsys, tyk2_protein, "--most", 3)
    head, first, *_, last = out.splitlines()
    assert head.split()[:2] == ["rank", "druggability"]
    assert "pLDDT" not in head
    found = json.loads(printed(capsys, tyk2_protein, "--json")[0])
    assert last == f"and {len(found) - 3} more (--most)"
    assert first.split()[:2] == ["1", f"{found[0]['druggability']:.2f}"]
    assert err == ""
    rows = list(csv.DictReader(io.StringIO(printed(capsys, tyk2_protein, "--csv")[0])))
    assert [int(row["rank"]) for row in rows] == [each["rank"] for each in found]
    assert rows[0]["residues"].split() == found[0]["residues"]
    expected = find_pockets(read_structure(tyk2_protein))
    for each, pocket in zip(found, expected, strict=True):
        centre = [each[f"center_{axis}_angstrom"] for axis in "xyz"]
        assert np.allclose(centre, pocket.centre, atol=1e-3)


def test_a_model_has_its_confidence_and_says_what_was_left_out(
    benchmark_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = benchmark_data / "predicted/NTRK1_TrkA_P04629_AFDB_v2.pdb"
    out, err = printed(capsys, path)
    assert "pLDDT" in out.splitlines()[0]
    assert err.startswith("trimmed, as of low confidence: A:MET:1 to ")


def test_files_to_look_at(
    benchmark_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = benchmark_data / "complexes/deposited/3og7_032/raw.pdb.gz"
    _, err = printed(capsys, path, "--chains", "A", "--most", 2, "--view", tmp_path / "view")
    assert "pockets.html" in err
    names = {each.name for each in (tmp_path / "view").iterdir()}
    assert names == {"pockets.html", "pockets.pdb", "view_pockets.pml", "raw.pdb.gz"}
    expected = find_pockets(read_structure(path, ["A"]))[:2]
    spheres = gemmi.read_structure(str(tmp_path / "view/pockets.pdb"))
    for pocket, residue in zip(expected, spheres[0]["P"], strict=True):
        assert (residue.name, residue.seqid.num) == ("POC", pocket.rank)
        written = [(*atom.pos.tolist(), atom.b_iso) for atom in residue]
        assert np.allclose(written, pocket.spheres, atol=0.006)
    script = (tmp_path / "view/view_pockets.pml").read_text()
    assert "load raw.pdb.gz, structure" in script
    assert script.count("create pocket_") == 2
    page = (tmp_path / "view/pockets.html").read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert [each["rank"] for each in data["pockets"]] == [1, 2]
    assert data["format"] == "pdb"
    assert "http" not in page.partition("<script")[0]  # nothing is loaded


def test_a_relatives_ligand_becomes_a_template(
    benchmark_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    abl = benchmark_data / "complexes/prepared/vina__1iep_imatinib_ABL"
    model = benchmark_data / "predicted/NTRK1_TrkA_P04629_AFDB_v2.pdb"
    given = ("--like", abl / "protein_H.pdb", "--ligand", abl / "ligand_ccd.sdf")
    out, _ = printed(capsys, model, *given, "--write", tmp_path / "imatinib.sdf")
    assert out.startswith("that of ligand_ccd.sdf of protein_H.pdb, laid over by chains A:A")
    (template,) = read_templates([tmp_path / "imatinib.sdf"])
    (imatinib,) = read_templates([abl / "ligand_ccd.sdf"])
    assert Chem.MolToSmiles(Chem.RemoveHs(template.mol)) == Chem.MolToSmiles(
        Chem.RemoveHs(imatinib.mol)
    )
    found = resolve_pocket(
        read_structure(model),
        Pocket(like={"structure": abl / "protein_H.pdb", "ligand": abl / "ligand_ccd.sdf"}),
    )
    check_in_box([template], found.center, found.size, "model")
    # moved as one piece
    one, other = (Chem.Get3DDistanceMatrix(each.mol) for each in (template, imatinib))
    assert np.allclose(one, other, atol=1e-3)
    assert main(["pockets", str(model), *map(str, given[:2])]) == 1
    assert "--like and --ligand go together" in capsys.readouterr().err
    residue = ["--like", str(model), "--ligand", "STI", "--write", str(tmp_path / "a.sdf")]
    assert main(["pockets", str(model), *residue]) == 1
    assert "has no bond orders, without which it is no template" in capsys.readouterr().err


def test_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pockets", str(tmp_path / "no.pdb")]) == 1
    assert f"no file {tmp_path / 'no.pdb'}" in capsys.readouterr().err
    (tmp_path / "a.txt").write_text("x")
    assert main(["pockets", str(tmp_path / "a.txt")]) == 1
    assert "the name must end in one of .pdb" in capsys.readouterr().err
