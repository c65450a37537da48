from __future__ import annotations

import re

import pytest
from rdkit import Chem
from rdkit.Chem import rdDepictor, rdDistGeom

from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.library.standardise import ParentRow, standardise, standardise_record
from screenmm.library.stereo import MAX_GROUPS
from screenmm.ligands.states import find_states
from screenmm.run.ledger import Status

SETTINGS = Ligands()
R_AMINE, S_AMINE = "C[C@@H](N)c1ccc(Cl)cc1", "C[C@H](N)c1ccc(Cl)cc1"
# wedged at a ring bond beside the axis
BIARYL = "Cc1cccc(Cl)c1-c1c(C)cccc1Br"


def key(structure: str) -> str:
    kind = "molblock" if "M  END" in structure else "smiles"
    return standardise(structure, kind, SETTINGS).inchikey


def test_each_bottle_has_its_key() -> None:
    undefined = "CC(N)c1ccc(Cl)cc1"
    bottles = (undefined, R_AMINE, S_AMINE, f"{R_AMINE} |&1:1|", f"{R_AMINE} |o1:1|")
    keys = [key(bottle) for bottle in bottles]
    assert len(set(keys)) == 5
    # all begin as the compound; a fourth block follows the InChIKey of the open centre
    assert {each[:14] for each in keys} == {"PINPOEWMCLFRRB"}
    for each in keys[3:]:
        assert re.fullmatch(f"{keys[0]}-[A-Z]{{10}}", each)


@pytest.mark.parametrize(
    "drawn",
    [
        f"{R_AMINE} |&1:1|",
        f"{S_AMINE} |&1:1|",
        f"{S_AMINE} |&7:1|",
        f"{S_AMINE} |r|",
        f"{S_AMINE}.Cl |r|",
        f"{S_AMINE}.Cl |r:0|",
        "Nc1ccccc1.C[C@H](N)c1ccc(Cl)cc1 |&1:8|",
        "N[C@@H](C)c1ccc(Cl)cc1 |$;;label,r;;;;;;;$,&1:1|",
    ],
)
def test_a_racemate_has_one_key_however_it_is_drawn(drawn: str) -> None:
    assert key(drawn) == "PINPOEWMCLFRRB-UHFFFAOYSA-N-XZYMSXCYJW"


def test_groups_of_several_centres() -> None:
    acid = "O[C@@H](C(=O)O)[C@@H](O)C(=O)O"
    racemic, meso = key(f"{acid} |&1:1,5|"), key("O[C@H](C(=O)O)[C@@H](O)C(=O)O")
    # tartaric acids as in PubChem: L-(+) and meso
    assert {key(acid), key("O[C@H](C(=O)O)[C@H](O)C(=O)O")} == {
        "FEWJPZIEWOKRBE-JCYAYHJZSA-N",
        "FEWJPZIEWOKRBE-LWMBPPNESA-N",
    }
    assert meso == "FEWJPZIEWOKRBE-XIXRPRMCSA-N"
    # the mirror image of the meso form is itself: no group is left
    grouped = standardise("O[C@H](C(=O)O)[C@@H](O)C(=O)O |&1:1,5|", "smiles", SETTINGS)
    assert (grouped.inchikey, "|" in grouped.smiles) == (meso, False)
    # two groups hold all three, one group holds two
    everything = key(f"{acid} |&1:1,&2:5|")
    assert len({racemic, meso, everything, key(acid)}) == 4
    assert everything == key("O[C@H](C(=O)O)[C@@H](O)C(=O)O |&1:1,&2:5|")


CAMPHOR = "O=C1C[C@H]2CC[C@@]1(C)C2(C)C"
METHYLCYCLOHEXANOL = "O[C@H]1CC[C@H](C)CC1"
FLUOROPENTANEDIOL = "C[C@H](O)[C@H](F)[C@@H](C)O"


