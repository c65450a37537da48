"""The screens of one Snakefile: itself, or those that it uses as modules.

Snakemake runs the handlers of the main Snakefile alone. What a screen checks and locks when it
starts must not depend on that: here modules start, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from screenmm.core.errors import UserError

Handler = Callable[[Any], Any]


class Screens:
    """Screens by the names of their modules; the main Snakefile's has an empty one.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        Of the main Snakefile.
    """

    def __init__(self, workflow: Any) -> None:
        self._workflow = workflow
        self._folders: dict[str, Path] = {}
        self._started: set[str] = set()

    @classmethod
    def of(cls, workflow: Any) -> Screens:
        """Find the screens that the Snakefile has so far."""
        found: Screens = vars(workflow).setdefault("screenmm_screens", cls(workflow))
        return found

    def add(self, name: str, results: Path, start: Callable[[], None]) -> None:
        """Add a screen; what is added again, by another ``use rule``, is there already.

        Parameters
        ----------
        name : str
            Of the module.
        results : Path
            Its results folder.
        start : callable
            What a module does before the first job of the run. It raises where it must not begin.

        Raises
        ------
        UserError
            Another screen of the Snakefile writes there.
        """
        folder = results.resolve()
        for other, theirs in self._folders.items():
            if other != name and (theirs.is_relative_to(folder) or folder.is_relative_to(theirs)):
                raise UserError(
                    f"modules {other} and {name} write to {theirs} and {folder}: give each a "
                    f'results folder of its own, for example pathvars: results="results/{name}"'
                )
        if name not in self._folders:
            self._folders[name] = folder
            if name:
                self._at_start(lambda: self.start(name, start))

    def start(self, name: str, start: Callable[[], None]) -> None:
        """Start a screen, once."""
        if name not in self._started:
            start()
            self._started.add(name)

    def _at_start(self, start: Callable[[], None]) -> None:
        """Run something before the handler of the main Snakefile that is there, or will be."""

        def before(handler: Handler) -> Handler:
            def both(log: Any) -> None:
                start()
                handler(log)

            return both

        register = self._workflow.onstart
        self._workflow.onstart = lambda handler: register(before(handler))
        self._workflow._onstart = before(self._workflow._onstart)
