"""A database of fragments from molecules of one's own, as CReM reads it.

Every molecule is cut at up to four of its acyclic single bonds. A piece is kept with its
environment: what lies within some bonds of the cuts in the rest of the molecule. Pieces seen in
the same environment may replace each other (CReM; Polishchuk 2020, 10.1186/s13321-020-00431-w).

Shards of a library are cut on their own and merged. The database's bytes follow from the
molecules alone, whatever shards they came in, as far as SQLite's version is the same.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem, rdBase

from screenmm.core.errors import ConfigError, LigandError, Reason
from screenmm.files.whole import replace_whole
from screenmm.run.shards import write_table

RADII = (2, 3)
"""Bonds outward from a cut, its own among them, that make its environment: fewer propose more,
and more oddly."""

MOST_ATOMS = 12
"""Heavy atoms of the largest fragment: a bicycle with its substituents."""

MOST_CUTTABLE = 20
"""Acyclic single bonds of a molecule that is cut: the sets of four grow with their fourth power,
and 20 take two seconds."""

SCHEMA_OF_CREM = 2
"""Version of CReM's tables, as it stands in the database's ``user_version``."""

SCHEMA = pa.schema(
    [
        pa.field("radius", pa.uint8(), nullable=False),
        pa.field("environment", pa.string(), nullable=False),
        pa.field("fragment", pa.string(), nullable=False),
        pa.field("count", pa.uint32(), nullable=False),
    ]
)

_ACYCLIC_SINGLE = Chem.MolFromSmarts("[!#1]!@!=!#[!#1]")
_HYDROGEN = "[H][*:1]"

Row = tuple[int, str, str]
"""Radius, environment and fragment."""


def cuttable_bonds(mol: Chem.Mol) -> int:
    """Count the acyclic single bonds between heavy atoms.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    """
    return len(mol.GetSubstructMatches(_ACYCLIC_SINGLE, maxMatches=1000))


def fragments_of(
    smiles: str, radii: Sequence[int] = RADII, most_atoms: int = MOST_ATOMS
) -> Counter[Row]:
    """Count the fragments of one molecule.

    Isotopes are left out, and so is the stereo of fragments and environments.

    Parameters
    ----------
    smiles : str
    radii : sequence of int
        Bonds outward from the cuts, theirs among them.
    most_atoms : int
        Heavy atoms of the largest fragment.

    Returns
    -------
    Counter of (int, str, str)
        How often each fragment was cut from each environment of each radius.

    Raises
    ------
    LigandError
        The SMILES cannot be read or is of several molecules, there are too many bonds to cut
        or none, or RDKit cannot cut it.
    """
    from crem.mol_context import get_std_context_core_permutations  # noqa: PLC0415

    counts: Counter[Row] = Counter()
    whole = _without_isotopes(smiles)
    try:
        with rdBase.BlockLogs():
            for fragment, context in _cuts(whole, most_atoms):
                for radius in radii:
                    environment, numberings = get_std_context_core_permutations(
                        context, fragment, radius, keep_stereo=False
                    )
                    # numberings that a fragment's symmetry makes equal are one
                    for each in sorted({_canonical(each) for each in numberings or ()}):
                        counts[radius, environment, each] += 1
    # RDKit raises whatever its C++ did
    except (RuntimeError, LookupError, ValueError) as error:
        raise LigandError(
            Reason.ENUMERATION_FAILED, f"{smiles!r} cannot be cut to fragments ({error})"
        ) from None
    if not counts:
        raise LigandError(
            Reason.ENUMERATION_FAILED, f"{smiles!r} has no bond that can be cut: no fragments"
        )
    return counts


def fragment_shard(
    molecules: Iterable[tuple[str, str]],
    path: Path,
    radii: Sequence[int] = RADII,
    most_atoms: int = MOST_ATOMS,
) -> dict[str, LigandError]:
    """Cut the molecules of a shard and write the file of their fragments.

    Its rows are ordered: the same molecules give the same bytes.

    Parameters
    ----------
    molecules : iterable of (str, str)
        Key and SMILES of each.
    path : Path
        Parquet file to write.
    radii, most_atoms
        See :func:`fragments_of`.

    Returns
    -------
    dict of str to LigandError
        Key to why a molecule gave no fragments.
    """
    counts: Counter[Row] = Counter()
    failures: dict[str, LigandError] = {}
    for key, smiles in molecules:
        try:
            counts.update(fragments_of(smiles, radii, most_atoms))
        except LigandError as error:
            failures[key] = error
    rows = sorted(counts)
    columns = {
        "radius": [row[0] for row in rows],
        "environment": [row[1] for row in rows],
        "fragment": [row[2] for row in rows],
        "count": [counts[row] for row in rows],
    }
    with replace_whole(path) as partial:
        write_table(partial, pa.table(columns, schema=SCHEMA))
    return failures


def merge(shards: Iterable[Path], path: Path, radii: Sequence[int] = RADII) -> None:
    """Make the database of the fragments of all shards.

    Parameters
    ----------
    shards : iterable of Path
        Files of :func:`fragment_shard`, in any order.
    path : Path
        SQLite database to write, in the tables of CReM's second schema. Its column ``freq``
        counts how often a fragment was cut from an environment.
    radii : sequence of int
        Radii to have; each has a table even where it holds nothing.
    """
    with replace_whole(path) as partial, closing(sqlite3.connect(partial)) as database:
        # outside transactions: SQLite lets neither page size nor journal change within one
        database.isolation_level = None
        for pragma in ("page_size = 16384", "journal_mode = OFF", "synchronous = OFF"):
            database.execute(f"PRAGMA {pragma}")
        database.execute(f"PRAGMA user_version = {SCHEMA_OF_CREM}")
        _load(database, shards)
        database.execute("BEGIN")
        _write_names(database)
        for radius in radii:
            _write_radius(database, radius)
        database.execute("ANALYZE")
        database.execute("COMMIT")
        # pages in the order of the tables: free ones tell of nothing
        database.execute("VACUUM")


def radii_of(path: Path) -> tuple[int, ...]:
    """Radii that a database has, ascending.

    Raises
    ------
    ConfigError
        There is no such file, or it is no database of CReM.
    """
    if not path.is_file():
        raise ConfigError(
            f"fragment database {path} does not exist: make it, or mend its path in the config"
        )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            names = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
    except sqlite3.DatabaseError as error:
        raise ConfigError(
            f"fragment database {path} cannot be read ({error}): it arrived broken or is no "
            "SQLite file; fetch or make it again"
        ) from None
    found = sorted(
        int(name.removeprefix("radius")) for name in names if name.removeprefix("radius").isdigit()
    )
    if not found:
        raise ConfigError(
            f"{path} is no fragment database: CReM's tables, as radius3, are missing in it"
        )
    return tuple(found)


def _without_isotopes(smiles: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if smiles else None
        if mol is None:
            raise LigandError(
                Reason.INVALID_STRUCTURE, f"SMILES {smiles!r} cannot be read: no fragments"
            )
        for atom in mol.GetAtoms():
            atom.SetIsotope(0)
            atom.SetAtomMapNum(0)
        mol = Chem.RemoveHs(mol)
    if len(Chem.GetMolFrags(mol)) != 1:
        raise LigandError(
            Reason.INVALID_STRUCTURE,
            f"{smiles!r} is of several molecules: standardise it first; no fragments",
        )
    bonds = cuttable_bonds(mol)
    if bonds > MOST_CUTTABLE:
        raise LigandError(
            Reason.TOO_LARGE,
            f"{smiles!r} has {bonds} acyclic single bonds and at most {MOST_CUTTABLE} are cut: "
            "no fragments",
        )
    return mol


def _cuts(mol: Chem.Mol, most_atoms: int) -> Iterator[tuple[str, str]]:
    """Fragments up to a size, each with the rest of the molecule, ordered."""
    from crem.fragmentation import fragment_mol  # noqa: PLC0415

    lines = fragment_mol(Chem.MolToSmiles(mol), sep_out="\t")
    cuts: set[tuple[str, str]] = set()
    for line in lines:
        _, _, fragment, rest = line.rstrip("\n").split("\t")
        if fragment:
            cuts.add((fragment, rest))
        else:
            # one cut: each half is a fragment of the other
            cuts.update(permutations(rest.split("."), 2))
    for fragment, context in sorted(cuts):
        if context != _HYDROGEN and _parsed(fragment).GetNumHeavyAtoms() <= most_atoms:
            yield fragment, context


def _parsed(fragment: str) -> Chem.Mol:
    return Chem.MolFromSmiles(fragment, sanitize=False)


def _canonical(fragment: str) -> str:
    mol = Chem.MolFromSmiles(fragment)
    return fragment if mol is None else Chem.MolToSmiles(mol)


def _load(database: sqlite3.Connection, shards: Iterable[Path]) -> None:
    # a temporary table leaves no trace in the file, and is on disk where it is large
    database.execute("CREATE TEMP TABLE seen(radius INTEGER, env TEXT, core TEXT, count INTEGER)")
    database.execute("BEGIN")
    for path in shards:
        for batch in pq.ParquetFile(path).iter_batches():
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            database.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", rows)
    database.execute("COMMIT")


def _write_names(database: sqlite3.Connection) -> None:
    """Write the tables of environments and fragments, numbered in alphabetical order."""
    database.execute("CREATE TABLE envs(env_id INTEGER PRIMARY KEY, env TEXT NOT NULL UNIQUE)")
    database.execute("INSERT INTO envs(env) SELECT DISTINCT env FROM seen ORDER BY env")
    database.execute(
        "CREATE TEMP TABLE cores(core TEXT PRIMARY KEY, capped TEXT, atoms INTEGER, span INTEGER)"
    )
    cores = database.execute("SELECT DISTINCT core FROM seen ORDER BY core").fetchall()
    database.executemany(
        "INSERT INTO cores VALUES (?, ?, ?, ?)",
        ((core, _capped(core), _parsed(core).GetNumHeavyAtoms(), _span(core)) for (core,) in cores),
    )
    database.execute(
        "CREATE TABLE frags_h(core_smi_h_id INTEGER PRIMARY KEY, smi TEXT NOT NULL UNIQUE)"
    )
    database.execute("INSERT INTO frags_h(smi) SELECT DISTINCT capped FROM cores ORDER BY capped")
    database.execute(
        "CREATE TABLE frags(core_smi_id INTEGER PRIMARY KEY, core_smi TEXT NOT NULL UNIQUE, "
        "core_smi_h_id INTEGER NOT NULL REFERENCES frags_h(core_smi_h_id))"
    )
    database.execute(
        "INSERT INTO frags(core_smi, core_smi_h_id) SELECT core, core_smi_h_id "
        "FROM cores JOIN frags_h ON smi = capped ORDER BY core"
    )


def _write_radius(database: sqlite3.Connection, radius: int) -> None:
    database.execute(
        f"CREATE TABLE radius{radius}("
        "env_id INTEGER NOT NULL REFERENCES envs(env_id), "
        "core_smi_id INTEGER NOT NULL REFERENCES frags(core_smi_id), "
        "core_num_atoms INTEGER NOT NULL, dist2 INTEGER NOT NULL, "
        "freq INTEGER NOT NULL DEFAULT 0, UNIQUE (env_id, core_smi_id))"
    )
    database.execute(
        f"INSERT INTO radius{radius} "
        "SELECT env_id, core_smi_id, atoms, span, SUM(count) FROM seen "
        "JOIN envs ON envs.env = seen.env JOIN frags ON core_smi = seen.core "
        "JOIN cores ON cores.core = seen.core "
        "WHERE radius = ? GROUP BY env_id, core_smi_id ORDER BY env_id, core_smi_id",
        (radius,),
    )
    # what CReM's query looks a replacement up by
    database.execute(
        f"CREATE INDEX idx_radius{radius}_lookup ON radius{radius}(env_id, core_num_atoms, dist2)"
    )


def _capped(fragment: str) -> str:
    """A fragment with hydrogens for its cuts."""
    with rdBase.BlockLogs():
        mol = _parsed(fragment)
        for atom in mol.GetAtoms():
            if atom.GetAtomicNum() == 0:
                atom.SetAtomicNum(1)
                atom.SetAtomMapNum(0)
        try:
            Chem.SanitizeMol(mol)
        except (ValueError, RuntimeError):
            return fragment
        return str(Chem.MolToSmiles(Chem.RemoveHs(mol)))


def _span(fragment: str) -> int:
    """Bonds between the two cuts of a linker; zero for other fragments."""
    mol = _parsed(fragment)
    cuts = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    if len(cuts) != 2:
        return 0
    return int(Chem.GetDistanceMatrix(mol)[cuts[0], cuts[1]])
