from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.disk import check_place
from screenmm.errors import UserError


def test_a_place_that_is_no_folder_or_closed_is_refused(tmp_path: Path) -> None:
    check_place(tmp_path / "new/er")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be made: .*file is a file; give results another"):
        check_place(tmp_path / "file/results")
    with pytest.raises(UserError, match="File name too long"):
        check_place(tmp_path / ("r" * 300))
