"""Which part of a section is tissue or implant, and not empty slide."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from scipy.ndimage import binary_fill_holes


def tissue_foreground(label: torch.Tensor, threshold: float = 0.85, window: int = 7) -> torch.Tensor:
    """Find what is not empty slide in a section.

    A pixel is coloured if its darkest channel is below `threshold`; it is foreground if most of the window around it is
    coloured, which drops specks and closes pores. Holes are filled: pale marrow within tissue is foreground, since a
    model has to leave it pale. A transparent implant (PEEK) is empty slide unless tissue encloses it.

    Args:
        label: section (3, H, W) in [0, 1], white = 1.
        threshold: darkest channel of the palest tissue, part of white.
        window: side of the smoothing window, pixels, odd.

    Returns:
        (1, H, W) float32, 1 = foreground.
    """
    coloured = (label.as_subclass(torch.Tensor).float().amin(dim=0, keepdim=True) < threshold).float()
    share = F.avg_pool2d(coloured[None], window, stride=1, padding=window // 2, count_include_pad=False)[0]
    filled = binary_fill_holes((share[0] > 0.5).cpu().numpy())
    return torch.from_numpy(filled)[None].to(label.device, torch.float32)
