"""Which proposals may be judged: each is kept, or left out for a typed reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from rdkit import Chem

from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.generation.parents import core_pattern
from screenmm.generation.plausibility import Limits as PlausibilityLimits
from screenmm.generation.plausibility import check_installed, plausibility, why_implausible
from screenmm.generation.proposal import Proposal
from screenmm.generation.routes import MOST_STEPS, Router
from screenmm.library.filters import check_filters
from screenmm.library.standardise import Parent, standardise

Check = Callable[[Chem.Mol], tuple[Reason, str] | None]
"""Why a molecule is left out; None: it is kept."""


@dataclass(frozen=True, slots=True)
class Vetted:
    """A proposal, and what became of it.

    Parameters
    ----------
    proposal : Proposal
    key : str
        InChIKey of the standardised molecule; empty where there is none.
    smiles : str
        Standardised; empty where there is none.
    reason : Reason or None
        Why it is left out; None: it is kept.
    message : str
        The reason in words.
    """

    proposal: Proposal
    key: str = ""
    smiles: str = ""
    reason: Reason | None = None
    message: str = ""

    @property
    def kept(self) -> bool:
        """Whether it may be judged."""
        return self.reason is None


@dataclass(frozen=True)
class Limits:
    """What a proposal must be.

    Parameters
    ----------
    ligands : Ligands
        Limits and filters of the config, as for the library.
    checks : sequence of callable
        Further ones, cheapest first; the first that objects gives the reason.
    """

    ligands: Ligands
    checks: Sequence[Check] = field(default=())


def vet(proposals: Sequence[Proposal], seen: Collection[str], limits: Limits) -> Iterator[Vetted]:
    """Standardise and check proposals, in their order.

    Parameters
    ----------
    proposals : sequence of Proposal
    seen : collection of str
        InChIKeys of the library and of earlier rounds.
    limits : Limits

    Yields
    ------
    Vetted
        One for each proposal. Of several that are the same molecule the first is checked, and the
        others are its duplicates.
    """
    seen = frozenset(seen)
    first: dict[str, int] = {}
    for place, proposal in enumerate(proposals, start=1):
        try:
            parent = standardise(proposal.smiles, "smiles", limits.ligands)
        except LigandError as error:
            yield Vetted(proposal, reason=error.reason, message=error.message)
            continue
        except (ValueError, RuntimeError) as error:
            # RDKit's C++ exceptions: InvariantException and the like
            told = str(error).strip().partition("\n")[0]
            yield Vetted(proposal, reason=Reason.STANDARDISATION_FAILED, message=told)
            continue
        known = first.setdefault(parent.inchikey, place)
        reason, message = _objection(parent, known if known != place else None, seen, limits)
        yield Vetted(proposal, parent.inchikey, parent.smiles, reason, message)


def _objection(
    parent: Parent, same_as: int | None, seen: Collection[str], limits: Limits
) -> tuple[Reason | None, str]:
    if same_as is not None:
        return Reason.DUPLICATE_STRUCTURE, f"the same molecule as proposal {same_as}"
    if parent.inchikey in seen:
        return Reason.SEEN_BEFORE, "the library or an earlier round has it"
    mol = Chem.MolFromSmiles(parent.smiles)
    if objection := check_filters(mol, limits.ligands.filters):
        return objection
    for check in limits.checks:
        if objection := check(mol):
            return objection
    return None, ""


def keeps_core(core: str) -> Check:
    """Make a check that a substructure is there.

    Parameters
    ----------
    core : str
        SMARTS.

    Raises
    ------
    ConfigError
        It is none.
    """
    pattern = core_pattern(core)

    def check(mol: Chem.Mol) -> tuple[Reason, str] | None:
        if mol.HasSubstructMatch(pattern):
            return None
        return Reason.CORE_LOST, f"the core {core} is not in it"

    return check


def is_plausible(limits: PlausibilityLimits) -> Check:
    """Make a check that a molecule is like those that exist, and not too hard to make.

    Parameters
    ----------
    limits : PlausibilityLimits

    Raises
    ------
    ConfigError
        A package that it needs is not installed.
    """
    check_installed()

    def check(mol: Chem.Mol) -> tuple[Reason, str] | None:
        return why_implausible(plausibility(mol), limits)

    return check


def has_route(router: Router, steps: int = MOST_STEPS) -> Check:
    """Make a check that a molecule can be made of the building blocks.

    Parameters
    ----------
    router : Router
    steps : int
        Most reactions.

    Raises
    ------
    ValueError
        More steps than are searched for.
    """
    if not 0 <= steps <= MOST_STEPS:
        raise ValueError(f"{steps} steps: from 0 to {MOST_STEPS} are searched for")

    def check(mol: Chem.Mol) -> tuple[Reason, str] | None:
        if router.route(Chem.MolToSmiles(mol), steps) is not None:
            return None
        return Reason.NO_ROUTE, (
            f"no route of at most {steps} reactions from the building blocks was found"
        )

    return check
