"""2D structures as small inline SVG."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

WIDTH, HEIGHT = 190, 120
BOND_LENGTH = 17


@dataclass(frozen=True, slots=True)
class Drawing:
    """A structure as an SVG ``<symbol>``; ``body`` is made by RDKit from atoms and bonds only."""

    key: str
    body: Markup


def _options(drawer: rdMolDraw2D.MolDraw2DSVG) -> None:
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.bondLineWidth = 1.1
    options.fixedBondLength = BOND_LENGTH
    options.padding = 0.03
    options.minFontSize = 8
    options.maxFontSize = 11


def _short_number(match: re.Match[str]) -> str:
    return f"{float(match.group()):.1f}".removesuffix(".0")


def _smaller(svg: str) -> str:
    """Drop RDKit's header, classes and default styles, and round coordinates."""
    body = svg[svg.index("<!-- END OF HEADER -->") + len("<!-- END OF HEADER -->") :]
    body = body.removesuffix("\n").removesuffix("</svg>")
    body = re.sub(r" class='[^']*'", "", body)
    body = re.sub(r"\d+\.\d+", _short_number, body)
    body = body.replace("fill:none;fill-rule:evenodd;", "fill:none;")
    body = re.sub(r"stroke-(linecap:butt|linejoin:miter|opacity:1|miterlimit:10);?", "", body)
    return re.sub(r"\s*\n\s*", "", body).replace("px;", ";")


def draw(key: str, smiles: str) -> Drawing | None:
    """Draw a molecule with a fixed bond length, smaller only where it would not fit.

    Parameters
    ----------
    key : str
        Identifier of the symbol within the page.
    smiles : str
        What to draw.

    Returns
    -------
    Drawing or None
        None where RDKit cannot read or draw it.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            return None
        rdDepictor.SetPreferCoordGen(True)
        rdDepictor.Compute2DCoords(mol)
        rdDepictor.NormalizeDepiction(mol, canonicalize=1)  # long axis lies flat
        rdDepictor.StraightenDepiction(mol)
        drawer = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
        _options(drawer)
        rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
        drawer.FinishDrawing()
    return Drawing(key=key, body=Markup(_smaller(drawer.GetDrawingText())))
