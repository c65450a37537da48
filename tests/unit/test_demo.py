"""The embedded demos: their molecules are what their names say, their configs are valid."""

import csv
import shutil
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from screenmm.cli import main
from screenmm.config.settings import load_settings
from screenmm.demo import DRUGS, write_demo
from screenmm.receptor.confidence import trim
from screenmm.receptor.pocket import move_ligand
from screenmm.receptor.reading import read_structure

FORMULAS = {
    "alprazolam": "C17H13ClN4",
    "celecoxib": "C17H14F3N3O2S",
    "ciprofloxacin": "C17H18FN3O3",
    "clozapine": "C18H19ClN4",
    "diazepam": "C16H13ClN2O",
    "efavirenz": "C14H9ClF3NO2",
    "escitalopram": "C20H21FN2O",
    "flumazenil": "C15H14FN3O3",
    "gliclazide": "C15H21N3O3S",
    "indomethacin": "C19H16ClNO4",
    "ketotifen": "C19H19NOS",
    "levofloxacin": "C18H20FN3O4",
    "loratadine": "C22H23ClN2O2",
    "midazolam": "C18H13ClFN3",
    "nevirapine": "C15H14N4O",
    "olanzapine": "C17H20N4S",
    "papaverine": "C20H21NO4",
    "praziquantel": "C19H24N2O2",
    "prednisolone": "C21H28O5",
    "rofecoxib": "C17H14O4S",
    "sertraline": "C17H17Cl2N",
    "trazodone": "C19H22ClN5O",
    "warfarin": "C19H16O4",
    "zolpidem": "C19H21N3O",
}
STEREO = {
    "efavirenz": ["S"],
    "escitalopram": ["S"],
    "levofloxacin": ["S"],
    "sertraline": ["S", "S"],
    # of 8S,9S,10R,11S,13S,14S,17R
    "prednisolone": ["R", "R", "S", "S", "S", "S", "S"],
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("name", sorted(DRUGS))
def test_drug_has_the_formula_of_its_name(name: str) -> None:
    mol = Chem.MolFromSmiles(DRUGS[name])
    assert CalcMolFormula(mol) == FORMULAS[name]
    assert 20 <= mol.GetNumHeavyAtoms() <= 27


@pytest.mark.parametrize("name", sorted(STEREO))
def test_single_enantiomers_are_the_right_ones(name: str) -> None:
    centres = Chem.FindMolChiralCenters(
        Chem.MolFromSmiles(DRUGS[name]), useLegacyImplementation=False
    )
    assert sorted(label for _, label in centres) == STEREO[name]


def test_library_holds_forty_different_molecules(demo: Path) -> None:
    found = rows(demo / "binders.csv") + rows(demo / "drugs.csv")
    assert [row["active"] for row in found] == ["1"] * 16 + ["0"] * 24
    smiles = {Chem.CanonSmiles(row["smiles"]) for row in found}
    assert len(smiles) == len({row["name"] for row in found}) == 40


def test_binders_carry_the_published_affinities(demo: Path) -> None:
    binders = {row["name"]: float(row["dg_kcal"]) for row in rows(demo / "binders.csv")}
    # experimental values of the benchmark (Wang et al. 2015, table S1)
    assert binders["jmc_23"] == -11.70
    assert binders["ejm_44"] == -7.42
    assert (min(binders.values()), max(binders.values())) == (-11.70, -7.42)


def test_a_campaign_of_generation_starts_from_the_weakest_binders(demo: Path) -> None:
    def affinities(name: str) -> list[float]:
        with (demo / name).open() as handle:
            return [float(row["dg_kcal"]) for row in csv.DictReader(handle)]

    weakest, held_out = affinities("weakest.csv"), affinities("held_out.csv")
    assert (len(weakest), len(held_out)) == (4, 12)
    assert min(weakest) >= max(held_out)
    assert sorted(weakest + held_out) == sorted(affinities("binders.csv"))


def test_nothing_is_measured_for_the_drugs(demo: Path) -> None:
    assert {row["dg_kcal"] for row in rows(demo / "drugs.csv")} == {""}


def test_crystal_ligand_lies_in_the_receptor(demo: Path) -> None:
    (mol,) = Chem.SDMolSupplier(str(demo / "crystal_ligand.sdf"), removeHs=False)
    assert mol.GetProp("_Name") == "ejm_42"
    assert CalcMolFormula(mol) == "C15H13Cl2N3O2"
    receptor = Chem.MolFromPDBFile(str(demo / "receptor.pdb"), sanitize=False, removeHs=False)
    protein = receptor.GetConformer().GetPositions()
    centre = mol.GetConformer().GetPositions().mean(axis=0)
    within = ((protein - centre) ** 2).sum(axis=1) < 8**2
    assert within.sum() > 100


def test_bytes_are_stable(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path)
    for path in demo.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


TRKA_LIGANDS = {
    "larotrectinib": ("C21H22F2N6O2", ["R", "S"]),
    "selitrectinib": ("C20H21FN6O", ["R", "R"]),
    "repotrectinib": ("C18H18FN5O2", ["R", "S"]),
    "entrectinib": ("C31H34F2N6O2", []),
    "celecoxib": ("C17H14F3N3O2S", []),
    "tadalafil": ("C22H19N3O4", ["R", "R"]),
    "domperidone": ("C22H24ClN5O2", []),
    "olaparib": ("C24H23FN4O3", []),
    "nelfinavir": ("C32H45N3O4S", ["R", "R", "S", "S", "S"]),
}
"""Formula and, sorted, the stereocentres as the names of the published structures have them."""


def test_trka_ligands_are_what_their_names_say(root: Path) -> None:
    found = {}
    for row in rows(root / "config/demo/trka/ligands.csv"):
        mol = Chem.MolFromSmiles(row["smiles"])
        centres = Chem.FindMolChiralCenters(
            mol, includeUnassigned=True, useLegacyImplementation=False
        )
        found[row["name"]] = (CalcMolFormula(mol), sorted(each for _, each in centres))
    assert found == TRKA_LIGANDS


@pytest.fixture(scope="module")
def configs(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demos' folder with the files that `make screen` writes."""
    folder = tmp_path_factory.mktemp("configs")
    for path in (root / "config/demo").glob("*.yaml"):
        shutil.copy(path, folder)
    shutil.copytree(root / "config/demo/trka", folder / "trka")
    write_demo(folder / "tyk2")
    return folder


def test_every_demo_config_is_valid(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(configs)
    names = sorted(path.name for path in configs.glob("*.yaml"))
    assert "predicted.yaml" in names
    assert [name for name in names if main(["check", name]) != 0] == []


def test_the_trka_model_is_told_and_its_pocket_comes_from_tyk2(configs: Path) -> None:
    settings = load_settings(configs / "predicted.yaml")
    receptor, pocket = settings.receptors["trka"], settings.pocket_of("trka")
    assert pocket.like is not None
    structure = read_structure(receptor.structure)
    assert structure.origin.why == "TITLE names ALPHAFOLD"
    trim(structure, 70.0)
    assert [each.label for each in structure.trimmed] == [
        "A:LEU:792", "A:ASP:793", "A:VAL:794", "A:LEU:795", "A:GLY:796",
    ]  # fmt: skip
    _, found = move_ligand(structure, pocket.like)
    # tyrosine kinases of two families: well above the 25 % from which such a place is moved
    assert found.identity > 0.35
    assert found.fitted_rmsd_angstrom < 2
