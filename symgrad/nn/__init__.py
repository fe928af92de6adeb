"""Networks and losses, all of them compositions of the families."""

from symgrad.families.reduction import log_softmax, softmax
from symgrad.nn.activations import (
    elu,
    gelu,
    leaky_relu,
    mish,
    relu,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    swish,
    tanh,
)
from symgrad.nn.convolution import conv1d, conv2d
from symgrad.nn.layers import linear
from symgrad.nn.losses import cross_entropy, hinge, l1, l2, squared_error
from symgrad.nn.pooling import avg_pool2d, max_pool2d

__all__ = [
    "avg_pool2d",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "elu",
    "gelu",
    "hinge",
    "l1",
    "l2",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "squared_error",
    "swish",
    "tanh",
]
