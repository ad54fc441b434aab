"""Measurements of training."""

from bundle.evidence.speed.training import step, waiting

MEASURES = {"step": step.measure, "waiting": waiting.measure}
