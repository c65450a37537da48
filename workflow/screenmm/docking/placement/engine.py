"""An engine that places a ligand by a template first, and docks it freely where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason
from screenmm.core.seeds import seed_for
from screenmm.docking.engine import DockedPose, Engine, Site, make_engine
from screenmm.docking.placement.clashes import Walls
from screenmm.docking.placement.core import Core, common_core, graph_of
from screenmm.docking.placement.flexible import FlexibleLigand
from screenmm.docking.placement.starts import starts
from screenmm.docking.placement.templates import Template, check_in_box, read_templates

if TYPE_CHECKING:
    from screenmm.config.settings import Docking

LEAST_CORE_ATOMS = 8
LEAST_CORE_SHARE = 0.4
"""A core with fewer heavy atoms, or a smaller part of the ligand's, does not place it."""

MOST_MAPS = 8
"""Ways in which a core lies on its template that are tried."""

SAME_START_ANGSTROM = 0.5
MOST_REFINED = 16
"""Starts that are refined: those with the fewest close contacts, no two in one place."""

MOST_DRIFT_ANGSTROM = 2.0
"""RMSD of the core to the template's; a refined pose beyond it has left the template."""

SAME_POSE_ANGSTROM = 1.0
MOST_SYMMETRIES = 1000


class Refiner(Protocol):
    """What an engine offers beside :class:`screenmm.docking.engine.Engine` to refine starts."""

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Dock freely."""
        ...

    def refine(self, ligand: str, starts: Sequence[str], seed: int) -> list[tuple[float, str]]:
        """Optimise starts locally by the engine's own function.

        Parameters
        ----------
        ligand : str
            PDBQT.
        starts : sequence of str
            The same with other coordinates.
        seed : int
            Of what is random in it.

        Returns
        -------
        list of (float, str)
            Score, kcal/mol, and PDBQT of those that could be refined, in their order.
        """
        ...


@dataclass(frozen=True)
class _Refined:
    score: float
    text: str
    heavy: NDArray[np.float64]


class Placing:
    """Places ligands by templates, with an engine that refines, and docks the others.

    Parameters
    ----------
    engine : Refiner
    templates : sequence of Template
        At least one.
    receptor_pdbqt : str
        Text of the rigid receptor.
    poses : int
        Most poses of a state.
    """

    def __init__(
        self, engine: Refiner, templates: Sequence[Template], receptor_pdbqt: str, poses: int
    ) -> None:
        self._engine, self._templates, self._poses = engine, templates, poses
        self._walls = Walls(receptor_pdbqt)

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Place a state, else dock it; see :class:`screenmm.docking.engine.Engine`.

        Raises
        ------
        LigandError
            It cannot be placed, and the engine only places or cannot dock it either.
        """
        try:
            return self.place(mol, seed)
        except LigandError as why:
            try:
                return [replace(each, unplaced=why) for each in self._engine.dock(mol, seed)]
            except LigandError as error:
                both = f"{why.message}; {error.message}".removesuffix("; ")
                raise LigandError(why.reason if not error.message else error.reason, both) from None

    def place(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Place a state by the template with which it has the largest core.

        Raises
        ------
        LigandError
            The core is too small, or no placement fits.
        """
        template, core = best_template(mol, self._templates)
        own_seed = seed_for(seed, "template", template.name)
        tried = [
            each
            for laid in core.maps[:MOST_MAPS]
            for each in starts(mol, template.mol, laid, own_seed)
        ]
        if not tried:
            raise LigandError(
                Reason.NOT_PLACED,
                f"no conformer fits the core of {core.atoms} atoms that it shares with template "
                f"{template.name}",
            )
        heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
        orders = _orders(mol)
        chosen = self._diverse(tried, heavy, orders)
        ligand = FlexibleLigand(mol)
        refined = self._engine.refine(ligand.text, [ligand.at(each) for each in chosen], seed)
        kept = []
        for score, text in refined:
            places = ligand.heavy_positions(text)
            if self._is_placed(places, heavy, template, core):
                kept.append(_Refined(score, text, places[heavy]))
        if not kept:
            raise LigandError(
                Reason.NOT_PLACED,
                f"all {len(chosen)} placements by template {template.name} clash with the "
                "receptor or leave the template",
            )
        kept.sort(key=lambda each: each.score)
        poses = apart([each.heavy for each in kept], orders, SAME_POSE_ANGSTROM, self._poses)
        return [self._made(ligand, kept[i], template) for i in poses]

    def _diverse(
        self, tried: list[Chem.Mol], heavy: list[int], orders: NDArray[np.int64]
    ) -> list[Chem.Mol]:
        """Starts that lie apart, those with the fewest close contacts first."""
        places = [each.GetConformer().GetPositions()[heavy] for each in tried]
        order = np.argsort([self._walls.crowding(each) for each in places], kind="stable")
        chosen = apart([places[i] for i in order], orders, SAME_START_ANGSTROM, MOST_REFINED)
        return [tried[order[i]] for i in chosen]

    def _is_placed(
        self, places: NDArray[np.float64], heavy: list[int], template: Template, core: Core
    ) -> bool:
        if self._walls.clash(places[heavy]):
            return False
        fixed = template.mol.GetConformer().GetPositions()
        drift = min(
            np.sqrt(((places[list(laid)] - fixed[list(laid.values())]) ** 2).sum(axis=1).mean())
            for laid in core.maps
        )
        return bool(drift <= MOST_DRIFT_ANGSTROM)

    def _made(self, ligand: FlexibleLigand, each: _Refined, template: Template) -> DockedPose:
        pose = ligand.pose(each.text)
        return DockedPose(pose, each.score, origin="template", template=template.name)


def engine_for(settings: Docking, site: Site) -> Engine:
    """Make what docks a screen's states: the engine of the config, by its templates first.

    Parameters
    ----------
    settings : screenmm.config.settings.Docking
    site : Site

    Raises
    ------
    ConfigError
        A template cannot be read, or lies outside the box.
    """
    if not settings.templates:
        return make_engine(settings, site)
    engine: Any = make_engine(settings, site)
    templates = read_templates(settings.templates)
    receptor = site.receptor_pdbqt
    check_in_box(templates, site.box.center, site.box.size, receptor.parent.name)
    return Placing(engine, templates, receptor.read_text(), settings.poses)


def best_template(mol: Chem.Mol, templates: Sequence[Template]) -> tuple[Template, Core]:
    """The template with the largest common core; of equals the first.

    Raises
    ------
    LigandError
        That core is too small to place the ligand.
    """
    cores = [common_core(mol, each.mol) for each in templates]
    best = max(range(len(cores)), key=lambda i: cores[i].atoms)
    template, core = templates[best], cores[best]
    heavy = mol.GetNumHeavyAtoms()
    if core.atoms < max(LEAST_CORE_ATOMS, LEAST_CORE_SHARE * heavy):
        raise LigandError(
            Reason.CORE_TOO_SMALL,
            f"the largest core that it shares with a template ({template.name}) has {core.atoms} "
            f"of its {heavy} heavy atoms; at least {LEAST_CORE_ATOMS} and "
            f"{LEAST_CORE_SHARE:.0%} are needed",
        )
    return template, core


def _orders(mol: Chem.Mol) -> NDArray[np.int64]:
    """Orders of the heavy atoms that exchange equivalent ones."""
    graph = graph_of(mol)
    found = graph.GetSubstructMatches(graph, uniquify=False, maxMatches=MOST_SYMMETRIES)
    return np.array(found, dtype=np.int64)


def apart(
    places: Sequence[NDArray[np.float64]],
    orders: NDArray[np.int64],
    least_angstrom: float,
    most: int,
) -> list[int]:
    """The first of those that lie in one place.

    Parameters
    ----------
    places : sequence of ndarray, shape (N, 3)
        Heavy atoms, Å.
    orders : ndarray, shape (M, N)
        Orders of equivalent atoms; the RMSD is the smallest over them.
    least_angstrom : float
        RMSD beyond which two are apart.
    most : int
        How many are kept.
    """
    kept: list[int] = []
    for number, each in enumerate(places):
        if len(kept) == most:
            break
        away = [
            ((places[other][orders] - each) ** 2).sum(axis=2).mean(axis=1).min() for other in kept
        ]
        if all(one > least_angstrom**2 for one in away):
            kept.append(number)
    return kept
