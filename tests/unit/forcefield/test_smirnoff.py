"""Direct assignment against OpenFF Interchange, the independent route of these tests."""

from __future__ import annotations

import copy

import numpy as np
import openmm
import pytest
from openmm.app.internal.customgbforces import GBSAOBC2Force
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.core.errors import LigandError, Reason, UserError
from screenmm.forcefield import smirnoff
from screenmm.forcefield.parameters import Parameters, SystemOptions, build_system, extract
from screenmm.forcefield.pattern_filter import described
from screenmm.forcefield.smirnoff import (
    FORCE_FIELD,
    CompiledForceField,
    assign,
    compile_force_field,
    gb_parameters,
    mdl_molecule,
    openmm_topology,
)
from tests.unit.models import energy

MOLECULES = {
    "methane": "C",
    "acetate": "CC(=O)[O-]",
    "ammonium": "C[NH3+]",
    "zwitterion": "C[C@H]([NH3+])C(=O)[O-]",
    "betaine": "C[N+](C)(C)CC(=O)[O-]",
    "guanidinium": "NC(=[NH2+])NCCC[C@H]([NH3+])C(=O)[O-]",
    "amidine": "NC(=N)c1ccccc1",
    "nitro": "Cc1ccc([N+](=O)[O-])cc1[N+](=O)[O-]",
    "nitrophenolate": "O=[N+]([O-])c1ccc([O-])cc1",
    "sulfonamide": "NS(=O)(=O)c1ccc(N)cc1",
    "sulfonamide anion": "CC(=O)[N-]S(=O)(=O)c1ccccc1",
    "sulfone": "CS(=O)(=O)c1ccccc1",
    "sulfoxide": "CS(=O)c1ccccc1",
    "sulfate": "CCOS(=O)(=O)[O-]",
    "phosphate": "CCOP(=O)([O-])[O-]",
    "phosphonate ester": "CP(=O)(OC)OC",
    "phosphonium": "C[P+](C)(C)c1ccccc1",
    "halogens": "Fc1cc(Cl)c(Br)c(I)c1C(F)(F)F",
    "perfluoro": "FC(F)(F)C(F)(F)OC(F)F",
    "4-pyridone": "O=c1cc[nH]cc1",
    "4-hydroxypyridine": "Oc1ccncc1",
    "thymidine": "Cc1cn([C@H]2C[C@H](O)[C@@H](CO)O2)c(=O)[nH]c1=O",
    "guanine": "Nc1nc2[nH]cnc2c(=O)[nH]1",
    "caffeine": "Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    "adamantane": "NC12CC3CC(CC(C3)C1)C2",
    "tropane": "CN1[C@H]2CC[C@@H]1CC(OC(=O)C(CO)c1ccccc1)C2",
    "cubane": "C12C3C4C1C5C2C3C45",
    "bicyclopentane": "OC(=O)C12CC(C1)C2",
    "spiro": "O=C1NCCC12CCN(C)CC2",
    "spiro oxetane": "C1OCC12CN(C2)c1ncccn1",
    "macrocycle": "O=C1CCCCCCCCCCCCCCO1",
    "crown ether": "C1COCCOCCOCCOCCOCCO1",
    "alkyne": "C#CCOc1ccc(C#Cc2ccccc2)cc1",
    "azide": "[N-]=[N+]=NCc1ccccc1",
    "nitrile": "N#CC(C)(C)c1ccc(C#N)cc1",
    "isonitrile": "[C-]#[N+]c1ccccc1",
    "allene": "CC=C=CC(=O)O",
    "cyclopropene": "CC1=CC1C1CC1",
    "cyclobutane": "O=C1CCC1C1=CCC1",
    "thiophene": "c1ccsc1-c1cccs1",
    "thiazole": "Cc1csc(N)n1",
    "furan": "O=Cc1ccco1",
    "tetrazole": "c1nnn[nH]1",
    "tetrazolate": "Cc1nn[n-]n1",
    "imidazolium": "C[n+]1ccn(C)c1",
    "N-oxide": "[O-][n+]1ccccc1C",
    "amine oxide": "C[N+](C)(C)[O-]",
    "azo": "CN(C)c1ccc(/N=N/c2ccccc2)cc1",
    "oxime": r"C/C(=N\O)c1ccccc1",
    "hydrazone": "CC(C)=NNC(=O)c1ccncc1",
    "hydroxamate": "CC(=O)NO",
    "thiols": "SCC(O)CS",
    "disulfide": "OC(=O)C(N)CSSCC(N)C(=O)O",
    "thiolate": "[S-]c1ccccc1",
    "thione": "NC(=S)Nc1ccccc1",
    "isothiocyanate": "S=C=NCc1ccccc1",
    "peroxide": "COOC",
    "quinone": "O=C1C=CC(=O)c2ccccc12",
    "azulene": "c1ccc2cccc2cc1",
    "Z-alkene": r"OC(=O)\C=C/C(=O)O",
    "E-alkene": r"OC(=O)/C=C/C(=O)O",
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CC[NH+](C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "dasatinib": "Cc1nc(Nc2ncc(C(=O)Nc3c(C)cccc3Cl)s2)cc(N2CC[NH+](CCO)CC2)n1",
    "atorvastatin": (
        "CC(C)c1n(CC[C@@H](O)C[C@@H](O)CC(=O)[O-])c(c2ccc(F)cc2)c(c2ccccc2)c1C(=O)Nc1ccccc1"
    ),
    "penicillin": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)[O-]",
    "morphine": "C[NH+]1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
    "two molecules": "CCO.C[NH3+]",
}


