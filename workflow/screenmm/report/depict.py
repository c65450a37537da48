"""2D structures as small inline SVG that takes its colours from the page."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup
from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

WIDTH, HEIGHT = 190, 120
BOND_LENGTH = 17
MIN_FONT, MAX_FONT = 8, 10
MINUS = "\N{MINUS SIGN}"

INKS = {
    "000000": "mc", "0000FF": "mn", "FF0000": "mo", "33CCCC": "mf", "FF7F00": "mp",
    "CCCC00": "ms", "00CC00": "ml", "7F4C19": "mb", "A01EEF": "mi",
}  # fmt: skip
"""RDKit's colour of an element to the page's class for it; others keep their own colour."""

_PATH = re.compile(r"<path [^>]*?d='([^']*)'([^>]*)>")
_TEXT = re.compile(
    r"<text x='([^']*)' y='([^']*)' [^>]*?font-size:(\d+)px[^>]*?fill:#([0-9A-F]{6})[^>]*>([^<]*)<"
)
_JOIN = re.compile(r"M [^L]*L [^L]*L [^LZ]*")
_STROKE = re.compile(r"stroke:#([0-9A-F]{6})")
_FILL = re.compile(r"fill(?::|=')#([0-9A-F]{6})")


def _options(drawer: rdMolDraw2D.MolDraw2DSVG) -> None:
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.bondLineWidth = 1.1
    options.fixedBondLength = BOND_LENGTH
    options.padding = 0.03
    options.minFontSize = MIN_FONT
    options.maxFontSize = MAX_FONT


def _short(path: str) -> str:
    return (
        path.replace(",", " ").replace("  ", " ").replace(" L ", "L").replace(" L", "L")
        .replace("M ", "M").replace(" M", "M").replace(" Q", "Q").replace("Q ", "Q")
    )  # fmt: skip


def _style(kind: str, ink: str) -> str:
    known = INKS.get(ink, "")
    names = f"{kind} {known}".strip()
    own = "" if known else f' style="--ink:#{ink}"'
    return f'class="{names}"{own}'


def _size(pixels: str) -> str:
    """Font size, where it is not the page's usual one."""
    return "" if pixels == str(MAX_FONT) else f' font-size="{max(int(pixels), 7)}"'


def _smaller(svg: str) -> str:
    """One path for the lines of each colour, one for its wedges, and short texts.

    RDKit gives every half bond and every letter an element of its own with a style of its own,
    and every corner a join, which round line ends make unnecessary.
    """
    paths: dict[tuple[str, str], list[str]] = {}
    for data, rest in _PATH.findall(svg):
        fill, stroke = _FILL.search(rest), _STROKE.search(rest)
        if fill:
            paths.setdefault(("a", fill.group(1)), []).append(_short(data))
        elif stroke and not _JOIN.fullmatch(data):
            paths.setdefault(("l", stroke.group(1)), []).append(_short(data))
    lines = [
        f'<path {_style(kind, ink)} d="{"".join(data)}"/>' for (kind, ink), data in paths.items()
    ]
    letters = [
        f'<text {_style("", ink)} x="{x}" y="{y}"{_size(size)}>{text.replace("-", MINUS)}</text>'
        for x, y, size, ink, text in _TEXT.findall(svg)
    ]
    return "".join(lines + letters)


def draw(smiles: str | None) -> Markup:
    """Draw a molecule with a fixed bond length, smaller only where it would not fit.

    Parameters
    ----------
    smiles : str or None
        What to draw.

    Returns
    -------
    Markup
        What stands within an ``<svg>`` of ``WIDTH`` by ``HEIGHT``: paths alone, made by RDKit
        from atoms and bonds. Empty where RDKit cannot read the SMILES.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if smiles else None
        if mol is None:
            return Markup()
        rdDepictor.SetPreferCoordGen(True)
        rdDepictor.Compute2DCoords(mol)
        rdDepictor.NormalizeDepiction(mol, canonicalize=1)  # long axis lies flat
        rdDepictor.StraightenDepiction(mol)
        drawer = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT, -1, -1, True)  # letters as text
        _options(drawer)
        rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
        drawer.FinishDrawing()
    return Markup(_smaller(drawer.GetDrawingText()))
