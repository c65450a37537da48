import importlib.util
import io
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.core.errors import ConfigError, LigandError, Reason
from screenmm.generation import accessibility
from screenmm.generation import plausibility as module
from screenmm.generation.accessibility import sa_score
from screenmm.generation.plausibility import (
    Limits,
    Plausibility,
    plausibility,
    why_implausible,
)

DRUGS = {
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "ibrutinib": "C=CC(=O)N1CCC[C@@H](n2nc(-c3ccc(Oc4ccccc4)cc3)c3c(N)ncnc32)C1",
    "penicillin G": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "testosterone": "C[C@]12CC[C@H]3[C@@H](CCC4=CC(=O)CC[C@@]43C)[C@@H]1CC[C@@H]2O",
    "morphine": "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5",
    "erythromycin": "CC[C@H]1OC(=O)[C@H](C)[C@@H](O[C@H]2C[C@@](C)(OC)[C@@H](O)[C@H](C)O2)"
    "[C@H](C)[C@@H](O[C@@H]2O[C@H](C)C[C@@H]([C@H]2O)N(C)C)[C@](C)(O)C[C@@H](C)C(=O)[C@H](C)"
    "[C@@H](O)[C@]1(C)O",
}
STRYCHNINE = "O=C1C[C@@H]2OCC=C3CN4CC[C@@]56[C@H]4C[C@H]3[C@H]2[C@H]5N1c1ccccc16"
FINE = Plausibility((), (), 1000, True, 1.0, 2.0)


def why(found: Plausibility, limits: Limits) -> str:
    told = why_implausible(found, limits)
    return "" if told is None else told[1]


