from __future__ import annotations

import subprocess
import sys

import pytest

from screenmm.core.errors import ConfigError
from screenmm.variants import needs


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needs.check_packages()
    monkeypatch.setattr(needs, "is_installed", lambda name: name != "pysam")
    with pytest.raises(ConfigError, match=r"read with pysam, not installed in .*screenmm\[vari"):
        needs.check_packages()


@pytest.mark.parametrize(
    "module",
    ["commands.cohort", "commands.panel", "variants.numbering", "variants.changes",
     "variants.sequence"],
)  # fmt: skip
def test_what_reads_no_files_needs_no_readers(module: str) -> None:
    code = (
        f"import sys, screenmm.{module}; "
        "sys.exit(bool({'pysam', 'mutalyzer_hgvs_parser'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
