"""How long tests wait for a page in a browser."""

SLOW_MS = 120_000
"""A machine at work on something else, which draws WebGL in software, is no error of the page's."""
