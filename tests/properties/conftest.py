"""Properties of generated inputs: a small seeded share in ``make test``, many on demand.

``pytest tests/properties --hypothesis-profile many`` runs the many; benchmarks/properties.py
does so and writes what came of it.
"""

from hypothesis import HealthCheck, Phase, settings

QUIET = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)

# no deadline: a busy machine is no fault of the input
settings.register_profile(
    "share",
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=QUIET,
)
settings.register_profile(
    "many",
    max_examples=200,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=QUIET,
    # shrinking takes longer than finding; a failing example is printed as it is
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("share")
