"""Templates: what a file must hold, and what is said where it does not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import ConfigError
from screenmm.docking.placement.templates import check_in_box, read_templates
from screenmm.files.sdf import sd_record


def write(folder: Path, *records: str, name: str = "templates.sdf") -> Path:
    path = folder / name
    path.write_text("".join(records))
    return path


@pytest.fixture
def record(tyk2_ligands) -> str:
    return sd_record(tyk2_ligands[0], tyk2_ligands[0].GetProp("_Name"), {})


def test_several_records_have_names_of_their_own(tmp_path, tyk2_ligands):
    first, second = tyk2_ligands[:2]
    path = write(
        tmp_path, *(sd_record(m, t, {}) for m, t in ((first, "A"), (second, ""), (second, "A")))
    )
    templates = read_templates([path])
    assert [each.name for each in templates] == ["A", "templates.sdf:2", "A (templates.sdf:3)"]
    assert templates[0].mol.GetNumAtoms() == first.GetNumAtoms()
    places = templates[0].mol.GetConformer().GetPositions()
    assert abs(places - first.GetConformer().GetPositions()).max() < 1e-3


def test_the_last_record_may_lack_its_end(tmp_path, record):
    assert len(read_templates([write(tmp_path, record.removesuffix("$$$$\n"))])) == 1


def block(smiles: str) -> str:
    return Chem.MolToMolBlock(Chem.MolFromSmiles(smiles)) + "$$$$\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no records"),
        ("rubbish\n$$$$\n", "record 1: RDKit cannot read it"),
        (block("Cc1ccccc1"), "record 1: no 3D coordinates"),
        (block("*c1ccccc1"), "record 1: atom 1 is of no element"),
    ],
)
def test_faults_name_file_and_record(tmp_path, text, said):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=f"{re.escape(str(path))}.*{said}"):
        read_templates([path])


def test_the_second_record_is_named(tmp_path, record):
    with pytest.raises(ConfigError, match=r"record 2: RDKit cannot read it: mend the record"):
        read_templates([write(tmp_path, record, "no\nmolecule\n$$$$\n")])


def test_two_molecules_in_a_record(tmp_path, tyk2_ligands):
    both = Chem.CombineMols(*tyk2_ligands[:2])
    with pytest.raises(ConfigError, match="record 1: it holds 2 molecules that no bond joins"):
        read_templates([write(tmp_path, sd_record(both, "two", {}))])


def test_a_template_outside_the_box(tmp_path, record):
    templates = read_templates([write(tmp_path, record)])
    middle = templates[0].mol.GetConformer().GetPositions().mean(axis=0)
    check_in_box(templates, middle, (10, 10, 10), "tyk2")
    with pytest.raises(ConfigError, match=r"record 1: .* lies 5\.0 Å outside the box of receptor"):
        check_in_box(templates, middle + np.array([10, 0, 0]), (10, 10, 10), "tyk2")
