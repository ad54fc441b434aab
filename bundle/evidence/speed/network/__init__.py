"""Measurements of the generator at inference."""

from bundle.evidence.speed.network import batch, end_to_end, engines, generators, precision, recipes, tile_size

MEASURES = {
    "generators": generators.measure,
    "engines": engines.measure,
    "recipes": recipes.measure,
    "batch": batch.measure,
    "tile_size": tile_size.measure,
    "precision": precision.measure,
    "end_to_end": end_to_end.measure,
}
