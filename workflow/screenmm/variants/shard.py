"""The best ligands of a shard in every variant, minimised and scored with OpenMM."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem
from scipy.spatial.distance import cdist

from screenmm.config.settings import Scoring, Variants
from screenmm.core.errors import LigandError, Reason, ReceptorError
from screenmm.core.seeds import seed_for
from screenmm.core.versions import installed_versions
from screenmm.devices.lease import lease_platform
from screenmm.devices.platforms import PlatformChoice
from screenmm.execution.batch import Outcome, Result, Task, fingerprint
from screenmm.execution.shard import run_shard
from screenmm.files.sdf import read_record, records_by_ligand
from screenmm.files.whole import replace_whole
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.forcefield.parameter_cache import ParameterCache, cache_file
from screenmm.mmgbsa.own_device import settle, works
from screenmm.mmgbsa.score import Pose, PoseScore, jittered
from screenmm.mmgbsa.shard import complexes_per_pack
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import TERMS, VARIANT_SCORES, names
from screenmm.tables.schema import schema
from screenmm.variants.binding import (
    Candidate,
    Neighbourhood,
    Protein,
    Start,
    neighbourhood,
    rotamer_costs,
    score_in,
    starts_of,
)
from screenmm.variants.listed import Modelled, read_modelled
from screenmm.variants.model import Prepared, mutate
from screenmm.variants.superposed import Side, packed, superposed, unpacked

log = logging.getLogger(__name__)

SCHEMA = schema(VARIANT_SCORES)
LEAST_KCAL_MOL = 0.1
"""A residue whose contribution changes less is not named."""

MOST_RESIDUES = 12
KEPT_MUTANTS = 50
"""Models of variants that a worker keeps: each holds the parameters of the whole receptor."""


def score_variants(
    variants: Variants,
    scoring: Scoring,
    seed: int,
    *,
    poses: Path,
    panel: Path,
    receptor: Path,
    scores: Path,
    workers: int,
    asked: str,
) -> None:
    """Score the ligands of a shard in the wild type and in every variant.

    Ligands with the variants of some residues that an earlier output had are taken from its
    journal: a patient more computes nothing again.

    Parameters
    ----------
    variants : Variants
        Rotamers and replicas.
    scoring : Scoring
        Minimisation, solvent and device.
    seed : int
        Of the run.
    poses : Path
        Their poses in the wild type (.sdf.gz).
    panel : Path
        Variants and controls that are modelled (.json).
    receptor : Path
        Folder of the prepared wild type.
    scores : Path
        Scores to write (.parquet).
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text.
    """
    groups = _by_sites(read_modelled(panel))
    items = [
        _item(ligand, records, members)
        for ligand, records in records_by_ligand(poses)
        for members in groups.values()
    ]
    most = max((len(members) for members in groups.values()), default=1)
    home = ReceptorFolder(receptor)
    with lease_platform(scoring.platform, scoring.precision) as platform:
        log.info("OpenMM platform %s %s: %s", platform.name, platform.properties, platform.why)
        task = Task(
            stage="score_variants",
            start=Scorer,
            arguments=(variants, scoring, seed, receptor, platform, works(platform)),
            time_limit_s=scoring.time_limit_s * most_minimisations(variants, most),
            receptor=receptor.name,
        )
        made_with = json.dumps([asked, platform.name, installed_versions()])
        inputs = [*home.model, home.structure]
        with run_shard(task, items, scores, made_with, inputs, workers, keeps=True) as outcomes:
            rows = [
                row
                for (_, item), outcome in zip(items, outcomes, strict=True)
                for row in _rows(item, outcome)
            ]
            with replace_whole(scores) as partial:
                table = pa.Table.from_pylist(rows, schema=SCHEMA)
                pq.write_table(table, partial, compression="zstd")


def most_minimisations(variants: Variants, most: int) -> int:
    """Minimisations of a pose in an item, where a scored pose of a screen has a few.

    Parameters
    ----------
    variants : Variants
        Rotamers and replicas.
    most : int
        Variants of an item.
    """
    of_wild_type = 2 * (1 + variants.replicas)
    of_variant = variants.rotamers * (2 + variants.replicas)
    return of_wild_type + of_variant * most


def _by_sites(found: Sequence[Modelled]) -> dict[tuple[int, ...], list[dict[str, Any]]]:
    """Variants that exchange the same residues, which share the wild type's scores."""
    groups: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    for each in found:
        plain = {
            "variant": each.name,
            "kind": each.kind,
            "changes": list(map(list, each.changes.items())),
        }
        groups.setdefault(tuple(sorted(each.changes)), []).append(plain)
    return groups