@pytest.mark.parametrize(
    "bottles",
    [
        # one bridgehead never inverts alone
        [f"{CAMPHOR} |&1:{each}|" for each in ("3", "6", "3,6", "3,&2:6", "3,o1:6")],
        # cis and trans
        [f"{METHYLCYCLOHEXANOL} |&1:{each}|" for each in ("1", "4", "1,&2:4")]
        + ["O[C@H]1CC[C@@H](C)CC1 |&1:4|"],
        # the middle inverts with both ends, too
        [f"{FLUOROPENTANEDIOL} |&1:{each}|" for each in ("3", "1,5")],
    ],
)
def test_a_mixture_has_one_key_whichever_centres_its_groups_list(bottles: list[str]) -> None:
    assert len({key(bottle) for bottle in bottles}) == 1
    parents = [standardise(bottle, "smiles", SETTINGS) for bottle in bottles]
    for parent in parents:
        states = find_states(parent.smiles, SETTINGS).smiles
        assert len({key(state) for state in states}) == 2
        assert standardise(parent.smiles, "smiles", SETTINGS) == parent
    assert parents[0].inchikey != key(bottles[0].split()[0])


def test_a_group_of_all_centres_of_a_ring_without_hand_is_none() -> None:
    trans, cis = METHYLCYCLOHEXANOL, "O[C@H]1CC[C@@H](C)CC1"
    assert key(f"{trans} |&1:1,4|") == key(trans) != key(cis) == key(f"{cis} |&1:1,4|")


def test_an_isomer_with_fewer_centres_does_not_stand_for_the_others() -> None:
    # with C-2 inverted C-4 is no centre
    parent = standardise(f"{FLUOROPENTANEDIOL} |&1:1|", "smiles", SETTINGS)
    assert standardise(parent.smiles, "smiles", SETTINGS) == parent
    assert len(Chem.FindMolChiralCenters(Chem.MolFromSmiles(parent.smiles))) == 3


def test_mixtures_and_alternatives_combine() -> None:
    smiles = "C[C@H](F)[C@H](O)CN"
    mixed = [
        key(f"{smiles} |{text}|") for text in ("o1:1,&1:3", "&1:1,o1:3", "&1:1,&2:3", "&1:1,3")
    ]
    assert len(set(mixed)) == 4
    assert mixed[0] == key("C[C@@H](F)[C@@H](O)CN |&3:3,o2:1|")
    # beside a centre that is known
    assert key("C[C@H](F)[C@H](O)CN |&1:1|") != key("C[C@H](F)[C@@H](O)CN |&1:1|")


@pytest.mark.parametrize("told", ["STERAC1", "STEREL1", "STEABS"])
def test_v3000_tells_the_same(told: str) -> None:
    sign = {"STERAC1": "&1:1", "STEREL1": "o1:1", "STEABS": "a:1"}[told]
    mol = Chem.MolFromSmiles(f"{S_AMINE} |{sign}|")
    rdDepictor.Compute2DCoords(mol)
    block = Chem.MolToV3KMolBlock(mol)
    assert f"MDLV30/{told}" in block
    assert key(block) == key(f"{S_AMINE} |{sign}|")


def test_the_chiral_flag_says_nothing() -> None:
    mol = Chem.MolFromSmiles(S_AMINE)
    rdDepictor.Compute2DCoords(mol)
    block = Chem.MolToMolBlock(mol)
    assert block.splitlines()[3][12:15].strip() == "0"
    assert key(block) == key(S_AMINE)


def test_the_parent_keeps_its_groups() -> None:
    parent = standardise(f"{S_AMINE}.Cl |&1:1|", "smiles", SETTINGS)
    assert parent.smiles == f"{R_AMINE} |&1:1|"
    assert standardise(parent.smiles, "smiles", SETTINGS) == parent


@pytest.mark.parametrize(
    ("extension", "told"),
    [
        ("&1:1,10", "a stereo group lists atom 10, and the SMILES has atoms 0 to 9"),
        ("$x;r$,o1:1,&2:99", "a stereo group lists atom 99"),
        ("nonsense", r"'\|nonsense\|' after the SMILES is no CXSMILES extension"),
    ],
)
def test_an_extension_that_does_not_fit_is_an_error(extension: str, told: str) -> None:
    with pytest.raises(LigandError, match=told) as raised:
        key(f"{R_AMINE} |{extension}|")
    assert raised.value.reason == Reason.INVALID_STRUCTURE


