"""A library of everything that real and malicious libraries hold, with what must come of it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem
from rdkit.Chem import AllChem

OK = "ok"
IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
PEPTIDE = "N[C@@H](C)C(=O)" * 120 + "O"
LONG_NAME = "n" * 1500

# name, SMILES, fate ("ok" or the reason of the failure)
SMI_RECORDS: list[tuple[str, str, str]] = [
    ("aspirin", "CC(=O)Oc1ccccc1C(=O)O", OK),
    ("imatinib mesylate", f"{IMATINIB}.CS(=O)(=O)O", OK),
    ("ibuprofen sodium", "CC(C)Cc1ccc(cc1)C(C)C(=O)[O-].[Na+]", OK),
    ("sodium bound", "c1ccccc1CC(=O)O[Na]", OK),
    ("glycine zwitterion", "[NH3+]CC(=O)[O-]", OK),
    ("glycine", "NCC(=O)O", OK),
    ("betaine", "C[N+](C)(C)CC(=O)[O-]", OK),
    ("choline chloride", "C[N+](C)(C)CCO.[Cl-]", OK),
    ("nitrobenzene five-valent", "O=N(=O)c1ccccc1", OK),
    ("azide", "c1ccccc1N=[N+]=[N-]", OK),
    ("azide five-valent", "c1ccccc1CN=N#N", OK),
    ("deuterated", "[2H]C([2H])([2H])c1ccccc1", OK),
    ("carbon-13", "[13CH3]c1ccccc1", OK),
    ("fluorine-18", "[18F]CCc1ccccc1", OK),
    ("undefined stereo", "CC(N)C(O)C=CC(F)Cl", OK),
    ("defined stereo", "C[C@H](N)[C@@H](O)/C=C/[C@H](F)Cl", OK),
    ("mixture", "c1ccc2ccccc2c1.CCc1ccccc1", OK),
    ("huge ring", "C1" + "C" * 40 + "1", OK),
    ("aromatic nightmare", "c1cc2ccc3cccc4c5cccc6cccc(c(c1)c2c34)c56", OK),
    ("all ring closures", "C%10CCCCC%10C%99CCCCC%99", OK),
    ("allene", "CC=C=CC", OK),
    ("hypervalent sulfur", "CS(=O)(=O)NC", OK),
    ("iodide salt of a quaternary", "C[n+]1ccccc1.[I-]", OK),
    ("zinc complex", "[Zn+2].[O-]C(=O)c1ccccn1.[O-]C(=O)c1ccccn1", OK),
    ("triflate counterion", "NCc1ccccc1.OC(=O)C(F)(F)F", OK),
    ("explicit hydrogens", "[H]OC([H])([H])C([H])([H])c1ccccc1", OK),
    ("cx extension", "CCOCCN |$_AV:;;;$|", OK),
    ("name with spaces and  double  ones", "CCCCN", OK),
    ('quotes "in" the name\'s text', "CCCCO", OK),
    ("tab\tin the name", "CCCCS", OK),
    ("control \x07\x1b[31m name", "CCCCCl", OK),
    ("<script>alert(1)</script>&amp;", "CCCCBr", OK),
    ("=1+cmd|' /C calc'!A0", "CCCCI", OK),
    ("../../etc/passwd", "CCCCCF", OK),
    ("$(rm -rf ~); DROP TABLE ligands;--", "CCCCC#N", OK),
    ("naïve 化合物 µ", "CCCCCCN", OK),
    (LONG_NAME, "CCCCCCCN", OK),
    ("duplicate name", "C1CCNCC1", OK),
    ("duplicate name", "C1CCOCC1", OK),
    ("", "C1CCSCC1", OK),
    ("unclosed ring", "C1CCC", "invalid_structure"),
    ("unclosed branch", "CC(C", "invalid_structure"),
    ("five-valent carbon", "CC(C)(C)(C)C", "invalid_structure"),
    ("not kekulisable", "c1cccc1", "invalid_structure"),
    ("nonsense", "hello-world", "invalid_structure"),
    ("a number", "12345", "invalid_structure"),
    ("unknown element", "C[Xx]C", "invalid_structure"),
    ("not ASCII", "CCÖ", "invalid_structure"),
    ("nested brackets", "C" + "(C" * 3000, "invalid_structure"),
    ("polymer", "CCO |Sg:n:0,1:n:ht|", "invalid_structure"),
    ("table salt", "[Na+].[Cl-]", "no_organic_fragment"),
    ("water", "O", "no_organic_fragment"),
    ("sodium acetate", "CC(=O)[O-].[Na+]", "no_organic_fragment"),
    ("solvents only", "CS(C)=O.CCO", "no_organic_fragment"),
    ("a metal", "[Fe]", "no_organic_fragment"),
    ("cisplatin", "N[Pt](N)(Cl)Cl", "no_organic_fragment"),
    ("boronic acid", "OB(O)c1ccccc1", "unsupported_element"),
    ("silane", "C[Si](C)(C)c1ccccc1", "unsupported_element"),
    ("selenium", "C[Se]C", "unsupported_element"),
    ("mercury", "C[Hg]C", "unsupported_element"),
    ("R group", "*CCO", "unsupported_element"),
    ("labelled R group", "[1*]c1ccccc1", "unsupported_element"),
    ("any bond", "CC~CC", "unsupported_element"),
    ("methyl radical", "[CH2]CCC", "radical"),
    ("TEMPO", "CC1(C)CCCC(C)(C)N1[O]", "radical"),
    ("bare carbon", "[#6]CC", "radical"),
    ("peptide of 600 atoms", PEPTIDE, "too_large"),
    ("very long SMILES", "C" * 50_000, "too_large"),
]  # fmt: skip


@dataclass(frozen=True)
class HostileLibrary:
    """The files, and what must come of their records.

    ``expected`` maps (file name, position) to ``ok`` or a reason, as it stands before
    ligands are merged; ``files`` is in library order.
    """

    files: list[Path]
    expected: dict[tuple[str, int], str] = field(default_factory=dict)
    names: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """Number of input records."""
        return len(self.expected)


def write_hostile_library(folder: Path) -> HostileLibrary:
    """Write the library's files into a folder."""
    library = HostileLibrary([])
    for write in (_smi, _lines, _csv, _tsv, _sdf, _sdf_cut, _parquet, _noise):
        write(folder, library)
    return library