def _item(
    ligand: str, records: list[str], members: list[dict[str, Any]]
) -> tuple[str, dict[str, Any]]:
    """Ligand with the variants of some residues, after a key that tells all of it."""
    item = {"poses": records, "variants": members}
    return f"{ligand}@{fingerprint(json.dumps(item))}", item


def _rows(item: dict[str, Any], outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Rows of an item: a failure of the whole is one of each of its variants."""
    if outcome.result is not None:
        for row in outcome.result["rows"]:
            yield row | ({"complexes": unpacked(row["complexes"])} if not row["reason"] else {})
        return
    ligand = outcome.key.partition("@")[0]
    event = next(iter(outcome.events))
    for each in item["variants"]:
        yield _row_of(ligand, each, event.reason, event.message)


def _row_of(ligand: str, variant: dict[str, Any], reason: str, message: str) -> dict[str, Any]:
    return {
        "inchikey": ligand,
        "variant": variant["variant"],
        "kind": variant["kind"],
        "reason": str(reason),
        "message": message,
    }


class Scorer:
    """Wild type, force field and charge model, once per worker.

    Parameters
    ----------
    variants : Variants
    scoring : Scoring
    seed : int
        Of the run.
    receptor : Path
        Folder of the prepared wild type.
    platform : PlatformChoice
    own_kernels : bool
        Whether our own kernels run on the platform's device.
    """

    def __init__(
        self,
        variants: Variants,
        scoring: Scoring,
        seed: int,
        receptor: Path,
        platform: PlatformChoice,
        own_kernels: bool,
    ) -> None:
        replicas = {"jitter_replicas": variants.replicas}
        self._variants, self._options = variants, scoring.model_copy(update=replicas)
        self._seed, self._platform = seed, platform
        self._wild = Prepared.load(receptor)
        self._pack = complexes_per_pack(scoring, platform)
        self._cache = ParameterCache(cache_file())
        self._mutants: dict[str, Protein] = {}
        self._starts: tuple[str, list[list[Start]] | LigandError] = ("", [])
        settle(platform, own_kernels)
        load_models()

    def __call__(self, item: dict[str, Any]) -> Result:
        """Score a ligand in the variants that exchange the same residues.

        Parameters
        ----------
        item : dict
            ``poses``: SD records of the ligand's poses; ``variants``.

        Returns
        -------
        dict
            ``rows``: of :data:`~screenmm.tables.dictionary.VARIANT_SCORES`.

        Raises
        ------
        LigandError
            The ligand has no parameters, or cannot be scored in the wild type.
        """
        mols = [read_record(record) for record in item["poses"]]
        poses = self._starts_of(item["poses"], mols)
        changes = [{int(k): str(name) for k, name in v["changes"]} for v in item["variants"]]
        around = neighbourhood(self._wild, list(changes[0]))
        wild_type = Protein.of_wild_type(self._wild)
        wild = self._scored(wild_type, poses, around)
        _check_scored(wild)
        ligand = str(mols[0].GetProp("inchikey"))
        rows = []
        for variant, exchanged in zip(item["variants"], changes, strict=True):
            try:
                mutant = self._mutant(variant["variant"], exchanged, around)
                found = self._scored(mutant, poses, around)
                row = self._row(wild, found, mols, around)
            except (LigandError, ReceptorError) as error:
                reason = error.reason if isinstance(error, LigandError) else "not_modelled"
                told = error.message if isinstance(error, LigandError) else str(error)
                rows.append(_row_of(ligand, variant, reason, told))
                continue
            before, after = (
                _side(*each, poses, mols) for each in ((wild_type, wild), (mutant, found))
            )
            row["complexes"] = packed(superposed(before, after, around.sites))
            rows.append(_row_of(ligand, variant, "", "") | row)
        return {"rows": rows}

    def _mutant(self, name: str, changes: dict[int, str], around: Neighbourhood) -> Protein:
        """Model of a variant, made once: nothing of it hangs on the ligand."""
        if name not in self._mutants:
            if len(self._mutants) >= KEPT_MUTANTS:
                self._mutants.clear()
            mutant = mutate(self._wild, changes, self._variants.rotamers)
            costs = rotamer_costs(mutant, around, self._options, self._platform)
            self._mutants[name] = Protein(self._wild, mutant, costs)
        return self._mutants[name]

    def _starts_of(self, records: list[str], mols: Sequence[Chem.Mol]) -> list[list[Start]]:
        """Poses and their replicas, minimised in the wild type; kept for the next item.

        Raises
        ------
        LigandError
            One has no parameters, or cannot be minimised.
        """
        key = "".join(records)
        if self._starts[0] != key:
            try:
                self._starts = (key, self._all_minimised(mols))
            except LigandError as error:
                self._starts = (key, error)
        found = self._starts[1]
        if isinstance(found, LigandError):
            raise found
        return found

    def _all_minimised(self, mols: Sequence[Chem.Mol]) -> list[list[Start]]:
        """Starts of each pose; of one that cannot be minimised none."""
        found = [self._minimised(mol) for mol in mols]
        if not any(isinstance(first, Start) for first, *_ in found):
            error = found[0][0]
            assert isinstance(error, LigandError)
            raise error
        return [[each for each in starts if isinstance(each, Start)] for starts in found]

    def _minimised(self, mol: Chem.Mol) -> list[Start | LigandError]:
        """Start of a pose, then of its replicas; the error alone where the pose has none."""
        limit_s = self._options.parametrisation_time_limit_s
        parameters = ligand_parameters(mol, cache=self._cache, time_limit_s=limit_s)
        pose = Pose(parameters, mol.GetConformer().GetPositions())
        seed = seed_for(self._seed, "jitter", mol.GetProp("_Name"))
        poses = [pose, *jittered(pose, self._options, seed)]
        found = starts_of(self._wild.model, poses, self._options, self._platform, self._pack)
        return found if isinstance(found[0], Start) else found[:1]

    def _scored(
        self, protein: Protein, poses: Sequence[Sequence[Start]], around: Neighbourhood
    ) -> list[Candidate]:
        return score_in(protein, poses, around, self._options, self._platform, self._pack)

    def _row(
        self,
        wild: Sequence[Candidate],
        found: Sequence[Candidate],
        mols: Sequence[Chem.Mol],
        around: Neighbourhood,
    ) -> dict[str, Any]:
        """Row of the comparison of a variant with the wild type."""
        _check_scored(found)
        pairs = _pairs(wild, found, 1 + self._options.jitter_replicas)
        ddg = [after.dg_kcal_mol(k) - before.dg_kcal_mol(k) for k, before, after in pairs]
        terms = {
            f"ddg_{name}": _mean(
                _term(after, k, name) - _term(before, k, name) for k, before, after in pairs
            )
            for name in names(TERMS)
        }
        _, before, after = pairs[0]
        residues, changes = self._residues(pairs)
        sites = np.isin(self._wild.model.residues, around.sites) & (self._wild.elements != "H")
        ligand = [atom.GetAtomicNum() > 1 for atom in mols[before.pose].GetAtoms()]
        xyz = mols[before.pose].GetConformer().GetPositions()[ligand]
        near = cdist(self._wild.model.positions_angstrom[sites], xyz).min()
        return {
            "wild_kcal_mol": _mean(side.dg_kcal_mol(k) for k, side, _ in pairs),
            "variant_kcal_mol": _mean(side.dg_kcal_mol(k) for k, _, side in pairs),
            "replicas_kcal_mol": ddg,
            **terms,
            "ddg_rotamer_kcal_mol": _mean(
                after.cost_kcal_mol - before.cost_kcal_mol for _, before, after in pairs
            ),
            "ligand_distance_angstrom": float(near),
            **_where("wild", mols[before.pose]),
            **_where("variant", mols[after.pose]),
            "rotamers": len({each.rotamer for each in found}),
            "residue": residues,
            "residue_ddg_kcal_mol": changes,
        }

    def _residues(self, pairs: Sequence[Pair]) -> tuple[list[str], list[float]]:
        """Residues whose contribution changes most, and by how much."""
        change = np.zeros(len(self._wild.model.residue_labels))
        for replica, *sides in pairs:
            for candidate, sign in zip(sides, (-1.0, 1.0), strict=True):
                parts = _score(candidate, replica).contributions
                change[parts.residues] += sign * parts.kcal_mol.sum(axis=1) / len(pairs)
        order = np.argsort(-np.abs(change), kind="stable")[:MOST_RESIDUES]
        order = order[np.abs(change[order]) >= LEAST_KCAL_MOL]
        labels = self._wild.model.residue_labels[order]
        return [str(label) for label in labels], np.round(change[order], 4).tolist()


def _check_scored(found: Sequence[Candidate]) -> None:
    """Raise why no pose could be scored, where none could."""
    if not any(np.isfinite(each.dg_kcal_mol(0)) for each in found):
        errors = [each for c in found for each in c.scores if isinstance(each, LigandError)]
        raise errors[0] if errors else LigandError(Reason.NOT_FINITE, "ΔG is not finite")


Pair = tuple[int, Candidate, Candidate]
"""A replica, and the pose in the rotamer that is best in it: of the wild type, of the variant."""


def _pairs(wild: Sequence[Candidate], found: Sequence[Candidate], count: int) -> list[Pair]:
    """Replicas in which what is best without displacement could be scored in both proteins.

    Another pose or rotamer may be better in one of them; none takes the place of one that failed.
    """
    pairs = []
    for replica in range(count):
        if all(np.isfinite(_best(side, 0).dg_kcal_mol(replica)) for side in (wild, found)):
            pairs.append((replica, _best(wild, replica), _best(found, replica)))
    return pairs


def _best(found: Sequence[Candidate], replica: int) -> Candidate:
    """Pose and rotamer that are best in a replica."""
    return min(found, key=lambda each: each.dg_kcal_mol(replica))


def _side(
    protein: Protein,
    found: Sequence[Candidate],
    poses: Sequence[Sequence[Start]],
    mols: Sequence[Chem.Mol],
) -> Side:
    """The complex that is best in a protein without displacement."""
    best = _best(found, 0)
    score = _score(best, 0)
    ended = protein.ended(poses[best.pose][0], best.rotamer, score)
    return Side(protein.prepared, ended, mols[best.pose], score.ligand_angstrom)


def _score(candidate: Candidate, replica: int) -> PoseScore:
    score = candidate.scores[replica]
    assert isinstance(score, PoseScore)  # pairs have no others
    return score


def _term(candidate: Candidate, replica: int, name: str) -> float:
    return float(asdict(_score(candidate, replica).terms)[name])


def _mean(values: Iterable[float]) -> float:
    return float(np.mean([*values]))


def _where(protein: str, mol: Chem.Mol) -> dict[str, Any]:
    return {f"{protein}_state": mol.GetProp("state"), f"{protein}_pose": int(mol.GetProp("pose"))}
