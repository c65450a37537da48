"""The JSON Schema of ``metrics.json``, for programs that read the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from screenmm.core.json_schema import json_schema
from screenmm.metrics.model import Metrics


def metrics_schema() -> dict[str, Any]:
    """JSON Schema of the file, with every key's description."""
    return json_schema(Metrics, "ScreenMM metrics")


def generated() -> dict[Path, str]:
    """Text of the generated file, by its path in the repository."""
    text = json.dumps(metrics_schema(), indent=2, ensure_ascii=False) + "\n"
    return {Path("workflow/schemas/metrics.schema.json"): text}
