"""A filter on a residue that a receptor does not have stops a run before it docks."""

from __future__ import annotations

import os

import pytest

from screenmm.config.settings import Settings, parse_settings
from screenmm.core.errors import ConfigError, ReceptorError
from screenmm.preflight.filters import check_filters

from .conftest import FRAGMENTS, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.minutes(1)]

GAP = range(20, 23)


def asking(screen: Screen, *must: str) -> Settings:
    screen.config["ranking"] = {"interactions": {"must": list(must)}}
    return parse_settings(screen.config, screen.folder)


def test_nothing_is_docked_for_a_residue_that_preparation_did_not_make(screen: Screen) -> None:
    screen.write_library({name: FRAGMENTS[name] for name in ("indole", "phenol")})
    structure = screen.folder / "receptor.pdb"
    lines = structure.read_text().splitlines()
    kept = [each for each in lines if not (each[:4] == "ATOM" and int(each[22:26]) in GAP)]
    structure.write_text("\n".join([*kept, ""]))
    # in a gap: whether it will be there is not known before
    check_filters(asking(screen, "hydrogen bond to HIE5", "any contact with 21"))
    jobs = screen.run(2, check=False)
    assert jobs["prepare_receptor"] == jobs["merge"] == 1
    assert jobs["check_filters"] == jobs["dock"] == jobs["select"] == 0
    assert "'any contact with 21': receptor tyk2 has no such residue; near it" in screen.output
    assert not (screen.results / "poses").exists()
    # what the receptor has is docked for, and the receptor is not prepared again
    asking(screen, "hydrogen bond to HIE5")
    jobs = screen.run(2, "results/selected/tyk2/select.events.parquet")
    assert jobs["check_filters"] == jobs["select"] == 1
    assert jobs["prepare_receptor"] == 0


def test_a_prepared_receptor_is_the_one_that_is_asked(
    copy: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy.folder)
    structure = copy.folder / "receptor.pdb"
    made_at = (copy.results / "receptors/tyk2/receptor.cif").stat().st_mtime
    structure.write_text("END\n")
    os.utime(structure, (made_at - 1, made_at - 1))
    check_filters(asking(copy, "hydrogen bond to HIE5"))
    with pytest.raises(ConfigError, match="it has A:VAL:93"):
        check_filters(asking(copy, "hydrogen bond to Leu93"))
    # it will be prepared again: the structure counts
    copy.config["receptors"]["tyk2"]["ph"] = 6.5
    with pytest.raises(ReceptorError, match="no atoms"):
        check_filters(asking(copy, "hydrogen bond to HIE5"))
    del copy.config["receptors"]["tyk2"]["ph"]
    os.utime(structure, (made_at + 1, made_at + 1))
    with pytest.raises(ReceptorError, match="no atoms"):
        check_filters(asking(copy, "hydrogen bond to HIE5"))
