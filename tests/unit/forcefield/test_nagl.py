"""Reading and computing the network against its own package, where that is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdChemReactions

from screenmm.forcefield import charges as charges_module
from screenmm.forcefield.charge_model import load_charge_model
from screenmm.forcefield.charges import nagl_charges
from screenmm.forcefield.normalise import REACTIONS
from screenmm.forcefield.resonance import ACCEPTORS, CONJUGATES, energy
from screenmm.forcefield.smirnoff import mdl_molecule

from . import nagl

REASON = "needs PyTorch and openff-nagl: make test-torch installs both beside .venv and runs this"
torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("openff.nagl", reason=REASON)

pytestmark = pytest.mark.filterwarnings(
    "ignore:RDKit Molecule passed to from_rdkit consists of more"
)


def is_large(smiles: str) -> bool:
    """MKL sums fewer than 16 atoms in another order."""
    return "." not in smiles and nagl.with_hydrogens(smiles).GetNumAtoms() >= 16


@pytest.fixture(scope="module")
def model() -> Any:
    return nagl.load()


@pytest.fixture(scope="module")
def exact(model: Any) -> None:
    """Skip where PyTorch sums in another order."""
    if "mkl" not in torch.__config__.show() or torch.backends.cpu.get_cpu_capability() != "AVX512":
        pytest.skip("PyTorch does not compute with MKL on AVX-512 here")


@pytest.mark.parametrize("name", nagl.REFERENCE)
def test_what_was_written_down_is_what_nagl_gives(model: Any, name: str) -> None:
    theirs = nagl.charges(model, nagl.with_hydrogens(nagl.REFERENCE[name]))
    assert theirs == pytest.approx(np.array(nagl.kept()[name]), abs=1e-6)


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("name", [n for n, smiles in nagl.REFERENCE.items() if is_large(smiles)])
def test_charges_are_those_of_nagl_to_the_last_bit(model: Any, name: str) -> None:
    """The average formal charges are ours here, as NAGL sums them in another order."""
    mol = nagl.with_hydrogens(nagl.REFERENCE[name])
    ours = load_charge_model()
    canonical = charges_module._nagl_molecule(mol)
    bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in canonical.GetBonds()]
    features = charges_module._features(ours.atom_features, canonical, bonds)
    assert np.array_equal(nagl_charges(mol), by_torch(model, canonical, features))


def by_torch(model: Any, canonical: Chem.Mol, features: np.ndarray) -> np.ndarray:
    """The network's modules, without the package's graphs."""
    pairs = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in canonical.GetBonds()]
    source, target = torch.tensor([*pairs, *((j, i) for i, j in pairs)]).T
    degree = torch.bincount(target, minlength=len(features)).clamp(min=1).unsqueeze(1)
    (readout,) = model.readout_modules.values()
    with torch.inference_mode():
        state = torch.from_numpy(features)
        for layer in model.convolution_module.gcn_layers:
            summed = torch.zeros_like(state).index_add_(0, target, state[source])
            state = torch.relu(layer.fc_self(state) + layer.fc_neigh(summed / degree))
        prior, electronegativity, hardness = readout.readout_layers(state).unbind(dim=1)
        softness = 1.0 / hardness
        shifted = prior - electronegativity * softness
        excess = shifted.sum() - Chem.GetFormalCharge(canonical)
        return (shifted - softness * (excess / softness.sum())).numpy()


def test_the_whole_file_is_read_as_pytorch_reads_it(model: Any) -> None:
    ours = load_charge_model()
    theirs = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    for i, layer in enumerate(ours.layers):
        names = {"fc_self.weight": layer.own.T, "fc_neigh.weight": layer.neighbours.T,
                 "fc_self.bias": layer.bias}  # fmt: skip
        for name, array in names.items():
            assert np.array_equal(array, theirs.pop(f"convolution_module.gcn_layers.{i}.{name}"))
    prefix = "readout_modules.am1bcc_charges.readout_layers"
    for i, (weight, bias) in ((0, ours.hidden), (3, ours.output)):
        size = len(theirs[f"{prefix}.{i}.bias"])
        assert np.array_equal(weight.T[:size], theirs.pop(f"{prefix}.{i}.weight"))
        assert np.array_equal(bias[:size], theirs.pop(f"{prefix}.{i}.bias"))
    assert not theirs
    (table,) = model.lookup_tables.values()
    assert ours.table == {
        key: (entry.mapped_smiles, entry.property_value) for key, entry in table.properties.items()
    }


def test_every_hundredth_molecule_of_the_table_is_looked_up_as_nagl_does(model: Any) -> None:
    from openff.toolkit import Molecule
    from openff.toolkit.utils.exceptions import BadMoleculeAssumptionError

    ours = load_charge_model()
    (table,) = model.lookup_tables.values()
    compared = 0
    for smiles, _ in list(ours.table.values())[::100]:
        try:
            molecule = Molecule.from_mapped_smiles(smiles, allow_undefined_stereo=True)
            last = molecule.n_atoms - 1
            mol = mdl_molecule(molecule.remap({i: last - i for i in range(last + 1)}).to_rdkit())
            asked = Molecule.from_rdkit(mol, allow_undefined_stereo=True)
            expected = table.lookup(asked).numpy()
        except (Chem.MolSanitizeException, BadMoleculeAssumptionError):
            continue  # valences that no library writes
        except KeyError:
            assert charges_module._looked_up(ours, mol) is None
            continue
        assert charges_module._looked_up(ours, mol) == pytest.approx(expected, abs=1e-4)
        compared += 1
    assert compared > 30


def test_reactions_are_those_of_nagl() -> None:
    from openff.nagl.toolkits import NAGLRDKitToolkitWrapper
    from openff.nagl.toolkits.openff import normalize_molecule
    from openff.toolkit import Molecule

    asked: list[str] = []

    class Listener(NAGLRDKitToolkitWrapper):
        def _run_normalization_reactions(
            self, molecule: Any, normalization_reactions: tuple[str, ...], **_others: Any
        ) -> Any:
            asked.extend(normalization_reactions)
            return molecule

    normalize_molecule(Molecule.from_smiles("C"), toolkit_registry=Listener())
    assert asked == list(REACTIONS)
    assert all(rdChemReactions.ReactionFromSmarts(smarts) for smarts in asked)


def test_types_of_resonance_are_those_of_nagl() -> None:
    from openff.nagl.utils.resonance import ResonanceType

    theirs = {
        tuple(key): (value.type, value.energy, tuple(value.get_conjugate_key()))
        for key, value in ResonanceType._registry.items()
    }
    ours = {
        atom: ("A" if atom in ACCEPTORS else "D", energy(atom), other)
        for atom, other in CONJUGATES.items()
    }
    assert ours == theirs
