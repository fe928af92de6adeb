"""Reports: short when all is right, telling when it is not."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest

import symgrad as sg

X = np.array([[1.0, 2.0], [3.0, 4.0]])


def check(gradient, x=X, function=lambda x: np.sum(x**3)):
    return sg.check_grad(function, grad=gradient, at=x)


def test_a_right_gradient_takes_one_line():
    report = str(check(lambda x: 3 * x**2))
    assert len(report.splitlines()) == 1
    assert "correct to 1" in report
    assert "digits (4 entries, " in report


def test_a_wrong_gradient_names_the_worst_entry():
    report = check(lambda x: 3 * x**2 * np.array([[1, 1], [-1, 1]]))
    text = str(report)
    assert "WRONG" in text
    assert "x (2, 2): 1 of 4 entries looked at are wrong" in text
    assert "x[1, 0]:" in text
    assert "expected   27" in text
    assert "got        -27" in text
    assert "difference -54; 0 digits agree" in text
    name, worst = report.worst
    assert (name, worst.index, worst.got) == ("x", (1, 0), -27)


def test_notebooks_show_the_report_with_its_verdict_in_colour():
    right, wrong = check(lambda x: 3 * x**2), check(lambda x: -3 * x**2)
    assert ElementTree.fromstring(right._repr_html_()).text == str(right)
    assert "#0b7a2f" in right._repr_html_()
    assert "#c4161c" in wrong._repr_html_()


def test_digits_that_agree_are_counted():
    report = check(lambda x: 3 * x**2 * (1 + 1e-5 * (x == 2)))
    assert "4 digits agree" in str(report) or "5 digits agree" in str(report)


def test_nan_is_named():
    text = str(check(lambda x: np.where(x == 4, np.nan, 3 * x**2)))
    assert "NaN or infinite in 1 of 4: x[1, 1]" in text


def test_a_function_without_a_value_is_wrong():
    report = check(lambda x: 1 / x, np.array([-1.0, 1.0]), lambda x: np.sum(np.log(x)))
    assert not report.passed
    assert "the function itself is nan" in str(report)


def test_kinks_are_told_from_errors():
    x = sg.variable("x", (3,))
    report = sg.check_grad(sg.sum(sg.nn.relu(x)), x, at={x: [0.0, 1.0, -1.0]})
    assert report.passed
    assert "at a kink, between the slopes to both sides; a little beside it: right" in str(report)
    assert "at a kink at this point: relu (1 entry)" in str(report)
    assert report.kinks == ("relu (1 entry)",)


def test_noise_that_hides_slopes_is_undecided():
    random = np.random.default_rng(0)
    report = check(lambda x: 2 * x, X * 1e-3, lambda x: np.sum(x**2) + random.standard_normal())
    assert report.verdict == "undecided"
    assert not report.passed
    assert "not decidable here" in str(report)


def test_zero_is_zero():
    assert "correct: zero" in str(check(np.zeros_like, X, lambda x: 5.0))


def test_a_dictionary_for_tools():
    report = check(lambda x: 2 * x**2)
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["passed"] is False
    assert plain["verdict"] == "wrong"
    assert plain["worst"]["status"] == "wrong"
    assert plain["parameters"][0]["shape"] == [2, 2]
    assert plain["parameters"][0]["entries"][3]["expected"] == pytest.approx(48)
    assert plain["evaluations"] == report.evaluations
