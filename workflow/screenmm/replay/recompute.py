"""Ligands of a run, computed again by its own stages into a results folder of their own."""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from screenmm.campaign.known import selected
from screenmm.config.settings import Settings
from screenmm.core.errors import UserError
from screenmm.files.sdf import ligand_of
from screenmm.library.merge import merge
from screenmm.library.split import RECORDS
from screenmm.replay.comparison import Subject, shard_of, table_rows
from screenmm.replay.variants import unreachable
from screenmm.results.fates import make_ledger, write_ledger
from screenmm.results.inspected import filters_of
from screenmm.results.parts import Parts, open_parts
from screenmm.results.ranking import make_ranking, write_ranking
from screenmm.results.select import (
    best_docked,
    best_scored,
    select_poses,
    write_named_shards,
    write_shards,
    write_states,
)
from screenmm.results.tables import write_csv
from screenmm.results.variants import make_variants
from screenmm.run.layout import Layout
from screenmm.run.ledger import Event, Status, write_events
from screenmm.run.stages import stage_module, stages
from screenmm.stages.advance import top_of_tier
from screenmm.tables.dictionary import VARIANT_EFFECTS
from screenmm.variants.listed import read_modelled, write_modelled

ONE_SHARD = 1_000_000_000
CACHE_VARIABLE = "SCREENMM_CACHE"


@dataclass(frozen=True)
class Again:
    """A second, small run.

    Parameters
    ----------
    files : Layout
        What the run stored.
    here : Layout
        Where the second one goes.
    settings : Settings
        Of the second run.
    workers : int
        Processes side by side.
    receptor_too : bool
        Whether the receptors are prepared here.
    variants : sequence of str or None
        Names of the only variants that are computed; None: all of the config.
    """

    files: Layout
    here: Layout
    settings: Settings
    workers: int
    receptor_too: bool
    variants: Sequence[str] | None = None

    def run(self, subjects: Sequence[Subject], receptors: Sequence[str]) -> None:
        """Run the stages on the subjects alone.

        Raises
        ------
        UserError
            A receptor's structure, or its prepared folder, is not there.
        """
        records = [record for subject in subjects for record in subject.records]
        with _no_cache():
            _write_library(self.files, self.here, records)
            for shard in self.here.shards("split"):
                self._job("standardise", shard=shard)
            merge(self.here.parents(), self.here.sources, ONE_SHARD, self.here.membership.parent)
            for shard in self.here.shards("merge"):
                self._job("prepare_ligands", shard=shard)
            for receptor in receptors:
                self._with_receptor(receptor)
        self._rank(receptors)

    def _job(
        self, name: str, receptor: str = "", shard: str = "", home: Path | None = None
    ) -> None:
        """Run one job of a stage on its own files, but the receptor of a folder that is given."""
        stage = stages()[name]
        options = self.here.job_files(name, receptor, shard)
        if home is not None:
            options["receptor"] = home
        settings = stage.settings(self.settings, receptor)
        stage_module(stage).run(Namespace(settings=settings, workers=self.workers, **options))

    def _with_receptor(self, receptor: str) -> None:
        """Dock, select, score and inspect."""
        home = self._receptor(receptor)
        for shard in self.here.shards("merge"):
            self._job("dock", receptor, shard, home)
        for tier in self.here.all_tiers[1:]:
            self._advance(receptor, tier)
            for shard in self.here.shards("advance", f"{receptor}/{tier}"):
                self._job("dock_again", f"{receptor}/{tier}", shard, home)
        self._select(receptor)
        for shard in self.here.shards("select", receptor):
            self._job("score", receptor, shard, home)
            self._job("inspect", receptor, shard, home)
        if receptor in self.settings.varied:
            self._in_variants(receptor, home)

    def _in_variants(self, receptor: str, home: Path) -> None:
        """Read the variants, and score in them those subjects that the run did.

        Which these are follows from the run's own scores: on another platform a last digit may
        change who is among the best.
        """
        variants, poses = self.settings.variants, self.settings.scoring.poses
        assert variants is not None  # they have a wild type
        self._read_variants(receptor, home)
        mine = set(_keys(self.here))
        best = best_scored(self.files.scores(receptor), variants.top, poses)
        chosen = [title for title in best if ligand_of(title) in mine]
        shards = self.here.file("choose_ligands", "shards", receptor)
        write_named_shards(chosen, self.here.selected(receptor), ["b"], ONE_SHARD, shards)
        if chosen:
            self._job("score_variants", receptor, "b", home)

    def _read_variants(self, receptor: str, home: Path) -> None:
        """Read the variants; those of files that are gone are the run's."""
        if not unreachable(self.settings):
            self._job("read_variants", receptor, home=home)
        else:
            for name in stages()["read_variants"].writes:
                copy = self.here.file("read_variants", name, receptor)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.files.file("read_variants", name, receptor), copy)
        if self.variants is not None:
            for name in ("modelled", "panel"):
                path = self.here.file("read_variants", name, receptor)
                found = [each for each in read_modelled(path) if each.name in self.variants]
                write_modelled(found, path)

    def _receptor(self, receptor: str) -> Path:
        """Folder of the prepared receptor: the run's, or one made here."""
        home = self.files.receptor(receptor)
        if self.receptor_too:
            for path in self.settings.receptor_files(receptor):
                if not path.is_file():
                    raise UserError(
                        f"{path} is not here: receptor {receptor} cannot be prepared again; bring "
                        "the file back, or replay without --receptor-too"
                    )
            home = self.here.receptor(receptor)
            stage = stages()["prepare_receptor"]
            settings = stage.settings(self.settings, receptor)
            stage_module(stage).run(Namespace(settings=settings, name=receptor, out=home.path))
        if not home.pdbqt.is_file():
            raise UserError(
                f"{home.path} holds no prepared receptor: replay it too with --receptor-too"
            )
        return home.path

    def _advance(self, receptor: str, tier: int) -> None:
        """Write the subjects' states that reach a tier, among all ligands of the run."""
        tables = _among_all(self.files, self.here, receptor, tier - 1)
        job = f"{receptor}/{tier}"
        (top,) = top_of_tier(self.settings, job).values()
        mine = set(_keys(self.here))
        chosen = [key for key in best_docked(tables, top) if key in mine]
        states = self.here.files("prepare_ligands", "states")
        write_states(chosen, states, ONE_SHARD, self.here.file("advance", "shards", job))
        write_events(
            self.here.file("advance", "events", job),
            (Event("advance", Status.OK, inchikey=key, receptor=receptor) for key in chosen),
        )

    def _select(self, receptor: str) -> None:
        """Write the subjects' poses that reach scoring, among all ligands of the run."""
        chosen = _chosen(self.files, self.here, self.settings, receptor)
        shards = self.here.file("select", "shards", receptor)
        tiers = reversed(self.here.all_tiers)
        poses = [path for tier in tiers for path in self.here.poses(receptor, tier)]
        write_shards(chosen, poses, ONE_SHARD, shards)
        write_events(
            self.here.file("select", "events", receptor),
            (
                Event("select", Status.OK, inchikey=key, receptor=receptor)
                for key in sorted({ligand_of(title) for title in chosen})
            ),
        )

    def _rank(self, receptors: Sequence[str]) -> None:
        parts = Parts.of_run(self.here, receptors, self.settings.docking.effort_names)
        homes = self.here if self.receptor_too else self.files
        reports = {name: homes.receptor(name).report_json for name in receptors}
        con = open_parts(replace(parts, reports=reports))
        ranking = self.settings.ranking
        must, must_not = filters_of(ranking)
        make_ranking(
            con,
            "mmgbsa",
            must,
            must_not,
            must_pass_checks=ranking.pose_checks == "filter",
            preparation_sd_kcal_mol=ranking.preparation_sd_kcal_mol,
        )
        make_ledger(con)
        write_ranking(con, self.here.file("rank", "ranking"))
        write_ledger(con, self.here.file("rank", "ledger"))
        varied = [each for each in self.settings.varied if self._is_in_variants(each, receptors)]
        if varied:
            make_variants(con, self.here, varied)
            table = self.here.file("biomarkers", "variants")
            write_csv(con, table, "variant_effects", VARIANT_EFFECTS, "rowid")
        con.close()

    def _is_in_variants(self, receptor: str, receptors: Sequence[str]) -> bool:
        """Whether a subject was scored in variants."""
        return receptor in receptors and all(
            path.is_file() for path in self.here.files("score_variants", "scores", receptor)
        )


