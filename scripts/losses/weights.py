"""How much each term of the training loss counts."""

from __future__ import annotations

from dataclasses import dataclass, fields

LARGEST = 1e6


@dataclass(frozen=True)
class LossWeights:
    """Weights of the generators' loss terms; a term of weight 0 is not computed, nor is a network that only it needs.

    Attributes:
        adversarial_stain: the stain discriminator takes the stain for a section.
        adversarial_ct: the CT discriminator takes the made CT for a scan's.
        cycle_ct: CT to stain and back is the CT again (the cycle loss).
        cycle_stain: section to CT and back is the section again (the cycle loss).
        pixel_stain: the stain is the registered section (the pixel loss).
        pixel_ct: the CT made from the section is the registered CT (the pixel loss).
        grey: greyscale consistency.
        contrast: places of the stain resemble those of the registered section (the contrast loss).
        perceptual: the stain looks like the registered section (the perceptual loss).
        smooth: the displacement that aligns the stain is smooth; 0 = no alignment.

    Raises:
        ValueError: a weight is no number, negative or beyond `LARGEST`, or no term is left.
    """

    adversarial_stain: float
    adversarial_ct: float
    cycle_ct: float
    cycle_stain: float
    pixel_stain: float
    pixel_ct: float
    grey: float
    contrast: float = 0.0
    perceptual: float = 0.0
    smooth: float = 0.0

    def __post_init__(self) -> None:
        weights = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, weight in weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= LARGEST:
                raise ValueError(f"The loss weight {name} is {weight!r}, it must be a number from 0 to {LARGEST:g}.")
        if sum(weights.values()) == 0:
            raise ValueError("All loss weights are 0: give at least one that is not.")
