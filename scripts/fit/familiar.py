"""The features that a generator knows from its training: found in slices of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from scipy.cluster.vq import kmeans2

from scripts.networks import StainGenerator
from scripts.networks.familiar import PROTOTYPES, Familiar, directions

WINDOWS = 48  # of the training, and a third as many held out
SIDE = 512  # pixels of a window
PLACES = 24_000  # whose prototypes are found
ROUNDS = 5  # of k-means
LEAST_VARIANCE = 1e-4  # of an axis, part of the mean variance: axes of less are noise
HELD_OUT = 0.99  # quantile of the distances in held-out slices that counts as 1


class Slices(Protocol):
    """Items, each as often as it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


def find_familiar(network: StainGenerator, training: Slices, held_out: Slices, seed: int = 0) -> Familiar | None:
    """Find the features of a training.

    Args:
        network: in evaluation mode, on any device.
        training: items with ``image`` (1, H, W), windowed, and perhaps ``mask`` (1, H, W), 1 = use.
        held_out: the same of specimens that no weight was fitted to; none: the training's.
        seed: of the windows and places that are drawn.

    Returns:
        None where there is next to no place.
    """
    generator = torch.Generator().manual_seed(seed)
    found = [features[:, use].T for features, use in _windows(network, training, WINDOWS, generator)]
    if sum(map(len, found)) < 2:
        return None
    places = torch.cat(found)
    places = places[torch.randperm(len(places), generator=generator)[:PLACES]]
    mean = places.mean(dim=0)
    variances, vectors = torch.linalg.eigh(torch.cov(places.T).double())
    variances = variances.clamp(min=0)
    axes = (vectors / (variances + LEAST_VARIANCE * variances.mean() + 1e-12).sqrt()).float()
    pointing = directions(places, mean, axes)
    familiar = Familiar(mean, axes, _prototypes(pointing), torch.ones(1))
    scale = _scale(network, familiar, held_out, generator) or _scale(network, familiar, training, generator)
    return Familiar(mean, axes, familiar.prototypes, torch.tensor([max(scale, 1e-6)]))


def _scale(network: StainGenerator, familiar: Familiar, items: Slices, generator: torch.Generator) -> float:
    """Distance that 1 % of the places in some slices exceed, 0 where there is none."""
    windows = _windows(network, items, WINDOWS // 3, generator)
    distances = [familiar.distance(features[None])[0, 0][use] for features, use in windows]
    return float(np.quantile(torch.cat(distances).numpy(), HELD_OUT)) if sum(map(len, distances)) else 0.0


def _prototypes(pointing: torch.Tensor) -> torch.Tensor:
    """Means of clusters (512, C) of unit vectors (n, C); where there are fewer vectors, each several times."""
    start = pointing[torch.arange(PROTOTYPES) % len(pointing)]
    if len(pointing) <= PROTOTYPES:
        return start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a cluster that became empty stays where it was
        centres, _ = kmeans2(pointing.numpy(), start.numpy(), iter=ROUNDS, minit="matrix", missing="warn")
    return torch.from_numpy(centres)


def _windows(
    network: StainGenerator, items: Slices, count: int, generator: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Features (C, h, w) of the trunk's end, float32, and which places to use (h, w), of windows spread over slices."""
    device, stride = next(network.parameters()).device, network.stride
    for index in np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)):
        item = items[int(index)]
        image = torch.as_tensor(np.asarray(item["image"])).float()
        mask = torch.as_tensor(np.asarray(item.get("mask", np.ones_like(image)))) > 0
        rows, columns = (_window(side, stride, generator) for side in image.shape[-2:])
        with torch.no_grad():
            coarsest = network.encode(image[None, :, rows, columns].to(device))[-1]
            features = network.trunk(coarsest)[0].float().cpu()
        use = mask[0, rows, columns][::stride, ::stride].clone()
        # what a cut border does to the trunk is no part of the scan
        reach = 2 * network.blocks + 1
        for axis, (span, side) in enumerate(((rows, image.shape[-2]), (columns, image.shape[-1]))):
            along = use if axis == 0 else use.T
            if span.start > 0:
                along[:reach] = False
            if span.stop < side:
                along[-reach:] = False
        yield features, use


def _window(side: int, stride: int, generator: torch.Generator) -> slice:
    if side <= SIDE:
        return slice(0, side)
    start = int(torch.randint((side - SIDE) // stride + 1, (1,), generator=generator)) * stride
    return slice(start, start + SIDE)
