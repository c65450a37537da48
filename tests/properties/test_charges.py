"""Generated ions, zwitterions and charge-balanced heterocycles: what their states conserve."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from screenmm.library.standardise import standardise
from screenmm.ligands.states import _form as resonance_key
from screenmm.ligands.states import enumerate_states
from screenmm.settings import Ligands

SETTINGS = Ligands(max_states=64, max_stereoisomers=2)

# each with one place for a substituent on carbon
CORES = {
    "sydnone": "[O-]c1c[n+](C{})no1",
    "sydnone imine": "CC(=O)[N-]c1c[n+](C{})no1",
    "oxidopyridinium": "C{}[n+]1cccc([O-])c1",
    "imidazolium olate": "C{}n1c[n+](C)cc1[O-]",
    "imidazolium carboxylate": "C{}n1cc[n+](C)c1C(=O)[O-]",
    "pyrido-pyrimidinium olate": "O=c1c(C{})c([O-])[n+]2ccccc2n1C",
    "munchnone": "C{}c1oc([O-])c(C)[n+]1C",
    "thiazolium thiolate": "C{}c1sc2cccc[n+]2c1[S-]",
    "betaine": "C[N+](C)(C{})CC(=O)[O-]",
    "sulfobetaine": "C[N+](C)(C{})CCCS(=O)(=O)[O-]",
    "phosphocholine": "C[N+](C)(C)CCOP(=O)([O-])OC{}",
    "ammonium phenolate": "C[N+](C)(C)c1cc(C{})cc([O-])c1",
    "pyridinium ylide": "N#C[C-](C#N)[n+]1cccc(C{})c1",
    "iminopyridinium ylide": "CC(=O)[N-][n+]1cccc(C{})c1",
    "sulfonium ylide": "C{}[S+](C)[C-](C#N)C#N",
    "phosphonium enolate": "C[P+](C)(C)C=C([O-])C{}",
    "squaraine": "C{}c1ccc(cc1)C1=C([O-])C(=C2C=CC(C=C2)=[N+](C)C)C1=O",
    "hydroxysquaraine": "C{}c1ccc(c(O)c1)C1=C([O-])C(=C2C=CC(C=C2O)=[N+](C)C)C1=O",
    "amine oxide": "C[N+](C)([O-])C{}",
    "pyridine N-oxide": "[O-][n+]1cccc(C{})c1",
    "nitrone": "CC(C)(C)[N+]([O-])=Cc1cccc(C{})c1",
    "nitro": "[O-][N+](=O)c1cccc(C{})c1",
    "azide": "[N-]=[N+]=NCC{}",
    "diazo": "[N-]=[N+]=CC(=O)OC{}",
    "isocyanide": "[C-]#[N+]CC{}",
    "diazonium olate": "N#[N+]c1cc(C{})ccc1[O-]",
}
NEUTRAL = [
    "",
    "C",
    "C(C)C",
    "c2ccccc2",
    "c2ccc(F)cc2",
    "CCOC",
    "CCC#N",
    "CCC(=O)NC",
    "CCS(C)(=O)=O",
]
IONISABLE = ["CCCCN(C)C", "CCCCC(=O)O", "CCCCCN", "CCCc2nnn[nH]2", "CCCCNC(=N)N", "CCCCS(=O)(=O)O"]

# one group drawn with and without its proton
AMINES = {"NCC": "[NH3+]CC", "CN(C)CC": "C[NH+](C)CC", "C1CNCCC1": "C1C[NH2+]CCC1",
          "NC(=N)NCC": "NC(=[NH2+])NCC", "CN1CCN(CC1)": "C[NH+]1CCN(CC1)"}  # fmt: skip
LINKERS = ["", "C", "CC", "c2ccc(cc2)", "CC(C)", "C(=O)NC"]
ACIDS = {"C(=O)O": "C(=O)[O-]", "S(=O)(=O)O": "S(=O)(=O)[O-]", "c3nnn[nH]3": "c3nnn[n-]3",
         "C(=O)NS(C)(=O)=O": "C(=O)[N-]S(C)(=O)=O", "P(=O)(O)OC": "P(=O)([O-])OC"}  # fmt: skip
AZOLES = ["c3cnc[nH]3", "c3ccncc3", "c3cc[nH]n3", "c3ccc(O)cc3", "c3ccccc3O", "N4CCOCC4"]


def substituted(core: str, substituent: str) -> str:
    return CORES[core].format(f"({substituent})" if substituent else "")


balanced = st.builds(
    substituted,
    st.sampled_from(sorted(CORES)),
    st.sampled_from(NEUTRAL),
)
zwitterions = st.tuples(
    st.sampled_from(sorted(AMINES)), st.sampled_from(LINKERS), st.sampled_from(sorted(ACIDS))
)
ionisable = st.builds(
    lambda amine, linker, azole: amine + linker + azole,
    st.sampled_from(sorted(AMINES)),
    st.sampled_from(LINKERS),
    st.sampled_from(AZOLES + sorted(ACIDS)),
)


def parent_of(smiles: str):
    return standardise(smiles, "smiles", SETTINGS)


def states_of(smiles: str) -> list[str]:
    return enumerate_states(parent_of(smiles).smiles, SETTINGS)


def charges(smiles: str) -> list[tuple[str, int]]:
    mol = Chem.MolFromSmiles(smiles)
    return sorted((a.GetSymbol(), a.GetFormalCharge()) for a in mol.GetAtoms())


def redrawn(smiles: str, seed: int) -> str:
    """The same molecule with its atoms in another order."""
    return Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 1, randomSeed=seed)[0]


@given(smiles=balanced)
def test_charges_that_balance_stay_on_their_atoms(smiles: str) -> None:
    parent = parent_of(smiles)
    assert charges(parent.smiles) == charges(smiles)
    states = enumerate_states(parent.smiles, SETTINGS)
    assert states
    for state in states:
        assert charges(state) == charges(smiles)
        assert Chem.MolFromSmiles(state).HasSubstructMatch(Chem.MolFromSmiles(parent.smiles))


# a phenolate is a base to the acids of the other chains, as it is in water
@given(
    core=st.sampled_from(sorted(set(CORES) - {"ammonium phenolate"})),
    chain=st.sampled_from(IONISABLE),
)
def test_a_side_chain_takes_or_gives_the_proton_and_the_core_does_not(
    core: str, chain: str
) -> None:
    kept = Chem.MolFromSmiles(CORES[core].format(""))
    for state in states_of(substituted(core, chain)):
        mol = Chem.MolFromSmiles(state)
        assert mol.HasSubstructMatch(kept)
        assert Chem.GetFormalCharge(mol) == (-1 if "O" in chain or "[nH]" in chain else 1)


@given(smiles=balanced | ionisable, seed=st.integers(1, 2**20))
def test_states_do_not_depend_on_how_a_molecule_is_written(smiles: str, seed: int) -> None:
    assert states_of(smiles) == states_of(smiles)
    other = redrawn(smiles, seed)
    assert parent_of(other).inchikey == parent_of(smiles).inchikey
    assert {resonance_key(s) for s in states_of(other)} == {
        resonance_key(s) for s in states_of(smiles)
    }


@given(parts=zwitterions, seed=st.integers(1, 2**20))
def test_one_compound_has_one_key_however_charged_it_is_drawn(
    parts: tuple[str, str, str], seed: int
) -> None:
    amine, linker, acid = parts
    drawn = [
        amine + linker + acid,
        AMINES[amine] + linker + ACIDS[acid],
        f"{amine}{linker}{ACIDS[acid]}.[Na+]",
        f"{AMINES[amine]}{linker}{acid}.[Cl-]",
    ]
    keys = {parent_of(redrawn(smiles, seed)).inchikey for smiles in drawn}
    assert len(keys) == 1
    first, *others = ({resonance_key(s) for s in states_of(smiles)} for smiles in drawn)
    assert all(other == first for other in others)


@given(
    core=st.sampled_from(["betaine", "sulfobetaine", "phosphocholine", "oxidopyridinium",
                          "imidazolium carboxylate"]),
    substituent=st.sampled_from(NEUTRAL),
)  # fmt: skip
def test_an_inner_salt_and_its_hydrochloride_are_one_compound(core: str, substituent: str) -> None:
    inner = substituted(core, substituent)
    hydrochloride = inner.replace("[O-]", "O") + ".[Cl-]"
    assert parent_of(hydrochloride) == parent_of(inner)


@given(smiles=balanced | ionisable)
def test_protonating_the_parent_of_a_state_gives_the_state_again(smiles: str) -> None:
    key = parent_of(smiles).inchikey
    for state in states_of(smiles):
        again = parent_of(state)
        assert again.inchikey.split("-")[0] == key.split("-")[0]
        assert resonance_key(state) in {resonance_key(s) for s in states_of(state)}