def _add(library: HostileLibrary, path: Path, fates: dict[int, str]) -> None:
    library.files.append(path)
    for position, fate in fates.items():
        library.expected[path.name, position] = fate


def _smi(folder: Path, library: HostileLibrary) -> None:
    path = folder / "hostile.smi"
    lines = ["smiles name"]
    fates = {}
    for name, smiles, fate in SMI_RECORDS:
        lines.append(f"{smiles}\t{name}")
        fates[len(lines)] = fate
        library.names[path.name, len(lines)] = name
    path.write_bytes(("\ufeff" + "\n".join(lines) + "\n").encode())
    _add(library, path, fates)


def _lines(folder: Path, library: HostileLibrary) -> None:
    """CRLF and a CR alone, comments, blank lines, Latin-1, NUL, a line of two megabytes."""
    path = folder / "lines and spaces é.smi.gz"
    lines = [
        b"# a comment",
        b"CCCN first",
        b"",
        b"   ",
        b"CCCO caf\xe9 latin-1",
        b"\tname without structure",
        b"  CCCCCC indented",
        b"C\x00C nul",
        b"C\x01C control",
        b"C" * (2 << 20) + b" endless",
        b"\x89PNG\r\x1a\x00\xff\xfe\xfa",
        b"CCCS last",
        b"",
        b"",
    ]
    with gzip.GzipFile(path, "wb", mtime=0) as packed:
        packed.write(b"\r\n".join(lines))
    blank, unreadable = "empty_record", "unreadable_record"
    _add(library, path, {
        2: OK, 3: blank, 4: blank, 5: OK, 6: "missing_structure", 7: OK,
        8: unreadable, 9: unreadable, 10: unreadable, 11: "invalid_structure", 12: unreadable,
        13: OK,
    })  # fmt: skip


