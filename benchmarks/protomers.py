"""Protonation states at pH 7.4 against measured ones: our rules, dimorphite-dl and molscrub.

    pip install 'screenmm[protomers]'
    python benchmarks/protomers.py

``protomers.csv`` beside this script holds the compounds: as drawn, the major form at pH 7.4
(several where measurements do not tell which of two equal sites it is), the pKa's and their
source. Writes ``results/protomers.csv``, each method's first state of each compound, and
``results/protomers_summary.csv``, how many are right, by half and by class.

A state is right if it has the measured form's atoms, hydrogens and charges; resonance forms are
one, and so are tautomers. The halves are by the hash of the InChIKey: our rules were mended on
what one of them showed, and the other judged them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from screenmm.bias.losses import wilson
from screenmm.library.standardise import standardise
from screenmm.ligands.protomers import protomers
from screenmm.ligands.states import _form as resonance_key
from screenmm.settings import Ligands

HERE = Path(__file__).resolve().parent
TABLE = HERE / "protomers.csv"
RESULTS = HERE / "results"
METHODS = ("rules", "dimorphite", "molscrub")
PH = 7.4


def compounds() -> list[dict[str, str]]:
    with TABLE.open(newline="") as handle:
        return list(csv.DictReader(handle))


def half(inchikey: str) -> str:
    """Which half of the table a compound is in."""
    digest = hashlib.sha256(inchikey.encode()).digest()
    return "judging" if digest[-1] % 2 else "mending"


def is_form(smiles: str, major_forms: str) -> bool:
    """Whether a state is one of the forms, as a resonance form or a tautomer of it."""
    return any(
        resonance_key(smiles) == resonance_key(form)
        or (_charge(smiles) == _charge(form) and _tautomer(smiles) == _tautomer(form))
        for form in major_forms.split()
    )


def _charge(smiles: str) -> int:
    return Chem.GetFormalCharge(Chem.MolFromSmiles(smiles))


@cache
def _tautomer(smiles: str) -> str:
    canonical = _enumerator().Canonicalize(Chem.MolFromSmiles(smiles))
    return resonance_key(Chem.MolToSmiles(canonical))


@cache
def _enumerator() -> rdMolStandardize.TautomerEnumerator:
    return rdMolStandardize.TautomerEnumerator()


def judged(methods: Iterable[str]) -> Iterator[dict[str, object]]:
    """What each method says of each compound."""
    for compound in compounds():
        parent = standardise(compound["smiles"], "smiles", Ligands())
        for method in methods:
            started = time.process_time()
            state = protomers(parent.smiles, PH, PH, method)[0]
            spent = time.process_time() - started
            yield {
                "name": compound["name"],
                "class": compound["class"],
                "half": half(parent.inchikey),
                "method": method,
                "state": state,
                "net_charge": _charge(state),
                "right": int(is_form(state, compound["major_form"])),
                "right_charge": int(_charge(state) == int(compound["net_charge"])),
                "cpu_ms": round(spent * 1e3, 2),
            }


def summarised(rows: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Right ones of each method with 95 % Wilson intervals: all, by half and by class."""
    groups: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        for group in ("all", f"{row['half']} half", str(row["class"])):
            groups[str(row["method"]), group].append(row)
    for (method, group), members in groups.items():
        right = sum(int(str(row["right"])) for row in members)
        low, high = wilson(right, len(members))
        yield {
            "method": method,
            "group": group,
            "compounds": len(members),
            "right": right,
            "right_charge": sum(int(str(row["right_charge"])) for row in members),
            "share": round(right / len(members), 3),
            "low": round(low, 3),
            "high": round(high, 3),
        }


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    asked = parser.parse_args()
    with rdBase.BlockLogs():
        for method in asked.methods:
            protomers("CCN", PH, PH, method)  # imports are no compound's time
        rows = list(judged(asked.methods))
    summary = sorted(
        summarised(rows),
        key=lambda row: (METHODS.index(str(row["method"])), " half" not in str(row["group"])
                         and row["group"] != "all", str(row["group"])),
    )  # fmt: skip
    write_rows(RESULTS / "protomers_summary.csv", summary)
    # times differ from run to run
    for method in asked.methods:
        times = [float(str(row["cpu_ms"])) for row in rows if row["method"] == method]
        print(f"{method}: {sum(times) / len(times):.2f} ms of CPU per compound")
    write_rows(
        RESULTS / "protomers.csv", [{k: v for k, v in row.items() if k != "cpu_ms"} for row in rows]
    )
    for row in summary:
        if row["group"] == "all" or str(row["group"]).endswith(" half"):
            print(row)


if __name__ == "__main__":
    main()