@pytest.fixture(scope="session")
def openff():
    from openff.toolkit import ForceField

    return ForceField(FORCE_FIELD)


@pytest.fixture(scope="session")
def compiled(openff) -> CompiledForceField:
    return compile_force_field(openff, FORCE_FIELD)


def made_up_charges(mol: Chem.Mol) -> np.ndarray:
    """Different ones for each atom: what is assigned does not depend on where they are from."""
    charges = np.sin(1.0 + np.arange(mol.GetNumAtoms()))
    return charges + (Chem.GetFormalCharge(mol) - charges.sum()) / len(charges)


def by_interchange(openff, mol: Chem.Mol, charges: np.ndarray) -> tuple[openmm.System, Parameters]:
    from openff.toolkit import Molecule
    from openff.units import Quantity

    molecule = Molecule.from_rdkit(mol, allow_undefined_stereo=True, hydrogens_are_explicit=True)
    molecule.partial_charges = Quantity(charges, "elementary_charge")
    system = openff.create_openmm_system(molecule.to_topology(), charge_from_molecules=[molecule])
    return system, extract(system, openmm_topology(mol))


def sorted_terms(atoms: np.ndarray, values: np.ndarray) -> tuple[list, np.ndarray]:
    """Rows in a canonical order; a bond, an angle and a torsion read the same from both ends."""
    rows = sorted(
        (tuple(min(a, a[::-1])), tuple(v))
        for a, v in zip(atoms.tolist(), values.tolist(), strict=True)
    )
    return [row[0] for row in rows], np.array([row[1] for row in rows])


def assert_same(ours: Parameters, theirs: Parameters) -> None:
    for name in ("masses", "charges", "sigmas", "epsilons", "gb_radii", "gb_scales"):
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-12), name
    for name in ("bond", "angle", "torsion", "exception"):
        atoms, values = sorted_terms(getattr(ours, f"{name}s"), getattr(ours, f"{name}_values"))
        expected = sorted_terms(getattr(theirs, f"{name}s"), getattr(theirs, f"{name}_values"))
        assert atoms == expected[0], name
        assert np.allclose(values, expected[1], rtol=1e-10, atol=1e-14), name


KINDS = (
    openmm.HarmonicBondForce,
    openmm.HarmonicAngleForce,
    openmm.PeriodicTorsionForce,
    openmm.NonbondedForce,
)


def energies(system: openmm.System, positions_nm: np.ndarray) -> list[float]:
    """Energy of each kind of force by itself, kJ/mol: in a sum the largest would hide the rest."""
    found = []
    for kind in KINDS:
        alone = openmm.System()
        for index in range(system.getNumParticles()):
            alone.addParticle(system.getParticleMass(index))
        for force in system.getForces():
            if isinstance(force, kind):
                alone.addForce(openmm.XmlSerializer.clone(force))
        found.append(energy(alone, positions_nm))
    return found


