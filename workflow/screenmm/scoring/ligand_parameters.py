"""Ligand parameters: OpenFF Sage with charges from OpenFF NAGL.

NAGL is a graph neural network trained on AM1-BCC charges [1]_; Sage 2.3 was fitted
with them [2]_.

References
----------
.. [1] L. Wang et al., OpenFF NAGL, https://github.com/openforcefield/openff-nagl
.. [2] S. Boothroyd et al., J. Chem. Theory Comput. 19, 3251 (2023).
"""

from __future__ import annotations

import functools
import logging
import warnings

import numpy as np
from openmm.app import Topology
from rdkit import Chem

from screenmm.errors import LigandError, Reason
from screenmm.scoring.parameters import Parameters, extract

FORCE_FIELD = "openff_unconstrained-2.3.0.offxml"
"""Unconstrained: with constraints the bonds to hydrogen would have no energy."""

CHARGE_MODEL = "openff-gnn-am1bcc-1.0.0.pt"


@functools.lru_cache(maxsize=1)
def _force_field():  # type: ignore[no-untyped-def]
    from openff.toolkit import ForceField  # noqa: PLC0415  (five seconds to import)

    return ForceField(FORCE_FIELD)


@functools.lru_cache(maxsize=1)
def _charge_model():  # type: ignore[no-untyped-def]
    import torch  # noqa: PLC0415  (seconds to import)
    from openff.nagl import GNNModel  # noqa: PLC0415
    from openff.nagl_models import validate_nagl_model_path  # noqa: PLC0415

    torch.set_num_threads(1)
    return GNNModel.load(validate_nagl_model_path(CHARGE_MODEL), eval_mode=True)


def load_models() -> None:
    """Load force field and charge model once, for a worker to do before its first ligand."""
    logging.getLogger("openff").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)
    _force_field()
    _charge_model()


def ligand_parameters(mol: Chem.Mol) -> Parameters:
    """Parametrise a molecule.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens explicit, one conformer (only its stereochemistry is used).

    Returns
    -------
    parameters : Parameters
        In the molecule's atom order.

    Raises
    ------
    LigandError
        No parameters or charges for this molecule (reason ``parameters_missing``).
    """
    from openff.toolkit import Molecule  # noqa: PLC0415
    from openff.units import unit  # noqa: PLC0415

    load_models()
    try:
        molecule = Molecule.from_rdkit(
            mol, allow_undefined_stereo=True, hydrogens_are_explicit=True
        )
        raw = np.asarray(_charge_model().compute_property(molecule, as_numpy=True), dtype=float)
        if not np.isfinite(raw).all():
            raise LigandError(Reason.PARAMETERS_MISSING, "NAGL gave charges that are not finite")
        charges = raw + (Chem.GetFormalCharge(mol) - raw.sum()) / len(raw)
        molecule.partial_charges = unit.Quantity(charges, unit.elementary_charge)
        topology = molecule.to_topology()
        system = _force_field().create_openmm_system(topology, charge_from_molecules=[molecule])
    except LigandError:
        raise
    except Exception as error:
        # the toolkit raises many classes from many packages; each means the same here
        text = " ".join(str(error).split())[:300]
        raise LigandError(
            Reason.PARAMETERS_MISSING, f"{FORCE_FIELD} with NAGL: {type(error).__name__}: {text}"
        ) from error
    return extract(system, openmm_topology(mol))


def openmm_topology(mol: Chem.Mol, residue_name: str = "LIG") -> Topology:
    """Make an OpenMM Topology of one residue with the molecule's atoms and bonds."""
    from openmm.app import Element  # noqa: PLC0415

    topology = Topology()
    residue = topology.addResidue(residue_name, topology.addChain("L"))
    atoms = [
        topology.addAtom(
            f"{atom.GetSymbol()}{atom.GetIdx() + 1}",
            Element.getByAtomicNumber(atom.GetAtomicNum()),
            residue,
        )
        for atom in mol.GetAtoms()
    ]
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    return topology
