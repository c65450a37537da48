"""Sections of the page, a module and a template each; see :mod:`screenmm.report.section`."""
