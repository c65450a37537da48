"""Where the files of a run lie, below its results folder.

The rules declare the same paths one by one; commands that gather many shards find them
here, because a command line cannot hold thousands of names. Only shards that the last
``split``, ``merge`` or ``select`` made count: older files beside them are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from screenmm.run.receptor_folder import ReceptorFolder


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
    """

    results: Path

    @property
    def sources(self) -> Path:
        """One row per record: file, position, name, label, affinity."""
        return self.results / "library/sources.parquet"

    @property
    def annotations(self) -> Path:
        """What was understood of the library's labels and affinities."""
        return self.results / "library/annotations.json"

    @property
    def membership(self) -> Path:
        """Ligand of each standardised record."""
        return self.results / "ligands/membership.parquet"

    def records(self) -> list[Path]:
        """Records as they were read, of every shard."""
        folder = self.results / "library/records"
        return [folder / f"{s}.parquet" for s in shard_names(folder)]

    def parents(self) -> list[Path]:
        """Standardised parents of every shard of records."""
        folder = self.results / "library"
        return [folder / f"parents/{s}.parquet" for s in shard_names(folder / "records")]

    def _ligand_shards(self) -> list[str]:
        return shard_names(self.results / "ligands/shards")

    def ligands(self) -> list[Path]:
        """Ligand shards."""
        return [self.results / f"ligands/shards/{s}.parquet" for s in self._ligand_shards()]

    def pose_tables(self, receptor: str) -> list[Path]:
        """Docking scores of a receptor."""
        return [self.results / f"poses/{receptor}/{s}.parquet" for s in self._ligand_shards()]

    def poses(self, receptor: str) -> list[Path]:
        """Docked poses of a receptor."""
        return [self.results / f"poses/{receptor}/{s}.sdf.gz" for s in self._ligand_shards()]

    def _selected_shards(self, receptor: str) -> list[str]:
        return shard_names(self.results / f"selected/{receptor}/shards")

    def scores(self, receptor: str) -> list[Path]:
        """MM/GBSA scores of a receptor."""
        shards = self._selected_shards(receptor)
        return [self.results / f"scores/{receptor}/{s}.parquet" for s in shards]

    def minimised(self, receptor: str) -> list[Path]:
        """Minimised poses of a receptor."""
        shards = self._selected_shards(receptor)
        return [self.results / f"scores/{receptor}/{s}.sdf.gz" for s in shards]

    def inspected(self, receptor: str) -> list[Path]:
        """Pose checks and interactions of a receptor."""
        shards = self._selected_shards(receptor)
        return [self.results / f"inspected/{receptor}/{s}.parquet" for s in shards]

    def events(self, receptors: list[str]) -> list[Path]:
        """Ledger rows of every stage."""
        library = [path.with_suffix(".events.parquet") for path in self.parents()]
        states = [
            self.results / f"ligands/states/{s}.events.parquet" for s in self._ligand_shards()
        ]
        per_receptor = [
            path
            for receptor in receptors
            for path in (
                *(table.with_suffix(".events.parquet") for table in self.pose_tables(receptor)),
                self.results / f"selected/{receptor}/select.events.parquet",
                *(table.with_suffix(".events.parquet") for table in self.scores(receptor)),
                *(table.with_suffix(".events.parquet") for table in self.inspected(receptor)),
            )
        ]
        return [*library, self.results / "ligands/merge.events.parquet", *states, *per_receptor]

    def receptor(self, name: str) -> ReceptorFolder:
        """A prepared receptor."""
        return ReceptorFolder(self.results / "receptors" / name)

    def redocking(self, receptor: str) -> Path:
        """What the redocking of a receptor's reference ligand came to."""
        return self.results / f"controls/{receptor}/redock.json"

    @property
    def benchmarks(self) -> Path:
        """Folder of Snakemake's benchmark files."""
        return self.results / "benchmarks"

    @property
    def usage(self) -> Path:
        """Folder of what each job used."""
        return self.results / "usage"

    def targets(
        self, receptors: list[str], redocked: Sequence[str] = (), *, gated: bool = False
    ) -> dict[str, set[str]]:
        """Jobs that made the present results, up to the ranking, by rule in the run's order.

        Parameters
        ----------
        receptors : list of str
            All of them.
        redocked : sequence of str
            Those whose reference ligand is docked again.
        gated : bool
            Whether the library waits for that.

        Returns
        -------
        dict
            Rule to ``receptor/shard``, ``shard`` or ``receptor``; empty for its only job.
        """
        ligands, one = self._ligand_shards(), {""}
        docked = {f"{receptor}/{shard}" for receptor in receptors for shard in ligands}
        scored = {f"{r}/{shard}" for r in receptors for shard in self._selected_shards(r)}
        controls = ["reference", "redock", "rescore", "compare", *(["gate"] if gated else [])]
        return {
            "split": one,
            "standardise": set(shard_names(self.results / "library/records")),
            "merge": one,
            "prepare_ligands": set(ligands),
            "prepare_receptor": set(receptors),
            **({rule: set(redocked) for rule in controls} if redocked else {}),
            "dock": docked,
            "select": set(receptors),
            "score": scored,
            "inspect": scored,
            "manifest": set(receptors),
            "rank": one,
        }
