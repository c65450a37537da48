"""Where the files of a run lie, below its results folder.

The rules declare the same paths one by one; commands that gather many shards find them
here, because a command line cannot hold thousands of names. Only shards that the last
``split``, ``merge`` or ``select`` made count: older files beside them are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from screenmm.config.settings import Settings
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.run.stage import BATCHES, Stage, placed
from screenmm.run.stages import stages


def shard_names(folder: Path) -> list[str]:
    """Names of the shards in a folder, sorted."""
    return sorted(path.name.split(".")[0] for path in folder.glob("b*") if path.is_file())


@dataclass(frozen=True)
class Layout:
    """Files of one run.

    Parameters
    ----------
    results : Path
        The results folder.
    tiers : int
        Tiers of docking; what other configs left of more of them does not count.
    most_rounds : int
        Rounds that there may be; None where all ligands are docked.
    generates : bool
        Whether molecules are proposed from the second round on.
    """

    results: Path
    tiers: int = 1
    most_rounds: int | None = None
    generates: bool = False

    @classmethod
    def of(cls, settings: Settings, results: Path | None = None) -> Layout:
        """Layout of a config's run, in its own results folder by default."""
        return cls(
            settings.results if results is None else results,
            settings.docking.last_tier,
            settings.rounds.number if settings.rounds else None,
            settings.generate is not None,
        )

    @property
    def rounds(self) -> list[str]:
        """Numbers of the rounds with a batch; none follows one that was not chosen."""
        found: list[str] = []
        for number in map(str, range(1, (self.most_rounds or 0) + 1)):
            if not shard_names(self.file("choose", "shards", number)):
                break
            found.append(number)
        return found

    @property
    def vetted_rounds(self) -> list[str]:
        """Numbers of the rounds with proposals; the one that ended the campaign has some too."""
        if not self.generates:
            return []
        last = min(len(self.rounds) + 1, self.most_rounds or 0)
        return [str(number) for number in range(2, last + 1)]

    def vetted(self, name: str, through: int | None = None) -> list[Path]:
        """Find a file that ``vet`` writes, of every round with proposals, or up to one."""
        numbers = self.vetted_rounds
        if through is not None and self.generates:
            numbers = [str(number) for number in range(2, through + 1)]
        return [self.file("vet", name, number) for number in numbers]

    def proposers(self, number: str) -> list[str]:
        """Names of those that noted what they used when they proposed molecules in a round."""
        noted = (self.usage / "propose").glob(f"*/{number}.jsonl")
        return sorted(path.parent.name for path in noted)

    def file(self, stage: str, name: str, receptor: str = "", shard: str = "") -> Path:
        """Find a file that a stage writes, by the name that the stage gives it.

        Parameters
        ----------
        stage, name : str
            As ``"score"`` and ``"minimised"``.
        receptor, shard : str
            Of the job that writes it.
        """
        return self.results / placed(stages()[stage].writes[name], receptor, shard)

    def files(self, stage: str, name: str, receptor: str = "") -> list[Path]:
        """Find a file of every shard that a stage works on."""
        shards = self.shards(stages()[stage].shards_of, receptor)
        return [self.file(stage, name, receptor, shard) for shard in shards]

    def of_round(self, stage: str, name: str, number: str, receptor: str = "") -> list[Path]:
        """Find a file of every shard that a stage docked of a round's batch."""
        shards = self.shards_of_round("choose", number)
        return [self.file(stage, name, receptor, f"{number}/{shard}") for shard in shards]

    def shards(self, stage: str, receptor: str = "") -> list[str]:
        """Names of the shards that a stage made; those of rounds are named ``2/b01``."""
        in_rounds = {BATCHES: "choose", "select": "select_batch"}
        if self.most_rounds is None or stage not in in_rounds:
            made = "merge" if stage == BATCHES else stage
            return shard_names(self._shard_folder(made, receptor))
        return [
            f"{number}/{name}"
            for number in self.rounds
            for name in self.shards_of_round(in_rounds[stage], number, receptor)
        ]

    def shards_of_round(self, stage: str, number: str, receptor: str = "") -> list[str]:
        """Names of the shards that a stage made in a round."""
        job = f"{receptor}/{number}".lstrip("/")
        return shard_names(self._shard_folder(stage, job))

    def _shard_folder(self, stage: str, receptor: str) -> Path:
        (name,) = {"shards", "records"} & set(stages()[stage].writes)
        return self.file(stage, name, receptor)

    def job_files(self, stage: str, receptor: str = "", shard: str = "") -> dict[str, Path]:
        """Files that a job reads and writes, by its command's options."""
        one = stages()[stage]
        return {
            name: self.results / placed(place, receptor, shard)
            for name, place in {**one.reads, **one.writes}.items()
        }

    @property
    def sources(self) -> Path:
        """One row per record: file, position, name, label, affinity."""
        return self.file("split", "sources")

    @property
    def annotations(self) -> Path:
        """What was understood of the library's labels and affinities."""
        return self.file("split", "annotations")

    @property
    def membership(self) -> Path:
        """Ligand of each standardised record."""
        return self.file("merge", "membership")

    def records(self) -> list[Path]:
        """Records as they were read, of every shard."""
        return self._of_shards("split", ".parquet")

    def parents(self) -> list[Path]:
        """Standardised parents of every shard of records."""
        return self.files("standardise", "parents")

    def ligands(self) -> list[Path]:
        """Ligand shards of the library."""
        return self._of_shards("merge", ".parquet")

    def _of_shards(self, stage: str, suffix: str) -> list[Path]:
        folder = self._shard_folder(stage, "")
        return [folder / f"{shard}{suffix}" for shard in self.shards(stage)]

    def pose_tables(self, receptor: str, tier: int = 1) -> list[Path]:
        """Docking scores of a receptor in a tier."""
        return self._docked("table", receptor, tier)

    def poses(self, receptor: str, tier: int = 1) -> list[Path]:
        """Docked poses of a receptor in a tier."""
        return self._docked("poses", receptor, tier)

    def _docked(self, name: str, receptor: str, tier: int) -> list[Path]:
        if tier == 1:
            return self.files("dock", name, receptor)
        return self.files("dock_again", name, f"{receptor}/{tier}")

    @property
    def all_tiers(self) -> range:
        """Numbers of the tiers, from 1."""
        return range(1, self.tiers + 1)

    def tiered(self, receptors: Sequence[str]) -> list[str]:
        """Receptors with each later tier, as ``wt/2``."""
        return [f"{name}/{tier}" for name in receptors for tier in self.all_tiers[1:]]

    def selected(self, receptor: str) -> list[Path]:
        """Poses of a receptor that were chosen for scoring."""
        if self.most_rounds is None:
            folder = self._shard_folder("select", receptor)
            return [folder / f"{shard}.sdf.gz" for shard in self.shards("select", receptor)]
        return [
            self._shard_folder("select_batch", f"{receptor}/{number}") / f"{shard}.sdf.gz"
            for number in self.rounds
            for shard in self.shards_of_round("select_batch", number, receptor)
        ]

    def scores(self, receptor: str) -> list[Path]:
        """MM/GBSA scores of a receptor."""
        return self.files("score", "scores", receptor)

    def minimised(self, receptor: str) -> list[Path]:
        """Minimised poses of a receptor."""
        return self.files("score", "minimised", receptor)

    def inspected(self, receptor: str) -> list[Path]:
        """Pose checks and interactions of a receptor."""
        return self.files("inspect", "inspected", receptor)

    def events(self, receptors: Sequence[str]) -> list[Path]:
        """Ledger rows of every stage that works on the library."""
        telling = [s for s in stages().values() if "events" in s.writes]
        whole = [self._events(stage, "") for stage in telling if not stage.per_receptor]
        each = [
            self._events(stage, receptor)
            for kinds, names in self._told_by(receptors)
            for receptor in names
            for stage in telling
            if stage.per_receptor in kinds
        ]
        return [path for paths in (*whole, *each) for path in paths]

    def _told_by(self, receptors: Sequence[str]) -> list[tuple[set[str], Sequence[str]]]:
        """Jobs that write events of the library, with the kinds of their stages."""
        of_rounds = [f"{name}/{number}" for name in receptors for number in self.rounds]
        return [
            ({"all", "unrounded"} if self.most_rounds is None else {"all"}, receptors),
            ({"tiered"}, self.tiered(receptors)),
            ({"rounded"}, of_rounds),
            ({"vetted"}, self.vetted_rounds),
            (set() if self.most_rounds is None else {"campaign"}, [""]),
        ]

    def _events(self, stage: Stage, receptor: str) -> list[Path]:
        if stage.shards_of:
            return self.files(stage.name, "events", receptor)
        return [self.file(stage.name, "events", receptor)]

    def receptor(self, name: str) -> ReceptorFolder:
        """A prepared receptor."""
        return ReceptorFolder(self.results / "receptors" / name)

    def of_variants(self, receptor: str) -> list[Path]:
        """Variants of a receptor, the poses that go into them, and their scores."""
        shards = self.shards("choose_ligands", receptor)
        folder = self._shard_folder("choose_ligands", receptor)
        return [
            *(
                self.file("read_variants", name, receptor)
                for name in stages()["read_variants"].writes
            ),
            *(folder / f"{shard}.sdf.gz" for shard in shards),
            *self.files("score_variants", "scores", receptor),
        ]

    def redocking(self, receptor: str) -> Path:
        """What the redocking of a receptor's reference ligand came to."""
        return self.file("compare", "result", receptor)

    @property
    def benchmarks(self) -> Path:
        """Folder of Snakemake's benchmark files."""
        return self.results / "benchmarks"

    @property
    def usage(self) -> Path:
        """Folder of what each job used."""
        return self.results / "usage"

    def targets(self, settings: Settings, through: str = "rank") -> dict[str, set[str]]:
        """Jobs that made the present results, by rule in the run's order.

        Parameters
        ----------
        settings : Settings
            The whole config.
        through : str
            The last rule.

        Returns
        -------
        dict
            Rule to ``receptor/shard``, ``shard`` or ``receptor``; empty for its only job.
        """
        last = stages()[through].place
        return {
            stage.name: self._jobs(stage, receptors)
            for stage in stages().values()
            if stage.place <= last and (receptors := self._there(stage, stage.receptors(settings)))
        }

    def _there(self, stage: Stage, receptors: Sequence[str]) -> Sequence[str]:
        """Those jobs of a stage whose round there is: a campaign may end before its last."""
        if stage.per_receptor not in ("round", "rounded", "vetted", "proposed"):
            return receptors
        rounds = set(self.rounds)
        if stage.per_receptor in ("vetted", "proposed"):
            rounds = set(self.vetted_rounds)
        if stage.per_receptor == "round":
            # the one that ended the campaign has no batch
            return receptors[: len(rounds) + 1]
        return [name for name in receptors if name.rpartition("/")[2] in rounds]

    def _jobs(self, stage: Stage, receptors: Sequence[str]) -> set[str]:
        """Jobs of a stage, as the logs' folders name them."""
        if not stage.shards_of:
            return set(receptors)
        return {
            f"{receptor}/{shard}".lstrip("/")
            for receptor in receptors
            for shard in self.shards(stage.shards_of, receptor)
        }
