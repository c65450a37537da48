"""Errors: one base, typed reasons, and no loss across processes."""

import pickle

import pytest

from screenmm.core import errors
from screenmm.core.errors import LigandError, Reason, ScreenMMError, UserError


def test_ligand_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(LigandError(Reason.TOO_LARGE, "120 heavy atoms exceed 100")))
    assert type(error) is LigandError
    assert error.reason is Reason.TOO_LARGE
    assert error.message == "120 heavy atoms exceed 100"
    assert str(error) == "too_large: 120 heavy atoms exceed 100"


@pytest.mark.parametrize("name", ["ConfigError", "LibraryError", "ReceptorError", "PlatformError"])
def test_user_errors_survive_pickling(name: str) -> None:
    error = pickle.loads(pickle.dumps(getattr(errors, name)("what; do this")))
    assert isinstance(error, UserError)
    assert str(error) == "what; do this"


def test_every_error_has_the_one_base() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    assert all(issubclass(each, ScreenMMError) for each in classes if issubclass(each, Exception))


def test_a_ligand_error_is_never_a_user_error() -> None:
    assert not issubclass(LigandError, UserError)


def test_reasons_are_words_for_tables() -> None:
    assert all(str(reason) == reason.name.lower() for reason in Reason)
