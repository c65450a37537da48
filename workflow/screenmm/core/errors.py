"""Every error ScreenMM raises on purpose.

Two families share one base. A :class:`UserError` stops a stage: its message states
the value, the constraint and the remedy. A :class:`LigandError` concerns one record,
ligand, state or pose: the stage catches it and writes a ledger row with its reason.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Typed reasons of ledger rows: why a record, ligand, state or pose went no further."""

    EMPTY_RECORD = "empty_record"
    UNREADABLE_RECORD = "unreadable_record"
    TRUNCATED_RECORD = "truncated_record"
    MISSING_STRUCTURE = "missing_structure"
    INVALID_STRUCTURE = "invalid_structure"
    NO_ORGANIC_FRAGMENT = "no_organic_fragment"
    UNSUPPORTED_ELEMENT = "unsupported_element"
    RADICAL = "radical"
    TOO_LARGE = "too_large"
    DUPLICATE_STRUCTURE = "duplicate_structure"
    PROPERTY_FILTER = "property_filter"
    ALERT_FILTER = "alert_filter"
    SEEN_BEFORE = "seen_before"
    CORE_LOST = "core_lost"
    IMPLAUSIBLE_RING = "implausible_ring"
    IMPLAUSIBLE_BOND = "implausible_bond"
    HARD_TO_MAKE = "hard_to_make"
    NO_ROUTE = "no_route"
    OUTSIDE_APPLICABILITY = "outside_applicability"
    STANDARDISATION_FAILED = "standardisation_failed"
    ENUMERATION_FAILED = "enumeration_failed"
    EMBEDDING_FAILED = "embedding_failed"
    MISSING_POSE = "missing_pose"
    POSE_OUTSIDE_POCKET = "pose_outside_pocket"
    DOCKING_FAILED = "docking_failed"
    CORE_TOO_SMALL = "core_too_small"
    NOT_PLACED = "not_placed"
    PARAMETERS_MISSING = "parameters_missing"
    CLASH_NOT_RELIEVED = "clash_not_relieved"
    MINIMISATION_DIVERGED = "minimisation_diverged"
    NOT_FINITE = "not_finite"
    INSPECTION_FAILED = "inspection_failed"
    INTERACTIONS_UNKNOWN = "interactions_unknown"
    POSE_CHECKS_UNKNOWN = "pose_checks_unknown"
    CNN_UNKNOWN = "cnn_unknown"
    NOT_INSPECTED = "not_inspected"
    INTERACTION_MISSING = "interaction_missing"
    INTERACTION_FORBIDDEN = "interaction_forbidden"
    POSE_CHECK_FAILED = "pose_check_failed"
    TIME_LIMIT = "time_limit"
    WORKER_DIED = "worker_died"
    INTERNAL_ERROR = "internal_error"


class ScreenMMError(Exception):
    """Base of every error raised on purpose."""


class UserError(ScreenMMError):
    """Something the user can mend; the message says what and how."""


class ConfigError(UserError):
    """The configuration is wrong: unknown key, bad value, missing file, contradiction."""


class LibraryError(UserError):
    """A library file cannot be read at all."""


class ReceptorError(UserError):
    """A receptor cannot be modelled as asked; names the residue and the remedies."""


class PocketError(UserError):
    """The pocket cannot be located."""


class PlatformError(UserError):
    """The asked OpenMM platform or docking device is not usable here."""


class LedgerError(ScreenMMError):
    """Records in do not equal records out: a defect of the program, never of the library."""


class ConservationError(ScreenMMError):
    """Atoms read do not equal atoms kept and removed: a defect of the program."""


MACHINE_FAULTS = (OSError, MemoryError)
"""What no molecule is to blame for: to be let through where every other error is caught."""


class Interrupted(BaseException):
    """The job was told to stop (SIGTERM): preempted, out of time, or cancelled.

    Like ``KeyboardInterrupt`` it passes every handler of errors; blocks that clean up run.
    """


class LigandError(ScreenMMError):
    """One record, ligand, state or pose cannot be processed.

    Parameters
    ----------
    reason : Reason
        Typed reason, as it stands in the ledger.
    message : str
        What happened, with the value and the constraint.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message

    def __reduce__(self) -> tuple[type[LigandError], tuple[Reason, str]]:
        """Keep both arguments when the error crosses a process boundary."""
        return type(self), (self.reason, self.message)