def _write_library(files: Layout, here: Layout, records: list[str]) -> None:
    """Write the records, and where they stand, as ``split`` does."""
    shards = sorted((files.results / "library/records").glob("b*.parquet"))
    folder = here.results / "library/records"
    folder.mkdir(parents=True)
    rows = table_rows(shards, "record", records)
    pq.write_table(pa.Table.from_pylist(rows, schema=RECORDS), folder / "b.parquet")
    sources = pq.read_table(files.sources)
    wanted = pc.is_in(sources["record"], value_set=pa.array(records))
    pq.write_table(sources.filter(wanted), here.sources)


def _keys(here: Layout) -> list[str]:
    """Keys of the subjects' ligands."""
    return [key for path in here.ligands() for key in pq.read_table(path)["inchikey"].to_pylist()]


def _among_all(files: Layout, here: Layout, receptor: str, tier: int) -> list[Path]:
    """Docking tables of a tier, in which the run's rows give way to the recomputed ones."""
    mine = _keys(here)
    tables = files.pose_tables(receptor, tier)
    folder = here.results / f"others/{receptor}/{tier}"
    folder.mkdir(parents=True, exist_ok=True)
    for path in {path for key in mine for path in shard_of(key, tables)}:
        table = pq.read_table(path)
        others = table.filter(pc.invert(pc.is_in(table["inchikey"], value_set=pa.array(mine))))
        pq.write_table(others, folder / path.name)
        tables[tables.index(path)] = folder / path.name
    return tables + here.pose_tables(receptor, tier)


def _chosen(files: Layout, here: Layout, settings: Settings, receptor: str) -> list[str]:
    """Poses of the subjects that reach scoring, among all ligands of the run.

    In rounds the run's own choice of ligands stands: it hangs on the model of its time.
    """
    if files.most_rounds is not None:
        asked = set(_keys(here)) & selected(files, receptor).keys()
        tables = here.pose_tables(receptor)
        return select_poses(tables, len(asked), settings.scoring.poses, among=sorted(asked))
    first, *later = (_among_all(files, here, receptor, tier) for tier in here.all_tiers)
    titles = select_poses(first, settings.scoring.top, settings.scoring.poses, later)
    mine = set(_keys(here))
    return [title for title in titles if ligand_of(title) in mine]


@contextmanager
def _no_cache() -> Iterator[None]:
    """Let workers parametrise anew: a cached parameter would hide a difference."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = ""
    try:
        yield
    finally:
        if before is None:
            del os.environ[CACHE_VARIABLE]
        else:
            os.environ[CACHE_VARIABLE] = before
