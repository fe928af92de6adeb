"""Probing: large arrays are checked with few evaluations, and the one wrong entry is found."""

import numpy as np
import pytest

from symgrad.check.compare import Status
from symgrad.check.probe import probe
from symgrad.check.subject import function_subject

SIZE = 10_000
POINT = np.random.default_rng(0).normal(size=(100, 100))


def with_one_wrong(place, change):
    def gradient(x):
        claimed = 2 * x
        claimed[place] = change(claimed[place])
        return claimed

    return function_subject(lambda x: np.sum(x**2), gradient, POINT)


def test_a_large_array_takes_few_evaluations():
    found = probe(function_subject(lambda x: np.sum(np.sin(x)), np.cos, POINT), 0, seed=0)
    assert found.evaluations < 500
    assert len(found.directions) == 3
    assert all(c.status is Status.CORRECT for c in found.comparisons)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "change",
    [lambda a: -a, lambda a: 0.0, lambda a: a * 1.001, lambda a: a * (1 + 1e-6), lambda a: a + 1e-6],
    ids=["sign", "missing", "1e-3", "1e-6", "shift"],
)
def test_one_wrong_entry_among_ten_thousand_is_found(change, seed):
    place = (37, 62 + seed)
    found = probe(with_one_wrong(place, change), 0, seed)
    wrong = [c for c in found.comparisons if c.status is Status.WRONG]
    assert {c.index for c in wrong} - {None} == {place}
    (entry,) = {c for c in wrong if c.index is not None}
    assert entry.expected == pytest.approx(2 * POINT[place], rel=1e-9)
    assert entry.got == pytest.approx(change(2 * POINT[place]), rel=1e-9)
    assert found.evaluations < 2000


def test_the_gradient_is_checked_beside_a_kink_too():
    point = POINT.copy()
    point[::7] = 0

    def gradient(x):
        claimed = (x > 0) * 1.0
        claimed[3, 5] = 0.5
        return claimed

    right = probe(function_subject(lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0, point), 0, 0)
    assert right.beside
    assert all(c.status is not Status.WRONG for c in right.comparisons)
    wrong = probe(function_subject(lambda x: np.maximum(x, 0).sum(), gradient, point), 0, 0)
    assert any(c.status is Status.WRONG and c.index == (3, 5) for c in wrong.comparisons)


def test_nothing_is_measured_where_the_gradient_is_nan():
    found = probe(with_one_wrong((1, 2), lambda a: np.nan), 0, 0)
    assert found.nonfinite == ((1, 2),)
    assert found.comparisons == ()


def test_an_empty_array_has_nothing_to_compare():
    subject = function_subject(lambda x: x.sum() + 1, np.ones_like, np.zeros((0, 3)))
    assert probe(subject, 0, 0).comparisons == ()


def test_the_same_seed_gives_the_same_findings():
    subject = function_subject(lambda x: np.sum(np.sin(x)), np.cos, POINT)
    assert probe(subject, 0, 5).directions == probe(subject, 0, 5).directions
    assert probe(subject, 0, 5).directions != probe(subject, 0, 6).directions
