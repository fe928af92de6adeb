"""Nested arguments and results."""

from collections import OrderedDict, namedtuple

import optree
import pytest

from codegen.numpy_source.names import Names
from codegen.numpy_source.structure import key_text, last_keys, parameters, result
from symgrad.errors import GraphError

Pair = namedtuple("Pair", "left right")


def test_arguments_are_unpacked():
    tree = ["X", {"W": ["W1", "W2"], "b": ("b1",)}, Pair("l", "r")]
    leaves, structure = optree.tree_flatten(tree)
    arguments, lines = parameters(structure, leaves, Names(leaves))
    assert arguments == ["X", "params", "params_2"]
    scope = {"params": {"W": [1, 2], "b": (3,)}, "params_2": Pair(4, 5)}
    exec("\n".join(lines), scope)
    assert [scope[name] for name in leaves[1:]] == [1, 2, 3, 4, 5]


def test_one_tensor_alone_is_the_argument():
    assert parameters(optree.tree_structure(0), ["x"], Names()) == (["x"], [])


@pytest.mark.parametrize(
    "tree",
    [1, [1, 2], (1,), (), {"a": 1, "b": [2, (3, 4)]}, {1: 2, "it's": 3}, OrderedDict(z=1, a=2)],
)
def test_results_are_put_together(tree):
    leaves, structure = optree.tree_flatten(tree)
    text = result(structure, [str(leaf) for leaf in leaves])
    assert eval(text) == tree


def test_named_tuples_become_tuples():
    assert result(optree.tree_structure(Pair(1, 2)), ["a", "b"]) == "(a, b)"


def test_what_source_cannot_name_is_refused():
    with pytest.raises(GraphError, match="can nest dicts, lists and tuples"):
        result(optree.tree_structure([None]), [])
    with pytest.raises(GraphError, match="cannot write the dictionary key"):
        key_text(frozenset())


def test_keys_name_results():
    assert last_keys(optree.tree_structure({"a": [0, 0], "b": {1: 0}})) == ["a", "a", "b"]
