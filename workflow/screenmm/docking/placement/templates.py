"""Reference ligands that others are placed by: read from SD files, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rdkit import Chem, rdBase

from screenmm.core.errors import ConfigError
from screenmm.files.whole import read_text

REMEDY = "mend the record, or leave it out of the templates (docking.templates)"


@dataclass(frozen=True)
class Template:
    """A reference ligand in the receptor's frame.

    Parameters
    ----------
    name : str
        Title of its record; without one, the file's name and the record's number.
    mol : rdkit.Chem.Mol
        Sane, with one conformer, Å; hydrogens as the file has them.
    place : str
        File and record in words.
    """

    name: str
    mol: Chem.Mol
    place: str


def read_templates(paths: Iterable[Path]) -> list[Template]:
    """Read every record of the files.

    Parameters
    ----------
    paths : iterable of Path
        .sdf or .sdf.gz.

    Returns
    -------
    list of Template
        In the files' order; no two have one name.

    Raises
    ------
    ConfigError
        A file cannot be read or holds no record, or a record is not one whole molecule with
        bond orders and 3D coordinates.
    """
    found: list[Template] = []
    for path in paths:
        records = _records(path)
        if not records:
            raise ConfigError(f"{path} holds no records: {REMEDY}")
        for number, text in enumerate(records, 1):
            place = f"{path}, record {number}"
            mol = read_template(text, place)
            title = text.split("\n", 1)[0].strip() or f"{path.name}:{number}"
            taken = any(each.name == title for each in found)
            found.append(
                Template(f"{title} ({path.name}:{number})" if taken else title, mol, place)
            )
    return found


def check_in_box(
    templates: Iterable[Template], center: Sequence[float], size: Sequence[float], receptor: str
) -> None:
    """Check that the templates lie where is docked.

    Parameters
    ----------
    templates : iterable of Template
    center, size : sequence of float
        The docking box, Å.
    receptor : str
        Its name.

    Raises
    ------
    ConfigError
        A template's centre lies outside.
    """
    for each in templates:
        middle = each.mol.GetConformer().GetPositions().mean(axis=0)
        beyond = float((np.abs(middle - np.array(center)) - np.array(size) / 2).max())
        if beyond > 0:
            raise ConfigError(
                f"{each.place}: the centre of template {each.name} lies {beyond:.1f} Å outside "
                f"the box of receptor {receptor}: give templates in the receptor's frame, or mend "
                "the pocket"
            )


def _records(path: Path) -> list[str]:
    """Texts of a file's records; the last one may lack its end."""
    try:
        text = read_text(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error} (docking.templates)") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    records = re.split(r"^\$\$\$\$.*\n?", lines, flags=re.MULTILINE)
    return [each for each in records if each.strip()]


def read_template(text: str, place: str) -> Chem.Mol:
    """Read one record.

    Parameters
    ----------
    text : str
        Of the record.
    place : str
        Where it stands, in words.

    Raises
    ------
    ConfigError
        It is not one whole molecule with bond orders and 3D coordinates.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(text, removeHs=False)
    if mol is None:
        raise ConfigError(f"{place}: RDKit cannot read it: {REMEDY}")
    unknown = [atom.GetIdx() + 1 for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    if unknown:
        raise ConfigError(f"{place}: atom {unknown[0]} is of no element: {REMEDY}")
    if not mol.GetNumHeavyAtoms():
        raise ConfigError(f"{place}: it holds no heavy atoms: {REMEDY}")
    if not mol.GetConformer().Is3D():
        raise ConfigError(
            f"{place}: no 3D coordinates: give the pose in the receptor's frame (docking.templates)"
        )
    parts = len(Chem.GetMolFrags(mol))
    if parts > 1:
        raise ConfigError(
            f"{place}: it holds {parts} molecules that no bond joins: leave the ligand alone in it"
        )
    Chem.AssignStereochemistryFrom3D(mol)
    return mol
