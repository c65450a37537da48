"""VCF and BCF files by htslib, told apart by what is in them; and its silence."""

from __future__ import annotations

import shutil
import tempfile
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pysam

from screenmm.core.errors import UserError
from screenmm.variants.text import GZIP, first_bytes, open_unpacked

BCF = b"BCF\2"
VCF = b"##fileformat=VCF"


@contextmanager
def quiet() -> Iterator[None]:
    """Silence htslib, which names places in the genome when it warns."""
    before = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(before)


def is_variant_call_file(path: Path) -> bool:
    """Whether a file is a VCF or BCF.

    Parameters
    ----------
    path : Path
    """
    return first_bytes(path, 64).removeprefix(BOM_UTF8).startswith((BCF, VCF))


def is_bgzf(path: Path) -> bool:
    """Whether a file is gzipped in blocks, as htslib wants it.

    Parameters
    ----------
    path : Path
    """
    with path.open("rb") as handle:
        head = handle.read(18)
    return head.startswith(GZIP) and head[12:14] == b"BC"


@contextmanager
def opened(path: Path) -> Iterator[pysam.VariantFile]:
    """Open a VCF or BCF file, plain, gzipped or gzipped in blocks.

    Parameters
    ----------
    path : Path

    Yields
    ------
    pysam.VariantFile

    Raises
    ------
    UserError
        It is none, is cut, or its header is no text.
    """
    with quiet(), tempfile.TemporaryDirectory() as folder:
        try:
            handle = pysam.VariantFile(str(_readable(path, Path(folder))))
        except (OSError, ValueError, EOFError) as error:
            told = "it is cut" if "EOF" in str(error) else "its header is broken"
            raise UserError(
                f"{path} cannot be read as VCF or BCF: {told}; fetch or make it again"
            ) from None
        try:
            with handle:
                yield handle
        except UnicodeDecodeError:
            raise UserError(
                f"{path}: the header holds bytes that are no UTF-8 text: convert the file to UTF-8"
            ) from None


def _readable(path: Path, folder: Path) -> Path:
    """Path of a file that htslib can read: a copy of one gzipped in one piece or with a BOM."""
    with path.open("rb") as handle:
        is_packed = handle.read(2) == GZIP
    has_bom = first_bytes(path, len(BOM_UTF8)) == BOM_UTF8
    if not has_bom and (not is_packed or is_bgzf(path)):
        return path
    copy = folder / "unpacked"
    with open_unpacked(path) as packed, copy.open("wb") as whole:
        packed.read(len(BOM_UTF8) if has_bom else 0)
        shutil.copyfileobj(packed, whole)
    return copy
