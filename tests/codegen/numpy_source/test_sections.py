"""Sections: the forward pass first, gradients called what they are."""

import symgrad as sg
from codegen.numpy_source import generate
from codegen.numpy_source.sections import gradients_of_inputs, names_from_keys

X, W = sg.variable("X", (4, 3)), sg.variable("W", (3, 2))
H = sg.tanh(X @ W).named("h")
L = sg.sum(H * H)


def test_gradients_of_the_first_output_are_found_with_names():
    found = gradients_of_inputs([L, sg.grad(L, W)], [], [X, W])
    assert found == [(sg.grad(L, W), "dL/dW")]


def test_nothing_is_looked_for_without_a_loss():
    assert gradients_of_inputs([H, W], [], [X, W]) == []
    assert gradients_of_inputs([], [W], [X, W]) == []


def test_comments_part_forward_and_backward():
    lines = [line.strip() for line in generate([X, W], [L, sg.grad(L, W), H.max()]).splitlines()]
    forward, backward = lines.index("# forward"), lines.index("# backward")
    assert forward < lines.index("h = np.tanh(X @ W)") < lines.index("L = np.sum(h ** 2)") < backward
    assert lines[-1] == "return L, dL_dW, h.max()"


def test_there_are_no_comments_without_a_backward_pass():
    assert "#" not in generate([X, W], [L, H])
    assert "#" not in generate([X, W], [sg.grad(L, W), H])


def test_a_gradient_that_the_loss_itself_needs_is_part_of_the_forward_pass():
    x = sg.variable("x", (3,))
    loss = sg.sum(sg.exp(x))
    text = generate([x], [loss, sg.grad(loss, x)])
    assert "exp_x = np.exp(x)\n    return exp_x.sum(), exp_x\n" in text


def test_names_from_dictionary_keys():
    assert names_from_keys([H, X, L], [None, "X", "loss"]) == [(L, "loss")]
