"""How different two colours look."""

from __future__ import annotations

import torch

# sRGB to CIE XYZ for the white of D65 (IEC 61966-2-1), rows scaled to make white (1, 1, 1)
TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))


def colour_difference(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Distance of sRGB colours in CIE L*a*b* (CIE 1976); about 2 can just be seen side by side, 100 is white and black.

    Args:
        one: (..., 3, H, W) in [0, 1].
        other: the same shape.

    Returns:
        (..., H, W).
    """
    return (_lab(one.float()) - _lab(other.float())).square().sum(dim=-3).sqrt()


def _lab(rgb: torch.Tensor) -> torch.Tensor:
    linear = torch.where(rgb > 0.04045, ((rgb.clamp(min=0) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    matrix = rgb.new_tensor(TO_XYZ)
    matrix = matrix / matrix.sum(dim=1, keepdim=True)
    xyz = torch.einsum("ij,...jhw->...ihw", matrix, linear)
    f = torch.where(xyz > (6 / 29) ** 3, xyz.clamp(min=1e-9) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f.unbind(dim=-3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-3)
