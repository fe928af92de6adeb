"""What forms promise, node by node: they compute what `evaluate` does, write all their operands, own up to views."""

import numpy as np
from hypothesis import given

from codegen.numpy_source.code import Code
from codegen.numpy_source.forms import form_of
from codegen.numpy_source.module import Module
from codegen.numpy_source.names import Names
from symgrad.bindings import bind
from symgrad.evaluate import evaluate_nodes
from symgrad.families.leaf import Variable
from symgrad.graph import topological_order
from tests.graphs import assert_close, graphs


@given(graphs())
def test_every_form_of_a_random_graph(graph):
    graph = graph.with_gradients()
    values = evaluate_nodes(graph.outputs, graph.bindings)
    _, sizes = bind(graph.bindings)
    for node in topological_order(graph.outputs):
        if isinstance(node.operation, Variable):
            continue
        form = form_of(node, lambda node: False)
        module = Module(Names())
        operands = {f"operand{i}": values[x] for i, x in enumerate(form.operands)}
        text = form.write([Code(name) for name in operands], module).text
        assert all(name in text for name in operands)
        assert all(0 <= i < len(operands) for i in form.literals)
        environment = {name: sizes[symbol] for symbol, name in module.sizes.items()} | operands
        exec("\n\n".join(module.prologue()), environment)
        with np.errstate(all="ignore"):
            value = np.asarray(eval(text, environment))
        assert_close(value.astype(node.dtype), values[node], graph.precision, text)
        if operands and not form.shares:
            assert not np.shares_memory(value, operands["operand0"]), text