def _csv(folder: Path, library: HostileLibrary) -> None:
    path = folder / "table.csv"
    text = "\r\n".join(
        [
            'id,smiles,active,dg_kcal,"a ""quoted"", column"',
            "a,CCc1ccccc1,1,-7.5,x",
            '"b, with comma",CCCc1ccccc1,0,-6,"multi\r\nline"',
            "c,CCCCc1ccccc1,maybe,strong,x",
            "too,few",
            "too,many,1,2,3,4,5",
            "d,,1,-5,x",
            "",
            '"never closed,CC,1,-5,x',
            'e 3" long,CCCCCc1ccccc1,,,x',
            "f,CC(=O)Nc1ccc(O)cc1,1.0,-1e1,x",
            "",
        ]
    )
    path.write_bytes(text.encode())
    _add(library, path, {
        2: OK, 3: OK, 5: OK, 6: "unreadable_record", 7: "unreadable_record",
        8: "missing_structure", 9: "empty_record", 10: "unreadable_record", 11: OK, 12: OK,
    })  # fmt: skip


def _tsv(folder: Path, library: HostileLibrary) -> None:
    path = folder / "table.tsv.gz"
    text = "smiles\tid\tactive\tdg_kcal\nCC(=O)Oc1ccccc1C(=O)O\taspirin again\t1\t-5\n"
    text += "O=C(C)Oc1ccccc1C(O)=O\taspirin otherwise written\t0\tnan\n"
    with gzip.GzipFile(path, "wb", mtime=0) as packed:
        packed.write(text.encode())
    _add(library, path, {2: OK, 3: OK})


def _block(smiles: str, title: str, *, flat: bool = False, v3000: bool = False) -> str:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    if flat:
        mol = Chem.RemoveHs(mol)
        AllChem.Compute2DCoords(mol)
    else:
        AllChem.EmbedMolecule(mol, randomSeed=7)
    mol.SetProp("_Name", title)
    return Chem.MolToMolBlock(mol, forceV3000=v3000)


def _sdf(folder: Path, library: HostileLibrary) -> None:
    path = folder / "structures.sdf"
    query = _block("CCO", "query", flat=True).replace(" O  ", " Q  ")
    empty = "no atoms\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"
    broken = _block("CCO", "bad counts", flat=True).replace("  3  2", "  9  2")
    tags = ">  <active>\n1\n\n> <dg_kcal>\n-8.5\n\n"
    blocks = [
        (_block("C[C@H](N)C(=O)O", "L-alanine 3D") + tags, OK),
        (_block("C[C@@H](F)c1ccccc1", "flat with wedge", flat=True), OK),
        (_block("OC(=O)c1ccccc1O", "v3000", v3000=True), OK),
        (_block("NCc1ccncc1.Cl", "salt in 3D"), OK),
        (query, "unsupported_element"),
        (empty, "empty_record"),
        (broken, "invalid_structure"),
        ("", "empty_record"),
        ("a title\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n", "truncated_record"),
        ("<html>\n<body>404</body>\n", "truncated_record"),
    ]
    path.write_text("".join(f"{block}$$$$\n" for block, _ in blocks) + "\n\n", newline="\r\n")
    _add(library, path, {place: fate for place, (_, fate) in enumerate(blocks, start=1)})


def _sdf_cut(folder: Path, library: HostileLibrary) -> None:
    path = folder / "cut.sdf.gz"
    text = _block("Cc1ccccc1N", "whole") + ">  <active>\n0\n\n$$$$\n"
    text += _block("Cc1ccccc1O", "cut")[:300]
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    _add(library, path, {1: OK, 2: "truncated_record"})


def _parquet(folder: Path, library: HostileLibrary) -> None:
    path = folder / "table.parquet"
    rows = {
        "smiles": ["CCN(CC)CC", None, "", "c1cc"],
        "name": ["triethylamine", None, "empty", "bad"],
        "active": [1, 0, None, 2],
        "dg_kcal": [-4.0, None, float("nan"), float("inf")],
    }
    pq.write_table(pa.table(rows), path)
    fates = [OK, "missing_structure", "missing_structure", "invalid_structure"]
    _add(library, path, dict(enumerate(fates, start=1)))


def _noise(folder: Path, library: HostileLibrary) -> None:
    """Binary noise named .smi."""
    path = folder / "noise.smi"
    path.write_bytes(b"PK\x03\x04\x00\x00\x08\x00\n\x00\x01\x02\x03\n\xff\x00\xfe")
    _add(library, path, dict.fromkeys((1, 2, 3), "unreadable_record"))
