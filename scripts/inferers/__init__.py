"""How a generator is applied to slices larger than a patch."""

from scripts.inferers.footprint import default_tile_size
from scripts.inferers.tiles import TileInferer
from scripts.inferers.uncertainty import UncertaintyInferer

__all__ = ["TileInferer", "UncertaintyInferer", "default_tile_size"]
