"""The rules' commands, one module each: what a stage is, and files in, files out.

See :mod:`screenmm.run.stages`.
"""
