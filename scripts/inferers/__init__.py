"""How a generator is applied to slices larger than a patch."""

from scripts.inferers.tiles import TileInferer

__all__ = ["TileInferer"]
