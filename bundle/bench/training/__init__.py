"""Measurements of training."""

from bundle.bench.training import step, waiting

MEASURES = {"step": step.measure, "waiting": waiting.measure}
