"""Training: minibatches, learning-rate schedules, a progress bar, a history."""

from symgrad.train import schedules
from symgrad.train.fit import History, fit
from symgrad.train.minibatches import minibatches

__all__ = ["History", "fit", "minibatches", "schedules"]
