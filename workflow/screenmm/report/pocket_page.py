"""One self-contained page that shows the pockets of a structure in 3D."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from screenmm.exports.pockets import as_data
from screenmm.files.whole import read_text
from screenmm.receptor.pocket_finder import FoundPocket
from screenmm.receptor.records import is_mmcif
from screenmm.report.report import TEMPLATES
from screenmm.report.vendor import libraries

PAGE = "pockets.html"


def pocket_page(pockets: Sequence[FoundPocket], structure: Path, told: str) -> str:
    """Text of the page.

    Parameters
    ----------
    pockets : sequence of FoundPocket
        Those that are shown.
    structure : Path
        File that they were found in.
    told : str
        What was left out of it; may be empty.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    text = read_text(structure)
    rows = [as_data(each) for each in pockets]
    data = {
        "structure": text,
        "format": "cif" if is_mmcif(text) else "pdb",
        "pockets": [
            {
                "rank": each.rank,
                "spheres": each.spheres.round(2).tolist(),
                "residues": [
                    {"chain": residue.chain, "resi": residue.number} for residue in each.residues
                ],
            }
            for each in pockets
        ],
    }
    return environment.get_template(f"{PAGE}.j2").render(
        name=structure.name,
        told=f"{told[:1].upper()}{told[1:]}",
        rows=rows,
        library=libraries()[1],
        script=Markup(libraries()[1].text),
        # a text of the file must end no element that it stands in
        data=Markup(json.dumps(data).replace("<", "\\u003c")),
    )
