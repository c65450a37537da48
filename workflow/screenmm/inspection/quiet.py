"""ProLIF and what it brings, imported without the warnings that no user can mend."""

from __future__ import annotations

import warnings

# recorded, not ignored: MDAnalysis sets a filter of its own as it is imported
with warnings.catch_warnings(record=True):
    from MDAnalysis.converters.RDKitInferring import MDAnalysisInferrer
    from prolif import Fingerprint
    from prolif.residue import Residue
    from prolif.utils import split_mol_by_residues

__all__ = ["Fingerprint", "MDAnalysisInferrer", "Residue", "split_mol_by_residues"]
