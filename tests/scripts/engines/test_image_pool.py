from __future__ import annotations

import torch

from scripts.engines import ImagePool


def numbered(first: int, count: int) -> torch.Tensor:
    """Images that know their number."""
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).contiguous()


def numbers(images: list[torch.Tensor] | torch.Tensor) -> list[int]:
    return [int(image[0, 0, 0]) for image in images]


def test_no_pool_passes_images_without_their_graph() -> None:
    images = numbered(0, 2).requires_grad_()
    shown = ImagePool(0).query(images * 1)
    assert numbers(shown) == [0, 1]
    assert not shown.requires_grad


def test_everything_passes_through_until_it_is_full() -> None:
    pool = ImagePool(4)
    assert numbers(pool.query(numbered(0, 3))) == [0, 1, 2]
    assert numbers(pool.query(numbered(3, 1))) == [3]
    assert numbers(pool.images) == [0, 1, 2, 3]


def test_half_of_the_images_are_older_ones() -> None:
    torch.manual_seed(0)
    pool, queries = ImagePool(50), 1000
    pool.query(numbered(0, 50))
    stored, older = set(range(50)), 0
    for number in range(50, 50 + queries):
        (shown,) = numbers(pool.query(numbered(number, 1)))
        if shown != number:
            assert shown in stored  # an image once shown is gone, the new one has its place
            stored = stored - {shown} | {number}
            older += 1
        assert set(numbers(pool.images)) == stored
    assert abs(older / queries - 0.5) < 0.05  # three standard deviations of a fair coin's 1000 throws


def test_stored_images_are_copies_without_gradient() -> None:
    pool = ImagePool(2)
    images = numbered(0, 1).requires_grad_()
    shown = pool.query(images)
    assert not shown.requires_grad
    assert not pool.images[0].requires_grad
    with torch.no_grad():
        images += 9
    assert numbers(pool.images) == [0]


def test_size_zero_passes_images_through() -> None:
    pool = ImagePool(0)
    assert numbers(pool.query(numbered(5, 3))) == [5, 6, 7]
    assert pool.images == []
    assert pool.state_dict() == {}


def test_state_continues_exactly() -> None:
    torch.manual_seed(0)
    pool = ImagePool(3)
    pool.query(numbered(0, 5))
    resumed = ImagePool(3)
    resumed.load_state_dict(pool.state_dict())
    shown = []
    for candidate in (pool, resumed):
        torch.manual_seed(1)
        shown.append(numbers(candidate.query(numbered(10, 8))))
    assert shown[0] == shown[1]
    resumed.load_state_dict({})
    assert resumed.images == []


def test_stored_images_follow_the_new_ones() -> None:
    """As after resuming with amp switched; the same conversion brings a checkpoint's images from the CPU to the GPU."""
    torch.manual_seed(0)
    pool = ImagePool(2)
    pool.query(numbered(0, 2).bfloat16())
    shown = pool.query(numbered(2, 16))
    assert shown.dtype == torch.float32
    assert not {0, 1}.isdisjoint(numbers(shown))
