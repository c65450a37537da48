"""Who tells the protonation states of a molecule: our rules, or a package of others.

The packages are optional. Their sources: dimorphite-dl (Ropp et al. 2019, J. Cheminform. 11,
14) assigns to each site the mean of measured pKa's of its kind; molscrub (Forli Lab) applies a
list of acid–base reactions, each with one pKa. How often each is right is in
``benchmarks/README.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rdkit import Chem

from screenmm.errors import ConfigError
from screenmm.ligands import protonation

MODULES = {"dimorphite": "dimorphite_dl", "molscrub": "molscrub"}
"""Methods that need a package, and the module that it provides."""
MAX_VARIANTS = 128


def protomers(smiles: str, ph_min: float, ph_max: float, method: str = "rules") -> list[str]:
    """Protonation states over a range of pH, those of its middle first.

    Parameters
    ----------
    smiles : str
        A molecule.
    ph_min, ph_max : float
        The range.
    method : str
        ``rules``, ``dimorphite`` or ``molscrub``.

    Returns
    -------
    list of str
        Canonical SMILES, at least one.

    Raises
    ------
    ConfigError
        The method's package is not installed.
    ValueError
        There is no valid state.
    """
    if method == "rules":
        return protonation.protomers(smiles, ph_min, ph_max)
    check_installed(method)
    states_at = {"dimorphite": _by_dimorphite, "molscrub": _by_molscrub}[method]
    middle = (ph_min + ph_max) / 2
    states = states_at(smiles, middle, middle)
    if ph_min < ph_max:
        # their order is their own
        states += sorted(states_at(smiles, ph_min, ph_max))
    return list(dict.fromkeys(states))


def check_installed(method: str) -> None:
    """Say how to get the package of a method that is not there.

    Raises
    ------
    ConfigError
        It is not installed.
    """
    module = MODULES.get(method)
    if module is not None and find_spec(module) is None:
        raise ConfigError(
            f"ligands.protomers: {method} needs the package {module.replace('_', '-')}, which is "
            "not installed: pip install 'screenmm[protomers]', or take rules"
        )


def _by_dimorphite(smiles: str, ph_min: float, ph_max: float) -> list[str]:
    # precision 0: a site's mean pKa decides, not the scatter of its kind
    found = _dimorphite()(
        smiles, ph_min=ph_min, ph_max=ph_max, precision=0.0, max_variants=MAX_VARIANTS
    )
    return [_canonical(state) for state in found]


@cache
def _dimorphite() -> Callable[..., list[str]]:
    # by name: an optional package is in no stage's environment
    protonate: Callable[..., list[str]] = import_module("dimorphite_dl").protonate_smiles
    return protonate


def _by_molscrub(smiles: str, ph_min: float, ph_max: float) -> list[str]:
    with redirect_stdout(sys.stderr):
        found = _molscrub()(Chem.MolFromSmiles(smiles), ph_min, ph_max)
    return [_canonical(Chem.MolToSmiles(state)) for state in found]


@cache
def _molscrub() -> Any:
    return import_module("molscrub").AcidBaseConjugator.from_default_data_files()


def _canonical(smiles: str) -> str:
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise ValueError(f"RDKit cannot read the state {smiles}")
    return str(Chem.MolToSmiles(mol))
