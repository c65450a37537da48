"""``metrics.json`` as a whole: its model, its version, reading and writing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from screenmm.core.errors import UserError
from screenmm.files.whole import write_text
from screenmm.metrics.annotations import Annotations
from screenmm.metrics.bias import Bias
from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.controls import Controls
from screenmm.metrics.costs import RuleUsed, RunCosts
from screenmm.metrics.counts import Counts
from screenmm.metrics.ensembles import Ensemble
from screenmm.metrics.generation import Generation
from screenmm.metrics.orders import RankingOrder
from screenmm.metrics.outlook import Outlook
from screenmm.metrics.part import Part
from screenmm.metrics.redocking import Redocking
from screenmm.metrics.rounds import Campaign
from screenmm.metrics.variants import VariantPanel
from screenmm.metrics.verdicts import Verdict

VERSION: Literal[2] = 2
"""Raised with every change of the model: programs that read the file can tell."""


class Metrics(Part):
    """Counts, costs, controls, verdicts and bias of a run."""

    version: Literal[2]
    """Version of this file's format."""
    name: str
    """Name of the screen."""
    counts: Counts
    """What went in, and what became of it."""
    timings: dict[str, RuleUsed]
    """Rule, in the order of the pipeline, to what its jobs used."""
    costs: RunCosts
    """All costs."""
    platforms: dict[str, int]
    """OpenMM platform to the poses scored on it."""
    own_kernels: dict[str, int] | None = None
    """What computed beside OpenMM to the poses of which it did: a device that ran our own kernels,
    the host, or both; absent where no pose says so."""
    versions: dict[str, str]
    """Package to its version, several where stages had different ones."""
    annotations: Annotations
    """What was understood of the library's labels and affinities."""
    orders: dict[str, RankingOrder]
    """Receptor to what its ranking follows, and why."""
    redock: dict[str, Redocking]
    """Receptor to what docking its reference ligand again came to."""
    controls: dict[str, Controls]
    """Receptor to its controls; empty without labels and affinities."""
    verdicts: dict[str, Verdict]
    """Receptor to what its controls say."""
    outlook: dict[str, Outlook]
    """Receptor to what its ranking is worth, in one word, and what to be careful of."""
    models: dict[str, ModelConfidence] | None = None
    """Receptor to how far it can be trusted as a predicted model; absent where none is one."""
    ensembles: dict[str, Ensemble] | None = None
    """Target to what its several structures came to; absent where none has several."""
    rounds: Campaign | None = None
    """What a campaign in rounds came to; absent where every ligand was docked."""
    generation: Generation | None = None
    """What molecules that were proposed came to; absent where none were."""
    variants: VariantPanel | None = None
    """What variants of a receptor do to its best ligands; absent where there are none."""
    bias: Bias | None = None
    """The bias report."""


def as_json(part: Part) -> dict[str, Any]:
    """A part as plain data, as it stands in the file."""
    return part.model_dump(mode="json", by_alias=True, exclude_unset=True)


def write_metrics(metrics: Metrics, path: Path) -> None:
    """Write ``metrics.json``."""
    text = json.dumps(as_json(metrics), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def read_metrics(path: Path) -> Metrics:
    """Read ``metrics.json``.

    Raises
    ------
    UserError
        The file is of another version of the format, or not as that says.
    """
    text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text)
        version = found.get("version") if isinstance(found, dict) else None
        if version != VERSION:
            raise UserError(
                f"{path} is of version {version or 'none'} of its format, not {VERSION}: another "
                "ScreenMM wrote it. Run snakemake on the screen's config again; it makes the "
                "report anew"
            )
        return Metrics.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except json.JSONDecodeError as error:
        fault = str(error)
    raise UserError(
        f"{path} is not as ScreenMM writes it ({fault}): run snakemake on the screen's config "
        "again with --forcerun report"
    )
