"""Paper and pencils of the figures: style, colours, and SVG that a page can theme.

Text, axes and grid are drawn in inks that the SVG names as CSS variables, with the colours
for white paper as fallbacks, and the background is left transparent. A page sets the
variables and the figure follows it from light to dark. The colours of data are the same on
both: each keeps a contrast of 3:1 to white and to a dark page.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from screenmm.files.csv import Cell, csv_text

INK, AXIS, GRID = "#1d2733", "#66707c", "#d3d8de"
INKS = {INK: "--plot-ink", AXIS: "--plot-axis", GRID: "--plot-grid"}
"""Colours on white paper that a page may replace, and the variables that do it."""

FONT_VARIABLE = "--plot-font"
FONTS = "'DejaVu Sans', Verdana, sans-serif"

BLUE, RED, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#b65f93", "#7f7f7f"
PALETTE = (BLUE, RED, GREEN, PURPLE, GREY)
"""After Okabe and Ito, told apart with any colour vision; the purple is a little darker."""

RASTER_POINTS = 5000
"""Points above which a cloud is drawn as pixels: each would be an element of the page."""

DPI = 150
WIDTH_INCH, HEIGHT_INCH = 6.0, 3.6

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": AXIS,
    "axes.facecolor": "none",
    "axes.formatter.use_mathtext": False,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.unicode_minus": True,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "hatch.color": AXIS,
    "hatch.linewidth": 0.6,
    "legend.edgecolor": GRID,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.6,
    "path.simplify": True,
    "svg.fonttype": "none",
    "text.color": INK,
    # names of molecules hold dollar signs
    "text.parse_math": False,
    "xtick.color": AXIS,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": AXIS,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure, ready to show.

    Attributes
    ----------
    name : str
        Name of its files, without ending.
    title, alt : str
        What it shows, and in words what is seen there.
    svg : str
        An ``svg`` element whose inks are CSS variables; identifiers begin with ``name``.
    png : bytes
        The same on white paper.
    receptor : str
        Whose it is; empty for one of the whole screen.
    columns, rows : sequence
        The numbers behind it.
    """

    name: str
    title: str
    alt: str
    svg: str
    png: bytes
    receptor: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()

    @property
    def svg_file(self) -> str:
        """Text of an SVG file."""
        return f'<?xml version="1.0" encoding="utf-8"?>\n{self.svg}\n'

    @property
    def csv(self) -> str:
        """Text of a CSV file with the numbers behind the figure."""
        return csv_text(self.columns, self.rows)


def plain(text: str, most: int = 60) -> str:
    """Make a text fit to stand in a figure: one line, printable, not longer than ``most``."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the figures, whatever the user's own settings of matplotlib are."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)  # type: ignore[arg-type]
        # names in scripts that the font lacks: the browser has other fonts
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def new_figure(width_inch: float = WIDTH_INCH, height_inch: float = HEIGHT_INCH) -> Figure:
    """Start a figure; to be called within :func:`style`."""
    return Figure(figsize=(width_inch, height_inch))


def new_axes(
    width_inch: float = WIDTH_INCH, height_inch: float = HEIGHT_INCH
) -> tuple[Figure, Axes]:
    """Start a figure of one pair of axes; to be called within :func:`style`."""
    figure = new_figure(width_inch, height_inch)
    return figure, figure.add_subplot()


def legend_above(axes: Axes) -> None:
    """Put the legend above the axes, at the left: it hides no data there."""
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, borderpad=0.2, borderaxespad=0,
        handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def number(value: float, decimals: int = 2) -> str:
    """Give a number with a true minus sign; no minus before zero."""
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def small_print(axes: Axes, text: str) -> None:
    """Small print above the axes, at the right."""
    if text:
        axes.text(1.0, 1.01, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=8)


def whole_numbers(axis: Any) -> None:
    """Ticks at whole numbers, written with thin spaces between thousands."""
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}".replace(",", "\u202f")))


def signed(axis: Any) -> None:
    """Numbers with a true minus sign."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))


def finish(
    figure: Figure,
    name: str,
    title: str,
    alt: str,
    *,
    receptor: str = "",
    columns: Sequence[str] = (),
    rows: Sequence[Sequence[Cell]] = (),
) -> Plot:
    """Render a figure; to be called within :func:`style`.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    name, title, alt, receptor, columns, rows
        See :class:`Plot`.
    """
    vector, pixels = io.StringIO(), io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        FigureCanvasSVG(figure).print_svg(vector, metadata=nothing)
    # the layout is found, and takes as long as the drawing
    figure.set_layout_engine("none")
    figure.set_dpi(DPI)
    figure.set_facecolor("white")
    FigureCanvasAgg(figure).print_png(pixels, metadata={"Software": None})
    svg = themed(vector.getvalue(), name, alt)
    return Plot(name, title, alt, svg, pixels.getvalue(), receptor, columns, rows)


def themed(svg: str, name: str, alt: str) -> str:
    """Turn matplotlib's SVG file into an element whose inks a page can set.

    Parameters
    ----------
    svg : str
        The file's text.
    name : str
        Put before the identifiers that are used: those of several figures must differ.
    alt : str
        For the element's ``aria-label``.
    """
    text = svg[svg.index("<svg") :].strip()
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(
        r'(<g id="patch_1">\s*<path d="[^"]*" style=")[^"]*', r"\1fill: none", text, count=1
    )
    used = set(re.findall(r'(?:xlink:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' * (m[1] in used), text)
    text = re.sub(r'(xlink:href="|url\()#', rf"\1#{name}-", text)
    text = re.sub(r' d="([^"]*)"', lambda m: f' d="{_rounded(m[1])}"', text)
    for colour, variable in INKS.items():
        # said twice: programs that know no variables keep the first
        text = re.sub(
            rf"(fill|stroke): {colour}", rf"\1: {colour}; \1: var({variable}, {colour})", text
        )
    fonts = f"font-family: {FONTS}; font-family: var({FONT_VARIABLE}, {FONTS})"
    text = text.replace("font-family: 'DejaVu Sans'", fonts)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    # as an attribute of the element: a rule would hold for the whole page
    joins = 'stroke-linejoin="round" stroke-linecap="butt"'
    text = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" {joins} ', 1)


def _rounded(path: str) -> str:
    """Round the coordinates of a path to a hundredth of a point, and put it on one line."""
    found = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), path)
    return " ".join(found.split())
