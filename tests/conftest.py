"""What all tests share: how much Hypothesis draws.

`ci`, the default, draws little and always the same. `deep` draws much and anew each time:
`pytest -m deep --hypothesis-profile=deep`.
"""

from hypothesis import HealthCheck, settings

# The first example of a test may compile; a deadline would measure the machine, not the code.
settings.register_profile(
    "ci",
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep",
    max_examples=2000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")
