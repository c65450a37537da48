"""What ScreenMM offers to Python, for notebooks and scripts; see ``docs/api.md``.

The functions are those of the workflow's stages, on objects instead of files. The same settings
and seed give what a screen gives.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
from rdkit import Chem

from screenmm.config.settings import (
    Docking,
    Ligands,
    Pocket,
    Receptor,
    Scoring,
    load_settings,
)
from screenmm.core.errors import LigandError, Reason, UserError
from screenmm.core.seeds import seed_for
from screenmm.run.layout import Layout
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import LEDGER, ranking

if TYPE_CHECKING:
    from screenmm.generation.proposal import Known
    from screenmm.mmgbsa.score import PoseScore

__all__ = [
    "Results", "dock", "load_settings", "open_results", "prepare_ligand", "prepare_receptor",
    "propose", "score_poses",
]  # fmt: skip

SEED = 1

log = logging.getLogger(__name__)


def prepare_receptor(
    structure: str | Path, folder: str | Path, *, pocket: dict[str, Any], **settings: Any
) -> ReceptorFolder:
    """Prepare and parametrise a receptor, and write its folder.

    Parameters
    ----------
    structure : path
        PDB or mmCIF file.
    folder : path
        Folder to write; its name is the receptor's.
    pocket : dict
        Keys of the config's section ``pocket``: ``{"ligand": "crystal_ligand.sdf"}``.
    **settings
        Other keys of a receptor in the config: ``ph=6.5``, ``mutations=["T315I"]``.

    Returns
    -------
    ReceptorFolder
        Its files.

    Raises
    ------
    ReceptorError
        The structure cannot be prepared; says why.
    """
    from screenmm.receptor import prepare
    from screenmm.stages.prepare_receptor import write_folder

    home = Path(folder)
    receptor = Receptor.model_validate({"structure": structure, **settings})
    write_folder(prepare.prepare_receptor(home.name, receptor, Pocket(**pocket)), home)
    return ReceptorFolder(home)


def prepare_ligand(smiles: str, *, seed: int = SEED, **settings: Any) -> list[Chem.Mol]:
    """Make the states of a molecule: standardised, protonated, with a conformer each.

    Parameters
    ----------
    smiles : str
        The molecule.
    seed : int
        Of the run.
    **settings
        Keys of the config's section ``ligands``.

    Returns
    -------
    list of rdkit.Chem.Mol
        With all hydrogens; the name is the state's, ``INCHIKEY_s1`` and so on.

    Raises
    ------
    LigandError
        No state can be prepared; has the reason. Single states that cannot are logged.
    """
    from screenmm.files.sdf import read_record
    from screenmm.library.standardise import standardise
    from screenmm.ligands import prepare

    options = Ligands(**settings)
    parent = standardise(smiles, "smiles", options)
    made = prepare.prepare_ligand(parent.inchikey, parent.smiles, None, seed, options)
    if not made.states:
        none = LigandError(Reason.ENUMERATION_FAILED, "no state")
        raise made.failures[0][1] if made.failures else none
    for state, error in made.failures:
        log.warning("%s is left out: %s", state, error)
    return [read_record(prepare.state_to_sdf(state)) for state in made.states]


def dock(
    states: Iterable[Chem.Mol],
    receptor: ReceptorFolder | str | Path,
    *,
    seed: int = SEED,
    **settings: Any,
) -> list[Chem.Mol]:
    """Dock states of molecules into a receptor.

    Parameters
    ----------
    states : iterable of rdkit.Chem.Mol
        From :func:`prepare_ligand`.
    receptor : ReceptorFolder or path
        A prepared receptor, of :func:`prepare_receptor` or of a screen.
    seed : int
        Of the run.
    **settings
        Keys of the config's section ``docking``: ``engine="vina"``, ``poses=5``.

    Returns
    -------
    list of rdkit.Chem.Mol
        Poses, the best of each state first, with the engine's scores as properties.

    Raises
    ------
    LigandError
        A state cannot be docked; has the reason.
    ConfigError
        ``cnn`` is set, and the package that evaluates the CNN is not installed.
    """
    from screenmm.config.engines import check_cnn, engines
    from screenmm.devices.vulkan import choose_search_device
    from screenmm.docking.cnn import with_cnn
    from screenmm.docking.engine import Box, Site
    from screenmm.docking.placement.engine import engine_for
    from screenmm.docking.shard import pose_record
    from screenmm.files.sdf import read_record

    options = Docking(**settings)
    uses_device = "device" in engines()[options.engine].keys
    device = choose_search_device(options.device if uses_device else "cpu")
    pdbqt, pocket = _folder(receptor).docked_into
    engine = engine_for(options, Site(pdbqt, Box.load(pocket), device, seed))
    if options.cnn:
        check_cnn()
    docked = []
    for state in states:
        name = state.GetProp("_Name")
        poses = engine.dock(state, seed_for(seed, "dock", name))
        if options.cnn:
            poses, without = with_cnn(pdbqt.read_text(), poses)
            for place, error in without:
                log.warning("%s_p%d has no CNN scores: %s", name, place, error.message)
        docked += [pose_record(options.engine, state, *each) for each in enumerate(poses, 1)]
    return [read_record(each["sdf"]) for each in docked]


def score_poses(
    poses: Iterable[Chem.Mol], receptor: ReceptorFolder | str | Path, **settings: Any
) -> list[PoseScore | LigandError]:
    """Minimise poses in a receptor and score them by MM/GBSA.

    Parameters
    ----------
    poses : iterable of rdkit.Chem.Mol
        All hydrogens, one conformer in the receptor's frame, Å.
    receptor : ReceptorFolder or path
        A prepared receptor.
    **settings
        Keys of the config's section ``scoring``: ``platform="CPU"``, ``max_iterations=200``.

    Returns
    -------
    list of PoseScore or LigandError
        Of each pose its energies (``terms``, kcal/mol), its contributions by residue and its
        coordinates; or why it has none.
    """
    from screenmm.devices.lease import lease_platform
    from screenmm.forcefield.ligand_parameters import ligand_parameters
    from screenmm.mmgbsa import score
    from screenmm.mmgbsa.shard import complexes_per_pack
    from screenmm.receptor.model import ReceptorModel

    options = Scoring(**settings)
    model = ReceptorModel.load(_folder(receptor).path)
    found: list[PoseScore | LigandError | None] = []
    ready = []
    for mol in poses:
        try:
            parameters = ligand_parameters(mol, time_limit_s=options.parametrisation_time_limit_s)
        except LigandError as error:
            found.append(error)
            continue
        found.append(None)
        ready.append(score.Pose(parameters, mol.GetConformer().GetPositions()))
    if not ready:
        return [each for each in found if each is not None]
    with lease_platform(options.platform, options.precision) as platform:
        packed = complexes_per_pack(options, platform)
        scores = iter(score.score_poses(model, ready, options, platform, packed))
    return [next(scores) if each is None else each for each in found]


def propose(
    parents: Iterable[str],
    proposer: str = "genetic",
    *,
    library: Iterable[str] = (),
    blocks: str | Path | None = None,
    core: str | None = None,
    count: int = 100,
    seed: int = SEED,
    **settings: Any,
) -> pd.DataFrame:
    """Propose new molecules from known ones, and check them as a library is checked.

    Parameters
    ----------
    parents : iterable of str
        SMILES, the best first.
    proposer : str
        ``fragments``, ``language_model``, ``analogues``, ``products`` or ``genetic``.
    library : iterable of str
        SMILES of molecules that are known. Fragments, and without ``blocks`` building blocks, are
        cut from them and from the parents.
    blocks : path, optional
        File of building blocks (.smi, .csv and so on).
    core : str, optional
        SMARTS of what a proposal must keep.
    count : int
        Most proposals.
    seed : int
    **settings
        Keys of the config's section ``ligands``: ``filters={"alerts": ["PAINS"]}``.

    Returns
    -------
    pandas.DataFrame
        A row per proposal: ``inchikey``, ``smiles``, ``kept``, ``reason``, ``message``,
        ``operation``, ``parents`` (InChIKeys), ``reaction`` and ``blocks`` (SMILES).

    Raises
    ------
    LigandError
        A parent or a molecule of the library cannot be standardised.
    ConfigError
        There is no such proposer, or a package that it needs is not installed.
    """
    from screenmm.generation.registry import made_of, make_proposer
    from screenmm.generation.vetting import Limits, keeps_core, vet

    options = Ligands(**settings)
    starts, others = (_known(each, options) for each in (parents, library))
    with TemporaryDirectory() as folder:
        file = None if blocks is None else Path(blocks)
        sources = made_of(proposer, [*starts, *others], Path(folder), file, core)
        found = make_proposer(proposer, sources).propose(starts, (), count, seed)
    seen = {each.key for each in (*starts, *others)}
    checks = () if core is None else (keeps_core(core),)
    rows = [
        (each.key, each.smiles or each.proposal.smiles, each.kept, str(each.reason or ""),
         each.message, each.proposal.operation, " ".join(each.proposal.parents),
         each.proposal.reaction, " ".join(each.proposal.blocks))
        for each in vet(found, seen, Limits(options, checks))
    ]  # fmt: skip
    names = ["inchikey", "smiles", "kept", "reason", "message", "operation", "parents", "reaction",
             "blocks"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _known(smiles: Iterable[str], options: Ligands) -> list[Known]:
    """Standardised molecules, each once."""
    from screenmm.generation.proposal import Known
    from screenmm.library.standardise import standardise

    found: dict[str, Known] = {}
    for each in smiles:
        try:
            made = standardise(each, "smiles", options)
        except LigandError as error:
            raise LigandError(error.reason, f"{each!r}: {error.message}") from None
        found.setdefault(made.inchikey, Known(made.inchikey, made.smiles))
    return list(found.values())


@dataclass(frozen=True)
class Results:
    """A finished screen.

    Parameters
    ----------
    files : Layout
        Where its files are.
    """

    files: Layout

    @property
    def ranking(self) -> pd.DataFrame:
        """One row per ligand and receptor, best first: ``ranking.csv``."""
        return _table(self.files.file("rank", "ranking"))

    @property
    def ledger(self) -> pd.DataFrame:
        """The fate of every record: ``ledger.csv``."""
        return _table(self.files.file("rank", "ledger"))

    def hits(self) -> Iterator[Chem.Mol]:
        """Minimised poses of the scored ligands, with their properties: ``hits.sdf``."""
        path = self.files.file("rank", "hits")
        yield from Chem.ForwardSDMolSupplier(str(path), removeHs=False)

    def receptor(self, name: str) -> ReceptorFolder:
        """A prepared receptor."""
        return self.files.receptor(name)

    @contextmanager
    def database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All tables, for SQL, as long as the block lasts."""
        from screenmm.results.database import open_database

        with open_database(self.files.file("rank", "database")) as con:
            yield con


def open_results(folder: str | Path) -> Results:
    """Open the results folder of a finished screen.

    Parameters
    ----------
    folder : path
        As ``results`` in the config.

    Raises
    ------
    UserError
        It holds no finished screen.
    """
    results = Results(Layout(Path(folder)))
    ranking = results.files.file("rank", "ranking")
    if not ranking.is_file():
        raise UserError(f"{folder} holds no finished screen: {ranking.name} is missing")
    return results


def _table(path: Path) -> pd.DataFrame:
    """Read a CSV file of a run: a molecule may be called NA or 007."""
    header = pd.read_csv(path, nrows=0).columns
    texts = {each.name for each in (*ranking(), *LEDGER) if each.type == "VARCHAR"} & set(header)
    empty = {name: [""] for name in header if name not in texts}
    kinds = dict.fromkeys(texts, str)
    return pd.read_csv(path, dtype=kinds, keep_default_na=False, na_values=empty)


def _folder(receptor: ReceptorFolder | str | Path) -> ReceptorFolder:
    return receptor if isinstance(receptor, ReceptorFolder) else ReceptorFolder(Path(receptor))