def built(parameters: Parameters) -> openmm.System:
    return build_system(parameters, SystemOptions())


def check(compiled: CompiledForceField, openff, mol: Chem.Mol) -> None:
    charges = made_up_charges(mol)
    system, theirs = by_interchange(openff, mol, charges)
    ours = assign(compiled, mdl_molecule(mol), charges)
    assert_same(ours, theirs)
    # any coordinates will do, and far from a minimum every term counts
    positions = np.random.default_rng(0).normal(size=(mol.GetNumAtoms(), 3))
    assert energies(built(ours), positions) == pytest.approx(
        energies(system, positions), rel=1e-6, abs=1e-9
    )


@pytest.mark.filterwarnings("ignore:RDKit Molecule passed to from_rdkit consists of more")
@pytest.mark.parametrize("smiles", MOLECULES.values(), ids=MOLECULES.keys())
def test_agrees_with_interchange(compiled, openff, smiles: str):
    check(compiled, openff, Chem.AddHs(Chem.MolFromSmiles(smiles)))


def test_tyk2_ligands_agree_with_interchange(compiled, openff, tyk2_ligands):
    for mol in tyk2_ligands:
        check(compiled, openff, mol)


def test_energy_of_a_conformer_is_that_of_interchange(compiled, openff):
    mol = Chem.AddHs(Chem.MolFromSmiles(MOLECULES["imatinib"]))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    charges = made_up_charges(mol)
    system, _ = by_interchange(openff, mol, charges)
    positions = mol.GetConformer().GetPositions() / 10
    ours = sum(energies(built(assign(compiled, mdl_molecule(mol), charges)), positions))
    assert ours == pytest.approx(energy(system, positions), rel=1e-6)


def test_another_atom_order_gives_the_same_terms(compiled):
    mol = Chem.AddHs(Chem.MolFromSmiles(MOLECULES["penicillin"]))
    order = np.random.default_rng(1).permutation(mol.GetNumAtoms())
    charges = made_up_charges(mol)
    straight = assign(compiled, mdl_molecule(mol), charges)
    shuffled = assign(
        compiled, mdl_molecule(Chem.RenumberAtoms(mol, order.tolist())), charges[order]
    )
    assert np.array_equal(shuffled.sigmas, straight.sigmas[order])
    for name in ("bond", "angle", "torsion", "exception"):
        # sorted, because a trefoil starts from the lowest of its atoms
        rows = [
            sorted(
                (*sorted(atoms), *values)
                for atoms, values in zip(
                    numbers.tolist(), getattr(p, f"{name}_values").round(9).tolist(), strict=True
                )
            )
            for p, numbers in (
                (straight, getattr(straight, f"{name}s")),
                (shuffled, order[getattr(shuffled, f"{name}s")]),
            )
        ]
        assert rows[0] == rows[1], name


