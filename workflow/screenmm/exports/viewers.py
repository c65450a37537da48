"""Scripts that show the top hits in their pockets in PyMOL and in ChimeraX.

They name the complexes by paths relative to the results folder, so the folder can be moved.
Both show of each hit: the receptor as a cartoon, the residues within 5 Å of the ligand as
sticks, coloured by their energy with the ligand, the ligand as sticks of its own colour, and
the hydrogen bonds between them. Residues there that a predicted model is unsure of are magenta
instead, with their pLDDT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import gemmi

from screenmm.exports.complexes import LIGAND_NAMES
from screenmm.files.whole import write_text

POCKET_ANGSTROM = 5.0

ENERGY_RANGE_KCAL_MOL = 4.0
"""Residue energy of the deepest blue, and with the other sign of the deepest red."""

PYMOL, CHIMERAX = "view_hits.pml", "view_hits.cxc"


@dataclass(frozen=True, slots=True)
class Hit:
    """A hit's complex, as the scripts name it.

    Attributes
    ----------
    receptor : str
    rank : int
    path : str
        Of the complex, below the results folder.
    chain, residue : str
        Of the ligand.
    energies : tuple of (str, str, float)
        Chain, number and energy (kcal/mol) of the residues around.
    doubts : tuple of (str, str, float)
        Chain, number and pLDDT of the residues around that a predicted model is unsure of.
    """

    receptor: str
    rank: int
    path: str
    chain: str
    residue: str
    energies: tuple[tuple[str, str, float], ...] = ()
    doubts: tuple[tuple[str, str, float], ...] = ()


def ligand_of(path: Path) -> tuple[str, str]:
    """Chain and residue name of the ligand in a complex: the last chain is its own."""
    return _ligand(gemmi.read_structure(str(path))[0], path)


def _ligand(model: gemmi.Model, path: Path) -> tuple[str, str]:
    chain = model[-1]
    name = chain[0].name
    if len(chain) != 1 or name not in LIGAND_NAMES:
        raise ValueError(f"{path}: the last chain, {chain.name}, holds {name}, not a ligand")
    return chain.name, name


def _energies(
    con: duckdb.DuckDBPyConnection, receptor: str
) -> Mapping[int, tuple[tuple[str, str, float], ...]]:
    """Residue energies of the top hits, by rank."""
    rows = con.execute(
        "SELECT rank, residue, total_kcal_mol FROM residue_energies "
        "JOIN ranking USING (receptor, inchikey, state, pose) "
        "WHERE receptor = ? AND isfinite(total_kcal_mol) ORDER BY rank, residue",
        [receptor],
    ).fetchall()
    out: dict[int, list[tuple[str, str, float]]] = {}
    for rank, residue, energy in rows:
        chain, _, number = residue.split(":")
        out.setdefault(rank, []).append((chain, number, energy))
    return {rank: tuple(own) for rank, own in out.items()}


def _doubts(con: duckdb.DuckDBPyConnection, receptor: str) -> Mapping[tuple[str, str], float]:
    """Give pLDDT of the residues that a predicted model is unsure of, by chain and number."""
    rows = con.execute(
        "SELECT residue, plddt FROM confidence WHERE receptor = ? AND doubtful", [receptor]
    )
    parts = ((residue.split(":"), plddt) for residue, plddt in rows.fetchall())
    return {(chain, number): plddt for (chain, _, number), plddt in parts}


def _around(model: gemmi.Model) -> set[tuple[str, str]]:
    """Chain and number of the residues within reach of the ligand."""
    search = gemmi.NeighborSearch(model, gemmi.UnitCell(), POCKET_ANGSTROM).populate()
    near = [search.find_atoms(atom.pos, radius=POCKET_ANGSTROM) for atom in model[-1][0]]
    found = (mark.to_cra(model) for marks in near for mark in marks)
    return {(each.chain.name, str(each.residue.seqid)) for each in found}


def read_hits(con: duckdb.DuckDBPyConnection, results: Path) -> list[Hit]:
    """Find the complexes of a run's top hits.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors``, ``ranking``, ``residue_energies`` and ``confidence``.
    results : Path
        The results folder, with ``complexes/``.

    Returns
    -------
    list of Hit
        Receptors in config order, best first.
    """
    out = []
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        energies, doubts = _energies(con, receptor), _doubts(con, receptor)
        for path in sorted((results / "complexes" / receptor).glob("*.cif")):
            rank = int(path.name.partition("_")[0])
            own = energies.get(rank, ())
            where = path.relative_to(results).as_posix()
            model = gemmi.read_structure(str(path))[0]
            around = _around(model) if doubts else set()
            doubted = tuple((*key, doubts[key]) for key in doubts if key in around)
            out.append(Hit(receptor, rank, where, *_ligand(model, path), own, doubted))
    return out


def _shown(energy: float) -> str:
    return f"{energy:.2f}" if abs(energy) >= 0.005 else "0.00"


DOUBTED = "# Magenta: residues that the predicted model is unsure of. The label is their pLDDT.\n"


def _legend(hits: Sequence[Hit]) -> list[str]:
    """What the colour of doubt means, where it is used."""
    return [DOUBTED] if any(hit.doubts for hit in hits) else []


PYMOL_HEAD = """\
# The top hits in their pockets, for PyMOL. Start it in this folder: pymol {name}
# Each hit is a state of its receptor's object: step with the arrow keys.
# Sticks: residues within {pocket:g} A of the ligand. Their colour is their energy with it, from
# -{reach:g} kcal/mol (blue, attracts) over 0 (white) to {reach:g} kcal/mol (red, repels).
set bg_rgb, [1, 1, 1]
set cartoon_transparency, 0.5
set stick_radius, 0.15
set valence, 1
"""

PYMOL_HIT = """\
load {path}, one_hit
{energies}create {name}, one_hit, 1, {state}, discrete=1
delete one_hit
"""

PYMOL_RECEPTOR = """\
hide everything, {name}
select ligand_{name}, {ligands}
select pocket_{name}, none
{pockets}
show cartoon, {name}
set cartoon_color, grey80, {name}
show sticks, pocket_{name} and not (elem H and neighbor elem C)
show sticks, ligand_{name}
spectrum b, blue_white_red, {name} and not ligand_{name}, minimum=-{reach:g}, maximum={reach:g}
color orange, ligand_{name} and elem C
util.cnc ligand_{name}
distance bonds_{name}, ligand_{name}, pocket_{name}, mode=2
hide labels, bonds_{name}
"""

PYMOL_DOUBT = """\
color magenta, {residue} and elem C
label {residue} and name CA, "pLDDT {plddt:.0f}"
"""

# of each state by itself: distances are measured across the states of an object
PYMOL_POCKET = (
    "select pocket_{name}, pocket_{name} or byres (({name} and state {state} and not "
    "ligand_{name}) within {pocket:g} of (ligand_{name} and state {state}))"
)

PYMOL_END = """\
deselect
set all_states, 0
frame 1
zoom {ligand}, 8
"""


def _pymol_name(receptor: str) -> str:
    """Name of an object; selection words of PyMOL's language would not do."""
    return f"hits_{re.sub(r'[^A-Za-z0-9_]', '_', receptor)}"


