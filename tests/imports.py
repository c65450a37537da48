"""What the rules' stages import, read from the source: also what is imported in a function."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "workflow"


LOADED_BY_NAME = {"screenmm.docking.engine": "screenmm.docking.engines"}
"""Modules that load every module of a package when they are used."""


@cache
def stages_by_environment() -> dict[str, set[str]]:
    """Environment to the modules that its rules' commands run."""
    found: dict[str, set[str]] = {}
    for rules in (SOURCE / "rules").glob("*.smk"):
        for rule in re.split(r"^(?=rule |checkpoint )", rules.read_text(), flags=re.MULTILINE)[1:]:
            environment = re.search(r'conda:\s+"\.\./\.\./envs/(\w+)\.yaml"', rule)
            command = re.search(r'shell:\s+"screenmm ([a-z-]+) ', rule)
            assert environment is not None, f"no conda environment: {rule}"
            assert command is not None, f"no command of screenmm: {rule}"
            stage = f"screenmm.stages.{command[1].replace('-', '_')}"
            found.setdefault(environment[1], {"screenmm.cli"}).add(stage)
    return found


def source_of(module: str) -> Path | None:
    """File of a module of ours; None where there is none."""
    path = SOURCE.joinpath(*module.split("."))
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((each for each in candidates if each.exists()), None)


def imported(file: Path) -> set[str]:
    """Modules that a file imports, anywhere in it.

    ``if TYPE_CHECKING`` is never run, and a module's ``__getattr__`` by people alone.
    """
    tree = ast.parse(file.read_text())
    idle = {
        id(node)
        for branch in ast.walk(tree)
        if (isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.dump(branch.test))
        or (isinstance(branch, ast.FunctionDef) and branch.name == "__getattr__")
        for statement in branch.body
        for node in ast.walk(statement)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{file}:{node.lineno}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {node.module} | {name for name in names if source_of(name)}
    return found


def loaded_by_name(module: str) -> set[str]:
    """Modules that a module loads by their names."""
    package = LOADED_BY_NAME.get(module)
    if package is None:
        return set()
    files = SOURCE.joinpath(*package.split(".")).glob("*.py")
    return {f"{package}.{file.stem}" for file in files if file.stem != "__init__"}


def third_party(modules: set[str]) -> tuple[set[str], dict[str, set[str]]]:
    """Follow the imports of our modules as far as they go.

    Parameters
    ----------
    modules : set of str
        Where to begin.

    Returns
    -------
    set of str
        Our modules that are reached.
    dict
        Modules of others to ours that import them.
    """
    todo, ours = set(modules), set()
    theirs: dict[str, set[str]] = {}
    while todo:
        module = todo.pop()
        file = source_of(module)
        assert file is not None, module
        ours.add(module)
        for name in imported(file) | loaded_by_name(module):
            if name.partition(".")[0] == "screenmm":
                todo |= {name} - ours
            elif name.partition(".")[0] not in sys.stdlib_module_names:
                theirs.setdefault(name, set()).add(module)
    return ours, theirs
