"""A campaign in rounds: between the files of a run and the decisions of :mod:`screenmm.rounds`."""