@pytest.mark.parametrize("smiles", MOLECULES.values(), ids=MOLECULES.keys())
def test_no_pattern_that_matches_is_left_out(compiled, smiles: str):
    mol = mdl_molecule(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    reduced = compiled.reduced_to(*described(mol))
    for tag, patterns in compiled.patterns.items():
        left_out = [p for p in patterns if p not in reduced.patterns[tag]]
        assert not [p.name for p in left_out if p.matches(mol)], tag


def test_most_patterns_are_left_out(compiled):
    mol = mdl_molecule(Chem.AddHs(Chem.MolFromSmiles(MOLECULES["imatinib"])))
    reduced = compiled.reduced_to(*described(mol))
    every, some = (sum(map(len, f.patterns.values())) for f in (compiled, reduced))
    assert some < every / 3


@pytest.mark.parametrize("smiles", MOLECULES.values(), ids=MOLECULES.keys())
def test_gb_parameters_are_those_of_the_whole_molecule(smiles: str):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    numbers = [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    neighbours = [[n.GetIdx() for n in atom.GetNeighbors()] for atom in mol.GetAtoms()]
    expected = GBSAOBC2Force.getStandardParameters(openmm_topology(mol))
    assert np.array_equal(gb_parameters(numbers, neighbours), expected)


def test_the_given_molecule_is_not_changed(compiled):
    mol = Chem.AddHs(Chem.MolFromSmiles(MOLECULES["furan"]))
    before = mol.ToBinary()
    assign(compiled, mdl_molecule(mol), made_up_charges(mol))
    assert mol.ToBinary() == before
    assert mol.GetAtomWithIdx(2).GetIsAromatic()


def test_torsions_with_no_barrier_are_kept(compiled):
    patterns = compiled.patterns["ProperTorsions"]
    flat = {p.name for p in patterns if all(row[2] == 0 for row in p.rows)}
    assert flat
    mol = mdl_molecule(Chem.AddHs(Chem.MolFromSmiles("CC#CC")))
    parameters = assign(compiled, mol, np.zeros(mol.GetNumAtoms()))
    assert (parameters.torsion_values[:, 2] == 0).any()


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("C[Si](C)(C)C", "has no parameter for vdW: Si2"),
        ("OB(O)c1ccccc1", "has no parameter for vdW: B2"),
        ("Cl", "has no parameter for Bonds: Cl1-H2"),
        ("O", r"makes the molecule rigid \(O1-H2\)"),
    ],
)
def test_a_term_without_parameter_names_its_atoms(compiled, smiles: str, message: str):
    mol = mdl_molecule(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    with pytest.raises(LigandError, match=message) as raised:
        assign(compiled, mol, np.zeros(mol.GetNumAtoms()))
    assert raised.value.reason is Reason.PARAMETERS_MISSING


@pytest.mark.parametrize(
    ("smiles", "message"),
    [("CCO", "hydrogens of C1 are not explicit"), ("[CH2]C", "C1 is a radical")],
)
def test_an_incomplete_molecule_is_refused(smiles: str, message: str):
    mol = Chem.MolFromSmiles(smiles)
    if "radical" in message:
        mol = Chem.AddHs(mol)
    with pytest.raises(LigandError, match=message):
        mdl_molecule(mol)


def add_virtual_site(force_field) -> None:
    force_field.get_parameter_handler("VirtualSites", {"version": "0.3"}).add_parameter(
        {
            "smirks": "[#6:1]-[#17:2]",
            "type": "BondCharge",
            "match": "all_permutations",
            "distance": "0.1 * angstrom",
            "charge_increment1": "0.1 * elementary_charge",
            "charge_increment2": "0.1 * elementary_charge",
            "sigma": "0.1 * angstrom",
            "epsilon": "0.0 * kilocalorie / mole",
            "name": "EP",
        }
    )


def add_interpolated_torsion(force_field) -> None:
    force_field["ProperTorsions"].add_parameter(
        {
            "smirks": "[*:1]~[#6X3:2]~[#6X3:3]~[*:4]",
            "periodicity1": 2,
            "phase1": "180 * degree",
            "k1_bondorder1": "1 * kilocalorie / mole",
            "k1_bondorder2": "2 * kilocalorie / mole",
            "idivf1": 1.0,
            "id": "t-interpolated",
        }
    )


def add_gbsa(force_field) -> None:
    force_field.get_parameter_handler("GBSA", {"version": "0.3"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (add_virtual_site, "<VirtualSites>"),
        (add_interpolated_torsion, "interpolated bond orders"),
        (add_gbsa, "<GBSA>"),
    ],
)
def test_a_force_field_that_cannot_be_carried_is_refused(openff, change, message: str):
    changed = copy.deepcopy(openff)
    change(changed)
    with pytest.raises(UserError, match=message):
        compile_force_field(changed, "changed.offxml")


@pytest.mark.parametrize(
    ("tag", "attribute", "message"),
    [
        ("Angles", "version", "version 0.3 in <Angles>"),
        ("vdW", "combining_rules", "combining_rules Lorentz-Berthelot in <vdW>"),
        ("Electrostatics", "scale15", "scale15 1.0 in <Electrostatics>"),
    ],
)
def test_an_attribute_that_is_not_supported_is_refused(
    openff, monkeypatch, tag: str, attribute: str, message: str
):
    # the toolkit itself refuses to hold most other values
    monkeypatch.setitem(smirnoff._SUPPORTED, tag, {attribute: ("another",)})
    with pytest.raises(UserError, match=message):
        compile_force_field(openff, FORCE_FIELD)
