"""Names are identifiers, never twice the same, and never Python's own."""

import keyword

from hypothesis import given
from hypothesis import strategies as st

from codegen.numpy_source.names import RESERVED, Names, identifier


@given(st.lists(st.text(max_size=6) | st.sampled_from(["lambda", "sum", "np", "h", "ﬁ", "fi", "dL/dh", "__debug__"])))
def test_names_are_valid_and_differ(wanted):
    names = Names()
    given = [names.claim(text) for text in wanted] + [names.numbered("t") for _ in wanted]
    assert len(set(given)) == len(given)
    assert RESERVED.isdisjoint(given)
    for name in given:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        compile(f"{name} = 1", "name", "exec")


def test_names_stay_what_they_are_where_they_can():
    names = Names(["f"])
    assert [names.claim(text) for text in ("W1", "dL/dh", "f", "θ", "sum")] == ["W1", "dL_dh", "f_2", "θ", "sum_"]


def test_names_that_python_takes_for_the_same_are_the_same():
    assert identifier("ﬁ") == "fi"
