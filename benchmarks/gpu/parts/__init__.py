"""Parts of the measurement, each a process of its own with ``run(bench)``."""
