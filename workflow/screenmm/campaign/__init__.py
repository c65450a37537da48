"""A campaign in rounds: from the files of a run to the decisions of :mod:`screenmm.rounds`."""