def pymol_script(hits: Sequence[Hit]) -> str:
    """Text of a script for PyMOL; without hits it only says so."""
    head = PYMOL_HEAD.format(name=PYMOL, pocket=POCKET_ANGSTROM, reach=ENERGY_RANGE_KCAL_MOL)
    if not hits:
        return f"{head}# no complexes were written: no hit is scored, or ranking.complexes is 0\n"
    parts = [head, *_legend(hits)]
    names = {hit.receptor: _pymol_name(hit.receptor) for hit in hits}
    for receptor, name in names.items():
        own = [hit for hit in hits if hit.receptor == receptor]
        parts += [
            PYMOL_HIT.format(
                path=hit.path, name=name, state=state,
                energies="".join(_pymol_energies(hit)),
            )
            for state, hit in enumerate(own, start=1)
        ]  # fmt: skip
        which = sorted({(hit.chain, hit.residue) for hit in own})
        ligands = " or ".join(f"({name} and chain {c} and resn {r})" for c, r in which)
        pockets = [
            PYMOL_POCKET.format(name=name, state=state, pocket=POCKET_ANGSTROM)
            for state in range(1, len(own) + 1)
        ]
        parts.append(
            PYMOL_RECEPTOR.format(
                name=name, ligands=ligands, pockets="\n".join(pockets), reach=ENERGY_RANGE_KCAL_MOL
            )
        )
        parts += [
            PYMOL_DOUBT.format(
                residue=f"{name} and state {state} and chain {chain} and resi {_resi(number)}",
                plddt=plddt,
            )
            for state, hit in enumerate(own, start=1)
            for chain, number, plddt in hit.doubts
        ]
    others = list(names.values())[1:]
    parts += [f"disable {name}\ndisable bonds_{name}\n" for name in others]
    parts.append(PYMOL_END.format(ligand=f"ligand_{names[hits[0].receptor]}"))
    return "".join(parts)


