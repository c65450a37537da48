"""Draw mutants: places in the code by chance, and at each one change of Cosmic Ray's.

A place is where an expression or statement begins that can be changed; it is drawn first, so
that an operator with ten replacements weighs no more than a number with two. Left out are
annotations and code for the type checker alone, which nobody runs, and the flags ``strict`` of
zips and ``frozen`` and ``slots`` of dataclasses, which forbid what no caller does.
"""

from __future__ import annotations

import ast
import difflib
import random
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

Position = tuple[int, int]
Span = tuple[Position, Position]
GUARDS = {"strict", "frozen", "slots"}


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Parameters
    ----------
    module : str
        Path below the repository's root.
    line : int
        Where it begins, from 1.
    operator : str
        Of Cosmic Ray.
    occurrence : int
        Which of the operator's in the module.
    """

    module: str
    line: int
    operator: str
    occurrence: int

    def apply(self, source: str) -> str:
        """Change the module's text."""
        changed: str = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        return changed


def draw(root: Path, modules: Sequence[str], seed: int) -> Iterator[Mutant]:
    """Mutants of some modules, in an order whose every beginning is a fair sample.

    Parameters
    ----------
    root : Path
        Of the repository.
    modules : sequence of str
        Paths below it.
    seed : int
        Of the order.

    Yields
    ------
    Mutant
        One for each place; it compiles.
    """
    rng = random.Random(seed)
    places = sorted(
        (module, start)
        for module in modules
        for start in _mutants((root / module).read_text(encoding="utf-8"))
    )
    rng.shuffle(places)
    for module, start in places:
        source = (root / module).read_text(encoding="utf-8")
        choices = list(_mutants(source)[start])
        rng.shuffle(choices)
        for operator, occurrence in choices:
            mutant = Mutant(module, start[0], operator, occurrence)
            if _compiles(mutant.apply(source)):
                yield mutant
                break


def find(root: Path, module: str, line: int, shown: str) -> Mutant | None:
    """Find a mutant again by how its change reads.

    Parameters
    ----------
    root : Path
        Of the repository.
    module : str
        Path of the module below it.
    line : int
        Where the mutant was; the nearest counts.
    shown : str
        What `change` said of it.

    Returns
    -------
    Mutant or None
        None where the code is another by now.
    """
    source = (root / module).read_text(encoding="utf-8")
    places = sorted(_mutants(source).items(), key=lambda each: abs(each[0][0] - line))
    for (begin, _), choices in places:
        for operator, occurrence in choices:
            mutant = Mutant(module, begin, operator, occurrence)
            after = mutant.apply(source)
            if _compiles(after) and change(source, after) == shown:
                return mutant
    return None


def change(before: str, after: str) -> str:
    """How the changed lines read before and after."""
    lines = [before.splitlines(), after.splitlines()]
    marks = ("-", "+")
    found: dict[str, list[str]] = {mark: [] for mark in marks}
    for line in difflib.unified_diff(*lines, n=0, lineterm=""):
        if line[0] in marks and not line.startswith(("---", "+++")):
            found[line[0]].append(line[1:].strip())
    return " → ".join(" ".join(found[mark]) for mark in marks)


@cache
def _mutants(source: str) -> dict[Position, list[tuple[str, int]]]:
    """Places of a module, and at each the operators with their occurrences."""
    idle = list(_idle(ast.parse(source)))
    nodes = list(ast_nodes(get_ast(source)))
    found: dict[Position, list[tuple[str, int]]] = {}
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():
            continue
        operator = kind()
        positions = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            if not any(first <= start < last for first, last in idle):
                found.setdefault(start, []).append((name, occurrence))
    return found


def _idle(tree: ast.AST) -> Iterator[Span]:
    """Spans of code that never runs, or never matters."""
    for node in ast.walk(tree):
        nodes: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            nodes = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            nodes = [node.returns]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            nodes = [node]
        elif isinstance(node, ast.keyword) and node.arg in GUARDS:
            nodes = [node.value]
        for each in nodes:
            if each is not None:
                yield (
                    (each.lineno, each.col_offset),
                    (each.end_lineno or each.lineno, each.end_col_offset or 0),
                )


def _compiles(source: str | None) -> bool:
    if source is None:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True
