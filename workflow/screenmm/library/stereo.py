"""Stereochemistry of a record: groups of centres, and the key that tells bottles apart.

A stereo group says that its centres are known relative to each other alone: ``and``
(``&``, STERAC) is a mixture of both forms, ``or`` (``o``, STEREL) is one of them. What a
bottle holds or may hold is then a set of stereoisomers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import combinations

from rdkit import Chem, rdBase

from screenmm.core.errors import LigandError, Reason
from screenmm.library.marks import find_cages, settle, tags

AND = Chem.StereoGroupType.STEREO_AND
OR = Chem.StereoGroupType.STEREO_OR
UNMARKED = Chem.ChiralType.CHI_UNSPECIFIED
MAX_GROUPS = 8
"""Each group doubles the isomers to look at."""
KEY_LETTERS = 10

_RELATIVE = re.compile(r"(?:^|,)r(?::([\d,]+))?(?=,|$)")
_GROUP = re.compile(r"(?:^|,)(?:[&o]\d+|a):(\d+(?:,\d+)*)")
_LABELS = re.compile(r"\$[^$]*\$|\([^)]*\)")
_ATROPISOMERS = (Chem.BondStereo.STEREOATROPCW, Chem.BondStereo.STEREOATROPCCW)
_FLAT = (Chem.BondType.DOUBLE, Chem.BondType.AROMATIC)
_WEDGES = {"_MolFileBondStereo": (1, 6), "_MolFileBondCfg": (1, 3)}


def group_by_flag(mol: Chem.Mol) -> Chem.Mol:
    """Make an ``and`` group where a CXSMILES says ``r``: drawn configurations are relative.

    The chiral flag of mol blocks says nothing: most programs write 0 for molecules that
    are meant as drawn.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        As read, with its stereochemistry perceived.

    Returns
    -------
    Mol
        The same object where nothing is to do. Centres that stand in a group stay there.

    Raises
    ------
    LigandError
        ``invalid_structure``: a group lists an atom that is not there.
    """
    if not mol.HasProp("_CXSMILES_Data"):
        return mol
    told = _LABELS.sub("", mol.GetProp("_CXSMILES_Data").strip("|"))
    _check_groups(told, mol.GetNumAtoms())
    flag = _RELATIVE.search(told)
    if flag is None:
        return mol
    listed = {int(number) for number in (flag[1] or "").split(",") if number}
    groups = [
        (group.GetGroupType(), [atom.GetIdx() for atom in group.GetAtoms()])
        for group in mol.GetStereoGroups()
    ]
    taken = {atom for _, atoms in groups for atom in atoms}
    for number, component in enumerate(Chem.GetMolFrags(mol)):
        centres = [atom for atom in component if atom not in taken and _is_marked(mol, atom)]
        if centres and (not listed or number in listed):
            groups.append((AND, centres))
    return _grouped(mol, groups)


def _check_groups(told: str, atoms: int) -> None:
    """Refuse groups of atoms beyond the last one, which RDKit leaves out without a word."""
    listed = [int(number) for group in _GROUP.findall(told) for number in group.split(",")]
    if (beyond := max(listed, default=0)) >= atoms:
        raise LigandError(
            Reason.INVALID_STRUCTURE,
            f"a stereo group lists atom {beyond}, and the SMILES has atoms 0 to {atoms - 1}",
        )


def write_smiles(mol: Chem.Mol) -> str:
    """Canonical isomeric SMILES; with a CXSMILES extension where there are stereo groups."""
    smiles: str = Chem.MolToSmiles(mol)
    if not mol.GetStereoGroups():
        return smiles
    places = {atom: place for place, atom in enumerate(_written_order(mol))}
    groups = [(sign, sorted(places[a] for a in atoms)) for sign, atoms in _open_groups(mol)]
    told = [
        f"{sign}{number}:{','.join(map(str, atoms))}"
        for sign in "&o"
        for number, atoms in enumerate(sorted(g for s, g in groups if s == sign), start=1)
    ]
    return f"{smiles} |{','.join(told)}|" if told else smiles


def settled(mol: Chem.Mol) -> Chem.Mol:
    """Molecule without marks that tell nothing, as read from its SMILES.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised, without explicit hydrogens or coordinates.
    """
    changed = settle(mol)
    return mol if changed is mol else Chem.MolFromSmiles(write_smiles(changed))


def identify(mol: Chem.Mol) -> tuple[str, str]:
    """Key and SMILES of a parent.

    The key is the standard InChIKey. Where stereo groups leave more than one isomer, it is
    that of the molecule without stereochemistry, and a fourth block of ten letters: a hash of
    the InChIKeys of all isomers in the bottle, of each alternative in turn. It depends neither
    on which isomer is drawn nor on how the groups are numbered or which centres they list.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        The parent, read from its SMILES.

    Returns
    -------
    tuple of str
        Key and canonical SMILES, which bears the groups as CXSMILES.

    Raises
    ------
    LigandError
        ``standardisation_failed``: InChI gives no key, or there are too many groups.
    """
    if not _open_groups(mol):
        return _inchikey(mol), Chem.MolToSmiles(mol)
    mol = _with_whole_cages(mol)
    groups = _open_groups(mol)
    if len(groups) > MAX_GROUPS:
        raise LigandError(
            Reason.STANDARDISATION_FAILED,
            f"{len(groups)} stereo groups, at most {MAX_GROUPS} are told apart: give fewer, or "
            "leave the centres undefined",
        )
    alternatives: dict[tuple[int, ...], set[str]] = {}
    drawings = []
    plain = set()
    for inverted, isomer in _isomers(mol, [atoms for _, atoms in groups]):
        choice = tuple(number for number in inverted if groups[number][0] == "o")
        alternatives.setdefault(choice, set()).add(_inchikey(_reread(isomer)))
        plain.add(Chem.MolToSmiles(isomer))
        # an isomer with fewer centres does not tell what the others have there
        if tags(settle(isomer)).keys() == tags(mol).keys():
            drawings.append(write_smiles(isomer))
    smiles = min(drawings if len(plain) > 1 else plain)
    bottles = sorted({",".join(sorted(keys)) for keys in alternatives.values()})
    if len(bottles) == 1 and "," not in bottles[0]:
        return bottles[0], smiles
    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    return f"{_inchikey(flat)}-{_letters('|'.join(bottles))}", smiles


def untold_axes(mol: Chem.Mol) -> str:
    """Say which drawn axes of chirality the key and the states do not tell apart.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        As read, not sanitised: RDKit clears what it has no use for.

    Returns
    -------
    str
        Empty where there are none.
    """
    bonds = [mol.GetBondWithIdx(index) for index in range(mol.GetNumBonds())]
    flat = {bond.GetBeginAtomIdx() for bond in bonds if _is_axis(bond)}
    flat |= {atom.GetIdx() for atom in mol.GetAtoms() if _is_marked_allene(atom)}
    if not flat:
        return ""
    atoms = ", ".join(str(atom + 1) for atom in sorted(flat))
    return (
        f"what is drawn at flat atom {atoms} (an axis of chirality, or a wedge the wrong way "
        "round) is not told apart: all its forms have this key, and any of them may be docked"
    )


def _is_axis(bond: Chem.Bond) -> bool:
    """Whether stereochemistry is drawn from a flat atom: no centre can be meant."""
    if bond.GetStereo() in _ATROPISOMERS:
        return True
    values = [(name, values) for name, values in _WEDGES.items() if bond.HasProp(name)]
    if not any(int(bond.GetProp(name)) in wedges for name, wedges in values):
        return False
    atom = bond.GetBeginAtom()
    return atom.GetAtomicNum() == 6 and any(b.GetBondType() in _FLAT for b in atom.GetBonds())


def _is_marked_allene(atom: Chem.Atom) -> bool:
    if atom.GetChiralTag() == UNMARKED or atom.GetDegree() != 2:
        return False
    return all(bond.GetBondType() == Chem.BondType.DOUBLE for bond in atom.GetBonds())


def _is_marked(mol: Chem.Mol, atom: int) -> bool:
    return bool(mol.GetAtomWithIdx(atom).GetChiralTag() != UNMARKED)


def _open_groups(mol: Chem.Mol) -> list[tuple[str, list[int]]]:
    """Groups of marked centres whose absolute configuration is open: sign and atoms."""
    signs = {AND: "&", OR: "o"}
    found = []
    for group in mol.GetStereoGroups():
        atoms = [atom.GetIdx() for atom in group.GetAtoms() if _is_marked(mol, atom.GetIdx())]
        if atoms and group.GetGroupType() in signs:
            found.append((signs[group.GetGroupType()], atoms))
    return found


def _grouped(mol: Chem.Mol, groups: list[tuple[Chem.StereoGroupType, list[int]]]) -> Chem.Mol:
    """Copy of a molecule with other stereo groups."""
    grouped = Chem.RWMol(mol)
    grouped.SetStereoGroups(
        [Chem.CreateStereoGroup(kind, grouped, atoms) for kind, atoms in groups]
    )
    return grouped.GetMol()


def _with_whole_cages(mol: Chem.Mol) -> Chem.Mol:
    """Let a group that holds a centre of a cage hold all of the cage: one inverts with the others.

    Groups that so come to share centres are one; ``and`` where one of them is.
    """
    groups = [(sign, set(atoms)) for sign, atoms in _open_groups(mol)]
    for cage in find_cages(mol):
        marked = {atom for atom in cage if _is_marked(mol, atom)}
        touched = [group for group in groups if group[1] & marked]
        if touched:
            signs, atoms = zip(*touched, strict=True)
            groups = [group for group in groups if group not in touched]
            groups.append(("&" if "&" in signs else "o", marked.union(*atoms)))
    return _grouped(mol, [(AND if sign == "&" else OR, sorted(each)) for sign, each in groups])


def _isomers(mol: Chem.Mol, groups: list[list[int]]) -> Iterator[tuple[tuple[int, ...], Chem.Mol]]:
    """All combinations of inverted groups, each with the molecule that it gives, cleaned."""
    for count in range(len(groups) + 1):
        for inverted in combinations(range(len(groups)), count):
            isomer = Chem.Mol(mol)
            for number in inverted:
                for atom in groups[number]:
                    isomer.GetAtomWithIdx(atom).InvertChirality()
            # RDKit keeps which centres of a ring depend on each other, and in which sense
            Chem.AssignStereochemistry(isomer, cleanIt=True, force=True)
            yield inverted, isomer


def _reread(mol: Chem.Mol) -> Chem.Mol:
    return Chem.MolFromSmiles(Chem.MolToSmiles(mol))


def _written_order(mol: Chem.Mol) -> list[int]:
    """Atoms in the order in which the last SMILES wrote them."""
    return [int(atom) for atom in mol.GetProp("_smilesAtomOutputOrder").strip("[],").split(",")]


def _letters(text: str) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(KEY_LETTERS):
        number, letter = divmod(number, 26)
        letters.append(chr(ord("A") + letter))
    return "".join(letters)


def _inchikey(mol: Chem.Mol) -> str:
    with rdBase.BlockLogs():
        key: str = Chem.MolToInchiKey(mol)
    if not key:
        raise LigandError(Reason.STANDARDISATION_FAILED, "InChI gives no key for this structure")
    return key
