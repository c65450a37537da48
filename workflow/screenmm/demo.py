"""The embedded demo: TYK2, its known binders and some approved drugs.

Receptor, posed ligands and measured affinities come with the installed package
``openmmforcefields`` (the JACS benchmark of Wang et al., J. Am. Chem. Soc. 137, 2695,
2015, as prepared for perses). The drugs are presumed, not measured, to be inactive.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import gemmi
from rdkit import Chem, RDConfig

from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text
from screenmm.residues.synonyms import standard_name

SYSTEM = "data/perses_jacs_systems/tyk2"
AFFINITY_TAG = "r_user_dG.exp"
CRYSTAL_LIGAND = "ejm_42"
WEAKEST = 4
"""Binders that a campaign of generation starts from."""

DRUGS = {
    "alprazolam": "Cc1nnc2n1-c1ccc(Cl)cc1C(c1ccccc1)=NC2",
    "celecoxib": "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
    "ciprofloxacin": "O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O",
    "clozapine": "CN1CCN(C2=Nc3cc(Cl)ccc3Nc3ccccc32)CC1",
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
    "efavirenz": "O=C1Nc2ccc(Cl)cc2[C@@](C#CC2CC2)(C(F)(F)F)O1",
    "escitalopram": "CN(C)CCC[C@@]1(c2ccc(F)cc2)OCc2cc(C#N)ccc21",
    "flumazenil": "CCOC(=O)c1ncn2c1CN(C)C(=O)c1cc(F)ccc1-2",
    "gliclazide": "Cc1ccc(S(=O)(=O)NC(=O)NN2CC3CCCC3C2)cc1",
    "indomethacin": "COc1ccc2c(c1)c(CC(=O)O)c(C)n2C(=O)c1ccc(Cl)cc1",
    "ketotifen": "CN1CCC(=C2c3ccccc3CC(=O)c3sccc32)CC1",
    "levofloxacin": "C[C@H]1COc2c(N3CCN(C)CC3)c(F)cc3c(=O)c(C(=O)O)cn1c23",
    "loratadine": "CCOC(=O)N1CCC(=C2c3ccc(Cl)cc3CCc3cccnc32)CC1",
    "midazolam": "Cc1ncc2n1-c1ccc(Cl)cc1C(c1ccccc1F)=NC2",
    "nevirapine": "Cc1ccnc2c1NC(=O)c1cccnc1N2C1CC1",
    "olanzapine": "Cc1cc2c(s1)Nc1ccccc1N=C2N1CCN(C)CC1",
    "papaverine": "COc1ccc(Cc2nccc3cc(OC)c(OC)cc23)cc1OC",
    "praziquantel": "O=C(C1CCCCC1)N1CC(=O)N2CCc3ccccc3[C@@H]2C1",
    "prednisolone": (
        "C[C@]12C[C@H](O)[C@H]3[C@@H](CCC4=CC(=O)C=C[C@@]43C)[C@@H]1CC[C@]2(O)C(=O)CO"
    ),
    "rofecoxib": "CS(=O)(=O)c1ccc(C2=C(c3ccccc3)C(=O)OC2)cc1",
    "sertraline": "CN[C@H]1CC[C@@H](c2ccc(Cl)c(Cl)c2)c2ccccc21",
    "zolpidem": "Cc1ccc(-c2nc3ccc(C)cn3c2CC(=O)N(C)C)cc1",
    "trazodone": "O=c1n(CCCN2CCN(c3cccc(Cl)c3)CC2)nc2ccccn12",
    "warfarin": "CC(=O)C[C@@H](c1ccccc1)c1c(O)c2ccccc2oc1=O",
}


def write_demo(folder: Path) -> None:
    """Write receptor, crystal ligand and library of the demo.

    Parameters
    ----------
    folder : Path
        Gets ``receptor.pdb``, its ``sequence.fasta``, ``crystal_ligand.sdf``, ``binders.csv``
        (smiles, name, active, dg_kcal), of these ``weakest.csv`` and ``held_out.csv`` the others,
        ``drugs.csv`` (smiles, name, active), and ``nci.smi``: some 5,000 compounds of the National
        Cancer Institute's collection, as RDKit brings them.
    """
    system = files("openmmforcefields").joinpath(SYSTEM)
    structure = system.joinpath("Tyk2_protein.pdb").read_text()
    write_text(folder / "receptor.pdb", structure)
    write_text(folder / "sequence.fasta", _sequence(structure))
    supplier = Chem.SDMolSupplier()
    supplier.SetData(system.joinpath("Tyk2_ligands_shifted.sdf").read_text(), removeHs=False)
    ligands = {mol.GetProp("_Name"): mol for mol in supplier}
    crystal = ligands[CRYSTAL_LIGAND]
    write_text(folder / "crystal_ligand.sdf", sd_record(crystal, CRYSTAL_LIGAND, {}))
    binders = [
        (Chem.MolToSmiles(Chem.RemoveHs(mol)), name, 1, f"{float(mol.GetProp(AFFINITY_TAG)):.2f}")
        for name, mol in ligands.items()
    ]
    write_text(folder / "binders.csv", _table(("smiles", "name", "active", "dg_kcal"), binders))
    weakest = sorted(binders, key=lambda row: float(row[3]), reverse=True)
    for name, rows in (("weakest", weakest[:WEAKEST]), ("held_out", weakest[WEAKEST:])):
        write_text(folder / f"{name}.csv", _table(("smiles", "name", "active", "dg_kcal"), rows))
    # the column is there, so that both files have it, and empty: nothing was measured
    drugs = [(smiles, name, 0, "") for name, smiles in DRUGS.items()]
    write_text(folder / "drugs.csv", _table(("smiles", "name", "active", "dg_kcal"), drugs))
    nci = Path(RDConfig.RDDataDir) / "NCI/first_5K.smi"
    write_text(folder / "nci.smi", nci.read_text(encoding="utf-8"))


def _sequence(structure: str) -> str:
    """Sequence of the kinase domain as the file numbers it; a methionine stands for its cap."""
    letters = [
        gemmi.find_tabulated_residue(standard_name(residue.name)[0]).fasta_code()
        for residue in gemmi.read_pdb_string(structure)[0][0]
        if residue.name not in ("ACE", "NME", "HOH")
    ]
    return f">TYK2 kinase domain, numbered as in the structure\nM{''.join(letters)}\n"


def _table(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
