"""Optimisers: new values of parameters as expressions, to be compiled into the training step."""

from symgrad.optim.rules import Updates, adam, adamw, momentum, rmsprop, sgd

__all__ = ["Updates", "adam", "adamw", "momentum", "rmsprop", "sgd"]
