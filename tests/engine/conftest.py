"""The hypothesis profile of these tests.

No deadline, and every failure printed with the blob that repeats it.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "engine",
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("engine")