def of(smiles: str) -> Plausibility:
    return plausibility(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize("name", sorted(DRUGS))
def test_drugs_are_plausible(name: str) -> None:
    found = of(DRUGS[name])
    assert found.rings_known
    assert found.bonds_known
    assert found.scaffold_known
    assert found.rarest_bond is not None
    assert found.rarest_bond > 100
    # fermentation makes erythromycin, whose SA score is 6.1
    assert why(found, Limits(most_sa_score=6.2)) == ""


def test_stereo_that_is_written_otherwise_is_no_unknown_ring() -> None:
    assert of(STRYCHNINE).rings_known


def test_a_ring_that_no_molecule_has_is_named() -> None:
    # five nitrogens in a six-membered ring beside known rings
    found = of("Cc1ccccc1-c1nnnnn1")
    assert found.unknown_rings == ("c1nnnnn1",)
    assert why(found, Limits()) == ("no molecule of ChEMBL has the ring system c1nnnnn1")


def test_a_bond_that_no_molecule_has_is_named() -> None:
    found = of("CNNNNC")
    assert found.rings_known
    assert found.rarest_bond == 0
    # the two outer and the middle bonds of the three between nitrogens
    assert found.unknown_bonds == ("CNNN", "NNNN")
    assert why(found, Limits()) == ("no molecule of ChEMBL has the bond in CNNN (and 1 more such)")
    assert why(found, Limits(bonds_known=False)) == ""


def test_scores_are_those_of_the_package() -> None:
    package = Path(importlib.util.find_spec("chembl_gen_check").origin).parent
    theirs = module.module_at(package / "lacan.py")
    counted = module._plain_pickle(package / "data" / "chembl_lacan.pkl")
    for smiles in (*DRUGS.values(), "CNNNNC", "CCCCCC", "Clc1ccccc1C(=O)NC", "C1CC1C1CC1"):
        mol = Chem.MolFromSmiles(smiles)
        assert of(smiles).lacan == pytest.approx(theirs.score_mol(mol, counted, 0.05)[0])


def test_sa_scores_of_easy_and_hard_molecules() -> None:
    # computed by RDKit's own script; benzene is the easiest there is
    assert sa_score(Chem.MolFromSmiles("c1ccccc1")) == pytest.approx(1.0, abs=0.05)
    assert sa_score(Chem.MolFromSmiles(DRUGS["imatinib"])) < 2.5
    hard = of(DRUGS["erythromycin"])
    assert hard.sa_score == sa_score(Chem.MolFromSmiles(DRUGS["erythromycin"]))
    assert 5.5 < hard.sa_score < 6.5
    assert why(hard, Limits(most_sa_score=5)).startswith(
        f"it is hard to make: its SA score is {hard.sa_score:.2f}, above the limit of 5"
    )


def test_reasons_one_at_a_time() -> None:
    assert why(FINE, Limits()) == ""
    new_scaffold = replace(FINE, scaffold_known=False)
    assert why(new_scaffold, Limits()) == ""
    assert "has its scaffold" in why(new_scaffold, Limits(scaffold_known=True))
    unlikely = replace(FINE, lacan=0.3)
    assert why(unlikely, Limits(least_lacan=0.5)) == (
        "its least likely bond has a LACAN score of 0.30, below the limit of 0.5"
    )
    ring = replace(FINE, unknown_rings=("C1=CN=NNN1", "c1nnnnn1"), sa_score=9.0)
    assert "C1=CN=NNN1 (and 1 more such)" in why(ring, Limits())
    assert "SA score is 9.00" in why(ring, Limits(rings_known=False))


@pytest.mark.parametrize(
    "smiles", ["C", "[Na+].[Cl-]", "O", "[CH3]", "*C", "CC[N+](C)(C)C", "C1CCCCCCCCCCCCCC1"]
)
def test_odd_molecules_are_told_of(smiles: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = of(smiles)
    assert 1 <= found.sa_score <= 10
    assert 0 <= found.lacan <= 1
    assert (found.rarest_bond is None) == (Chem.MolFromSmiles(smiles).GetNumBonds() == 0)
    assert found.scaffold_known
    assert capfd.readouterr() == ("", "")


def test_hydrogens_and_isotopes_change_nothing() -> None:
    mol = Chem.MolFromSmiles(DRUGS["imatinib"])
    before = mol.ToBinary()
    plain = plausibility(mol)
    assert mol.ToBinary() == before
    assert plausibility(Chem.AddHs(mol)) == plain
    labelled = DRUGS["imatinib"].replace("CN3", "[13CH2]N3", 1)
    assert of(labelled) == plain
    assert of("[2H]c1ccccc1") == of("c1ccccc1")


def test_nothing_is_an_error() -> None:
    for function in (plausibility, sa_score):
        with pytest.raises(LigandError, match="no atoms"):
            function(Chem.Mol())


def test_bloom_filters_err_as_often_as_stated() -> None:
    known = module._known()
    wrong = sum(f"no ring {number}" in known.rings for number in range(200_000))
    # 5 are expected; more than 15 in one of 10,000 cases
    assert wrong <= 15


def test_what_would_run_code_is_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(io.BytesIO))
    with pytest.raises(pickle.UnpicklingError, match="BytesIO is no plain data"):
        module._plain_pickle(path)


def test_without_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "chembl_gen_check"
    find = importlib.util.find_spec
    monkeypatch.setattr(
        module.importlib.util, "find_spec", lambda name: None if name == missing else find(name)
    )
    with pytest.raises(ConfigError, match=r"chembl_gen_check; install it by: pip install"):
        module._known.__wrapped__()
    missing = "molbloom"
    with pytest.raises(ConfigError, match="needs the package molbloom"):
        module._known.__wrapped__()
    monkeypatch.setattr(accessibility.RDConfig, "RDContribDir", "/nowhere")
    with pytest.raises(ConfigError, match="needs RDKit with its contributions"):
        accessibility.sa_scorer.__wrapped__()


def test_rdkits_messages_stay_on_and_little_is_imported() -> None:
    program = (
        "import sys; from rdkit import Chem\n"
        "from screenmm.generation.plausibility import plausibility\n"
        "plausibility(Chem.MolFromSmiles('CCO')); Chem.MolFromSmiles('C1')\n"
        "assert not {'chembl_gen_check', 'torch'} & set(sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], text=True, capture_output=True, check=True
    )
    assert "unclosed ring" in run.stderr


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"unknown_rings": ("c1nnnnn1",)}, Reason.IMPLAUSIBLE_RING),
        ({"unknown_bonds": ("CNNN",)}, Reason.IMPLAUSIBLE_BOND),
        ({"sa_score": 6.1}, Reason.HARD_TO_MAKE),
    ],
)
def test_each_objection_has_its_reason(told: dict[str, object], reason: Reason) -> None:
    objection = why_implausible(replace(FINE, **told), Limits())
    assert objection is not None
    assert objection[0] is reason