def _pymol_energies(hit: Hit) -> list[str]:
    """Residue energies go where spectrum finds them: into the B factors, which are zero."""
    return [
        f"alter one_hit and chain {chain} and resi {_resi(number)}, b={_shown(energy)}\n"
        for chain, number, energy in hit.energies
        if _shown(energy) != "0.00"
    ]


def _resi(number: str) -> str:
    """Residue number in a selection, where a bare minus would start a range."""
    return f"\\{number}" if number.startswith("-") else number


CHIMERAX_HEAD = """\
# The top hits in their pockets, for ChimeraX. Start it in this folder: chimerax {name}
# Each hit is a model: step through them with the slider.
# Sticks: residues within {pocket:g} A of the ligand. Their colour is their energy with it, from
# -{reach:g} kcal/mol (blue, attracts) over 0 (white) to {reach:g} kcal/mol (red, repels).
set bgColor white
"""

CHIMERAX_HIT = """\
open {path} name "{title}"
"""

CHIMERAX_ALL = """\
hide atoms
cartoon
transparency 50 target c
color lightgray
style stick
"""

CHIMERAX_MODEL = """\
show {ligand} | ({model} & ({ligand} :< {pocket:g})) atoms
color {ligand} orange
color {ligand} byhetero
"""

CHIMERAX_DOUBT = """\
color {residue} & C magenta target a
label {residue} residues text "pLDDT {plddt:.0f}"
"""

CHIMERAX_END = """\
hide HC
hbonds ligand restrict cross interModel false reveal false
view {first}
mseries slider #1-{last}
"""


def chimerax_script(hits: Sequence[Hit]) -> str:
    """Text of a script for ChimeraX; without hits it only says so."""
    head = CHIMERAX_HEAD.format(name=CHIMERAX, pocket=POCKET_ANGSTROM, reach=ENERGY_RANGE_KCAL_MOL)
    if not hits:
        return f"{head}# no complexes were written: no hit is scored, or ranking.complexes is 0\n"
    parts = [head, *_legend(hits)]
    parts += [
        CHIMERAX_HIT.format(path=hit.path, title=f"{hit.receptor} rank {hit.rank}") for hit in hits
    ]
    parts.append(CHIMERAX_ALL)
    for model, hit in enumerate(hits, start=1):
        ligand = f"#{model}/{hit.chain}"
        parts += [
            f"color #{model}/{chain}:{number} {colour(energy)} target a\n"
            for chain, number, energy in hit.energies
            if _shown(energy) != "0.00"
        ]
        parts.append(
            CHIMERAX_MODEL.format(ligand=ligand, model=f"#{model}", pocket=POCKET_ANGSTROM)
        )
        parts += [
            CHIMERAX_DOUBT.format(residue=f"#{model}/{chain}:{number}", plddt=plddt)
            for chain, number, plddt in hit.doubts
        ]
    last = len(hits)
    first = f"#1/{hits[0].chain}"
    parts.append(CHIMERAX_END.format(first=first, last=last))
    return "".join(parts)


def colour(energy: float) -> str:
    """Colour of a residue energy: from blue, which attracts, over white to red."""
    share = max(-1.0, min(1.0, energy / ENERGY_RANGE_KCAL_MOL))
    pale = round(255 * (1 - abs(share)))
    return f"#{pale:02x}{pale:02x}ff" if share < 0 else f"#ff{pale:02x}{pale:02x}"


def write_viewers(con: duckdb.DuckDBPyConnection, results: Path) -> None:
    """Write both scripts into a results folder.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors``, ``ranking``, ``residue_energies`` and ``confidence``.
    results : Path
        The results folder, with ``complexes/``.
    """
    hits = read_hits(con, results)
    write_text(results / PYMOL, pymol_script(hits))
    write_text(results / CHIMERAX, chimerax_script(hits))
