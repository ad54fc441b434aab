"""History of generated images for the discriminators."""

from __future__ import annotations

import torch


class ImagePool:
    """Show a discriminator older generated images half of the time (Shrivastava et al. 2017; CycleGAN keeps 50).

    Random numbers come from torch's global generator. The state is part of a training checkpoint.

    Args:
        size: images kept; 0 passes everything through.
    """

    def __init__(self, size: int = 50) -> None:
        self.size = size
        self.images: list[torch.Tensor] = []

    def query(self, images: torch.Tensor) -> torch.Tensor:
        """Store `images` (N, C, H, W) and return as many: each one itself or, half of the time, one stored before."""
        if self.size == 0:
            return images.detach()
        shown = []
        for image in images.detach():
            if len(self.images) < self.size:
                self.images.append(image.clone())
                shown.append(image)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                shown.append(self.images[place].to(image))  # a checkpoint is read onto the CPU
                self.images[place] = image.clone()
            else:
                shown.append(image)
        return torch.stack(shown)

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {"images": torch.stack(self.images)} if self.images else {}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        self.images = list(state["images"]) if "images" in state else []
