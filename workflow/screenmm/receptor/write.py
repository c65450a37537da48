"""Writing a prepared receptor as PDB or mmCIF, author's chains and numbers kept."""

from __future__ import annotations

import io
from pathlib import Path

from openmm import app

from screenmm.core.errors import ReceptorError
from screenmm.files.whole import write_text, write_text_gz
from screenmm.receptor.prepare import PreparedReceptor
from screenmm.receptor.topology import in_nanometers


def write_structure(prepared: PreparedReceptor, path: Path) -> None:
    """Write the receptor; the same receptor gives the same bytes.

    Parameters
    ----------
    prepared : PreparedReceptor
    path : Path
        .pdb or .cif, plain or .gz.

    Raises
    ------
    ReceptorError
        The suffix is another, or the receptor does not fit the PDB format.
    """
    suffix = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if suffix == "cif":
        text = _mmcif(prepared)
    elif suffix == "pdb":
        text = _pdb(prepared)
    else:
        raise ReceptorError(f"{path.name}: the name must end in .pdb, .cif, .pdb.gz or .cif.gz")
    (write_text_gz if path.suffix == ".gz" else write_text)(path, text)


def _pdb(prepared: PreparedReceptor) -> str:
    topology = prepared.topology
    long = sorted({chain.id for chain in topology.chains() if len(chain.id) > 1})
    if long or topology.getNumAtoms() > 99_999:
        reason = f"chain names {', '.join(long)}" if long else f"{topology.getNumAtoms()} atoms"
        raise ReceptorError(f"{prepared.name}: {reason} do not fit the PDB format; write .cif")
    out = io.StringIO()
    positions = in_nanometers(prepared.positions_angstrom)
    app.PDBFile.writeModel(topology, positions, out, keepIds=True)
    app.PDBFile.writeFooter(topology, out)
    return out.getvalue()


def _mmcif(prepared: PreparedReceptor) -> str:
    out = io.StringIO()
    app.PDBxFile.writeHeader(prepared.topology, out, entry=prepared.name, keepIds=True)
    positions = in_nanometers(prepared.positions_angstrom)
    app.PDBxFile.writeModel(prepared.topology, positions, out, keepIds=True)
    # the header's comment holds the day's date
    return "".join(
        line for line in out.getvalue().splitlines(keepends=True) if "# Created with" not in line
    )
