"""The shared models in other forms: as ModelCIF, and with their PAE."""

from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np

TRKA = "predicted/NTRK1_TrkA_P04629_AFDB_v2.pdb"
RELAXED = "predicted/unknown_af2_relaxed_with_H.pdb"

PLDDT = ("1", "pLDDT", "pLDDT", "local")
QMEAN = ("1", "QMEANDisCo", "normalized score", "local")


def as_modelcif(
    source: Path,
    path: Path,
    *,
    metric: tuple[str, str, str, str] = PLDDT,
    scale: float = 1.0,
    b_factor: float | None = None,
) -> Path:
    """Write a model as mmCIF with ``_ma_qa_metric_local``, as the AlphaFold database does.

    Parameters
    ----------
    source, path : Path
        PDB file with pLDDT as B factors, and the file to write.
    metric : tuple of str
        Row of ``_ma_qa_metric``: id, name, type, mode.
    scale : float
        Of the values in the table.
    b_factor : float or None
        B factor of every atom; None leaves them.
    """
    structure = gemmi.read_structure(str(source))
    structure.setup_entities()
    structure.assign_label_seq_id()
    block = structure.make_mmcif_block()
    declared = block.init_loop("_ma_qa_metric.", ["id", "name", "type", "mode"])
    declared.add_row([gemmi.cif.quote(each) for each in metric])
    local = block.init_loop(
        "_ma_qa_metric_local.",
        ["label_asym_id", "label_comp_id", "label_seq_id", "metric_id", "metric_value",
         "model_id", "ordinal_id"],
    )  # fmt: skip
    for chain in structure[0]:
        for residue in chain:
            value = f"{scale * residue[0].b_iso:.4f}"
            number = str(residue.label_seq)
            local.add_row([residue.subchain, residue.name, number, "1", value, "1", number])
    if b_factor is not None:
        column = block.find_values("_atom_site.B_iso_or_equiv")
        for index in range(len(column)):
            column[index] = f"{b_factor:.2f}"
    document = gemmi.cif.Document()
    document.add_copied_block(block)
    document.write_file(str(path))
    return path


def part_of(source: Path, path: Path, first: int, last: int) -> Path:
    """Write the residues of a model from one number to another."""
    structure = gemmi.read_structure(str(source))
    chain = structure[0][0]
    for index in reversed(range(len(chain))):
        if not first <= chain[index].seqid.num <= last:
            del chain[index]
    structure.write_pdb(str(path))
    return path


def errors_of(source: Path) -> np.ndarray:
    """Errors that rise with the distance of CA atoms, Å: no model's, but of its size."""
    chain = gemmi.read_structure(str(source))[0][0]
    xyz = np.array([residue["CA"][0].pos.tolist() for residue in chain])
    apart = np.linalg.norm(xyz[:, None] - xyz[None], axis=2)
    return np.round(np.minimum(apart / 3, 31.75), 1)


def renamed(
    source: Path, path: Path, names: dict[int, str], group: str = "HETATM", b: str = ""
) -> Path:
    """Write a model of which residues have other names and records, and B factors if given."""
    lines = source.read_text().splitlines()
    for index, line in enumerate(lines):
        if line.startswith("ATOM") and (name := names.get(int(line[22:26]))):
            b_factor = b.rjust(6) if b else line[60:66]
            lines[index] = f"{group}{line[6:17]}{name}{line[20:60]}{b_factor}{line[66:]}"
    path.write_text("\n".join(lines))
    return path
