"""Ligands made ready for docking: states with hydrogens and coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rdkit import Chem, rdBase

from screenmm.errors import LigandError, Reason
from screenmm.files import open_bytes
from screenmm.ligands.conformers import embed
from screenmm.ligands.states import find_states
from screenmm.seeds import seed_for
from screenmm.settings import Ligands

MAX_V2000 = 999
"""Most atoms or bonds in a V2000 mol block."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a ligand; ``mol`` has explicit hydrogens and one conformer."""

    inchikey: str
    state: str
    smiles: str
    mol: Chem.Mol


@dataclass(frozen=True, slots=True)
class Preparation:
    """What became of a ligand: its states, per failed state the error, and what it has not.

    ``note`` names stereoisomers without a state.
    """

    states: list[State] = field(default_factory=list)
    failures: list[tuple[str, LigandError]] = field(default_factory=list)
    note: str = ""


def prepare_ligand(
    inchikey: str, smiles: str, poses: list[str] | None, run_seed: int, settings: Ligands
) -> Preparation:
    """Make the states of a ligand.

    Parameters
    ----------
    inchikey, smiles : str
        The ligand.
    poses : list of str, or None
        Mol blocks given by the user, for docking engine ``given``: each becomes a state as
        it is, protonation and coordinates untouched. None: states are enumerated and
        embedded.
    run_seed : int
        The run's seed.
    settings : Ligands
        Enumeration and embedding.

    Returns
    -------
    Preparation
        States named ``{inchikey}_s1``, ``_s2`` and so on; a state that fails keeps its
        number.

    Raises
    ------
    LigandError
        ``missing_pose``: poses are asked for and there is none; ``enumeration_failed``.
    """
    if poses is not None:
        if not poses:
            raise LigandError(
                Reason.MISSING_POSE, "no 3D structure in the library: engine given needs one"
            )
        sources, note = poses, ""
    else:
        found = find_states(smiles, settings)
        sources, note = found.smiles, found.left_out
    result = Preparation(note=note)
    for number, source in enumerate(sources, start=1):
        name = f"{inchikey}_s{number}"
        try:
            if poses is not None:
                mol = _as_posed(source)
                state_smiles: str = Chem.MolToSmiles(Chem.RemoveHs(mol))
            else:
                state_smiles = source
                mol = embed(source, seed_for(run_seed, "conformer", source), settings)
            result.states.append(State(inchikey, name, state_smiles, mol))
        except LigandError as error:
            result.failures.append((name, error))
    return result


def state_to_sdf(state: State) -> str:
    """SD record of a state; the same state gives the same text.

    Returns
    -------
    str
        Title and tags name the state; V3000 only where V2000 cannot hold the molecule.
    """
    mol = Chem.Mol(state.mol)
    for name in list(mol.GetPropNames(includePrivate=True, includeComputed=False)):
        mol.ClearProp(name)
    mol.SetProp("_Name", state.state)
    is_long = max(mol.GetNumAtoms(), mol.GetNumBonds()) > MAX_V2000
    block = Chem.MolToMolBlock(mol, forceV3000=is_long)
    tags = {
        "inchikey": state.inchikey,
        "state": state.state,
        "smiles": state.smiles,
        "formal_charge": str(Chem.GetFormalCharge(mol)),
    }
    items = "".join(f"> <{tag}>\n{value}\n\n" for tag, value in tags.items())
    return f"{block}{items}$$$$\n"


def read_states(path: Path) -> Iterator[State]:
    """States from an SD file (plain or gzipped) that :func:`state_to_sdf` filled, in order."""
    with open_bytes(path) as handle, rdBase.BlockLogs():
        for mol in Chem.ForwardSDMolSupplier(handle, removeHs=False):
            if mol is None:
                raise ValueError(f"{path} holds a record that RDKit cannot read")
            yield State(mol.GetProp("inchikey"), mol.GetProp("state"), mol.GetProp("smiles"), mol)


def _as_posed(block: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(block, removeHs=False)
        if mol is None or not mol.GetNumConformers() or not mol.GetConformer().Is3D():
            raise LigandError(Reason.MISSING_POSE, "the pose given is not a 3D structure")
        # hydrogens that are there keep their place; those that lack get one
        return Chem.AddHs(mol, addCoords=True)
