"""The eight JACS series from two preparers: the same ligands, matched by structure.

``openfe`` is OpenFreeEnergy's openfe-benchmarks; ``perses`` comes with the installed package
``openmmforcefields``. Proteins and poses of both go back to the same publication, and were
prepared apart: other hydrogens, rotamers and frames.

References
----------
L. Wang et al., J. Am. Chem. Soc. 137, 2695 (2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import gemmi
import numpy as np
from protocols import Ligand, Prepared, cached, gbn2_parameters
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds
from screens import data_folder, rows_of

from screenmm.config.settings import Pocket, Receptor
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.smirnoff import openmm_topology
from screenmm.mmgbsa.score import Pose
from screenmm.receptor.parametrise import receptor_model
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor

PREPARERS = ("openfe", "perses")
AFFINITY_TAG = "r_user_dG.exp"
STATELESS = {
    "HID": "HIS", "HIE": "HIS", "HIP": "HIS", "CYX": "CYS", "CYM": "CYS", "ASH": "ASP",
    "GLH": "GLU", "LYN": "LYS",
}  # fmt: skip
MOST_DIFFERENCE_KCAL_MOL = 0.01
"""Between the two preparers' affinities of one ligand: they are rounded differently."""


@dataclass(frozen=True)
class Posed:
    """A ligand of one preparer.

    Parameters
    ----------
    ligand : protocols.Ligand
        By the name that ``openfe`` gives it, whoever prepared it.
    mol : rdkit.Chem.Mol
        All hydrogens and the pose; its atoms are in the order of the parameters.
    """

    ligand: Ligand
    mol: Chem.Mol


@dataclass(frozen=True)
class Site:
    """A receptor of one preparer.

    Parameters
    ----------
    receptor : PreparedReceptor
        With topology.
    prepared : protocols.Prepared
        Parametrised.
    """

    receptor: PreparedReceptor
    prepared: Prepared


def folder_of(preparer: str, series: str) -> Path:
    if preparer == "openfe":
        return data_folder() / f"affinity/jacs_set__{series}"
    name = "p38a" if series == "p38" else series
    return Path(str(files("openmmforcefields"))) / "data/perses_jacs_systems" / name


def files_of(preparer: str, series: str) -> tuple[Path, Path]:
    """Protein and posed ligands."""
    folder = folder_of(preparer, series)
    (protein,), (ligands,) = folder.glob("*protein.pdb"), folder.glob("*ligands*.sdf")
    return protein, ligands


def read(preparer: str, series: str) -> list[Chem.Mol]:
    _, path = files_of(preparer, series)
    return list(Chem.SDMolSupplier(str(path), removeHs=False))


def structure_of(mol: Chem.Mol, stereo: bool = True) -> str:
    """Canonical SMILES, the key that matches the preparers' ligands."""
    return str(Chem.MolToSmiles(Chem.RemoveHs(mol), isomericSmiles=stereo))


def matched(series: str) -> list[tuple[str, float, dict[str, Chem.Mol]]]:
    """Name, measured ΔG (kcal/mol) and each preparer's pose of a series' ligands.

    Raises
    ------
    ValueError
        A ligand has no or several partners, or the preparers' affinities differ.
    """
    measured = {
        row["ligand_id"]: float(row["exp_dG_kcal_mol"])
        for row in rows_of(folder_of("openfe", series) / "affinities.csv")
    }
    theirs = read("perses", series)
    found = []
    for mol in read("openfe", series):
        name = mol.GetProp("_Name")
        other = partner(mol, theirs)
        affinity = float(other.GetProp(AFFINITY_TAG))
        if abs(affinity - measured[name]) > MOST_DIFFERENCE_KCAL_MOL:
            raise ValueError(f"{series} {name}: ΔG {measured[name]} and {affinity} kcal/mol")
        found.append((name, measured[name], {"openfe": mol, "perses": other}))
    return found


def partner(mol: Chem.Mol, candidates: list[Chem.Mol]) -> Chem.Mol:
    """The candidate of the same structure; where a centre is unlabelled, of the same graph."""
    for stereo in (True, False):
        wanted = structure_of(mol, stereo)
        same = [each for each in candidates if structure_of(each, stereo) == wanted]
        if len(same) == 1:
            return same[0]
    raise ValueError(f"{mol.GetProp('_Name')}: {len(same)} partners of {wanted}")


def posed(mol: Chem.Mol, name: str, measured: float) -> Posed:
    pose = Pose(ligand_parameters(mol), mol.GetConformer().GetPositions())
    return Posed(
        Ligand(
            name,
            pose,
            gbn2_parameters(openmm_topology(mol)),
            CalcNumRotatableBonds(mol),
            mol.GetNumHeavyAtoms(),
            measured,
        ),
        mol,
    )


def ligands_of(work: Path, preparer: str, series: str) -> list[Posed]:
    def make() -> list[Posed]:
        return [posed(mols[preparer], name, measured) for name, measured, mols in matched(series)]

    found: list[Posed] = cached(work / f"ligands/{preparer}/{series}.pkl", make)
    return found


def site_of(
    work: Path, preparer: str, series: str, waters: bool = False, rebuilt: bool = False
) -> Site:
    """The receptor as the package prepares it.

    Parameters
    ----------
    work : Path
    preparer, series : str
    waters : bool
        With the pocket's waters.
    rebuilt : bool
        Without the file's hydrogens and the states that its residue names tell: the package
        decides on both.
    """

    def make() -> Site:
        protein, ligands = files_of(preparer, series)
        if rebuilt:
            protein = without_hydrogens(protein, path.with_suffix(".pdb"))
        settings = Receptor(structure=protein, keep_waters="pocket" if waters else "none")
        receptor = prepare_receptor(series, settings, Pocket(ligand=ligands))
        parameters = gbn2_parameters(receptor.topology)
        return Site(receptor, Prepared(receptor_model(receptor), np.asarray(parameters)))

    kind = "_waters" * waters + "_rebuilt" * rebuilt
    path = work / f"receptors/{preparer}/{series}{kind}.pkl"
    found: Site = cached(path, make)
    return found


def without_hydrogens(source: Path, target: Path) -> Path:
    """Write a structure's heavy atoms, under the residue names that tell no state."""
    structure = gemmi.read_structure(str(source))
    structure.remove_hydrogens()
    for model in structure:
        for chain in model:
            for residue in chain:
                residue.name = STATELESS.get(residue.name, residue.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    structure.write_pdb(str(target))
    return target