def test_too_many_groups_are_an_error() -> None:
    count = MAX_GROUPS + 1
    smiles = "C" + "[C@H](F)" * count + "CO"
    groups = ",".join(f"&{number}:{2 * number - 1}" for number in range(1, count + 1))
    with pytest.raises(LigandError, match="9 stereo groups, at most 8 are told apart") as caught:
        standardise(f"{smiles} |{groups}|", "smiles", SETTINGS)
    assert caught.value.reason == Reason.STANDARDISATION_FAILED


def wedged_biaryl(wedge: int) -> str:
    mol = Chem.MolFromSmiles(BIARYL)
    rdDepictor.Compute2DCoords(mol)
    lines = Chem.MolToMolBlock(mol).splitlines()
    (place,) = (n for n, line in enumerate(lines) if line[:6] in ("  6  8", "  8  6"))
    lines[place] = f"  8  6{lines[place][6:9]}  {wedge}"
    return "\n".join(lines) + "\n"


def wedged_biaryl_v3000(wedge: int) -> str:
    mol = Chem.MolFromSmiles(BIARYL)
    rdDepictor.Compute2DCoords(mol)
    block = Chem.MolToV3KMolBlock(mol)
    bond = re.compile(r"^(M  V30 \d+ 1) (6 8|8 6)$", re.MULTILINE)
    block, count = bond.subn(rf"\1 8 6 CFG={wedge}", block)
    assert count == 1
    return block


@pytest.mark.parametrize(
    ("structure", "atom"),
    [
        (f"{BIARYL} |wU:7.7|", 8),
        # up and down, as the formats of 2000 and of 3000 number them
        (wedged_biaryl(1), 8),
        (wedged_biaryl(6), 8),
        (wedged_biaryl_v3000(1), 8),
        (wedged_biaryl_v3000(3), 8),
        ("CC=[C@]=CC", 3),
        ("CC=[C@AL1]=CC", 3),
        # the narrow end at the ring, not at the centre
        ("CC(F)c1ccccc1 |wU:3.2|", 4),
        ("CC(F)c1ccccc1 |wD:3.2|", 4),
    ],
)
def test_an_axis_that_is_drawn_is_said_not_to_be_told_apart(structure: str, atom: int) -> None:
    kind = "molblock" if "M  END" in structure else "smiles"
    row = standardise_record({"record": "r", "kind": kind, "structure": structure}, SETTINGS)
    assert isinstance(row, ParentRow)
    (event,) = row.events()
    assert (event.record, event.status) == ("r", Status.OK)
    assert f"drawn at flat atom {atom} (an axis of chirality" in event.message


@pytest.mark.parametrize("smiles", [BIARYL, "C[C@H](F)Cl |wU:1.0|", "CC(C)F |w:1.0|", "C/C=C/C"])
def test_nothing_is_said_where_no_axis_is_drawn(smiles: str) -> None:
    assert standardise(smiles, "smiles", SETTINGS).note == ""


CENTRES = (
    "C[S@](=O)c1ccccc1",
    "CC[P@](=O)(C)c1ccccc1",
    "O=[P@@]1(N(CCCl)CCCl)NCCCO1",
    "C[N@+]([O-])(CC)CCC",
    "C[N@@+](CC)(CCC)CCCC",
    "C[S@@](=N)(=O)c1ccccc1",
    "C/C(=N/O)c1ccccc1",
    "C/C(c1ccccc1)=N/N",
    "C/C=C/[C@H](O)/C=C\\C",  # a centre by its double bonds alone
    "C[C@H](O)[C@H](O)[C@@H](C)O",  # pseudo-asymmetric
    "O[C@H]1CC[C@H](C)CC1",
    "N[C@H]1C[C@@H](O)C1",
    "C1=C\\CCCCCC/1",
    "CN1[C@@H]2CC[C@H]1C[C@@H](O)C2",
)


@pytest.mark.parametrize("smiles", CENTRES)
def test_every_kind_of_centre_has_one_key_in_every_format(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    posed = Chem.AddHs(mol)
    assert rdDistGeom.EmbedMolecule(posed, randomSeed=5) == 0
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat)
    blocks = [
        write(m) for m in (posed, flat) for write in (Chem.MolToMolBlock, Chem.MolToV3KMolBlock)
    ]
    assert {key(block) for block in blocks} == {key(smiles)}
    assert key(smiles) != key(Chem.MolToSmiles(mol, isomericSmiles=False))
