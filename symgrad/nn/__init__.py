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
from symgrad.nn.attention import attention
from symgrad.nn.convolution import conv1d, conv2d
from symgrad.nn.layers import embedding, linear
from symgrad.nn.losses import cross_entropy, hinge, l1, l2, squared_error
from symgrad.nn.normalization import batch_norm, layer_norm
from symgrad.nn.pooling import avg_pool2d, max_pool2d
from symgrad.nn.recurrent import gru_cell, lstm_cell

__all__ = [
    "attention",
    "avg_pool2d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "elu",
    "embedding",
    "gelu",
    "gru_cell",
    "hinge",
    "l1",
    "l2",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "lstm_cell",
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
