import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from skimage.transform import downscale_local_mean

from scripts.data.resample import (
    area_weights,
    cubic_weights,
    resize_ct,
    resize_labels,
    resize_mask,
    resize_section,
    same_size,
    working_shape,
)

SHAPES = ((30, 45), (61, 20), (40, 60), (90, 33))  # smaller, mixed, equal, mixed


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize(
    ("shape", "spacing", "working", "expected"),
    [
        ((100, 200), 2.5, 5.0, (50, 100)),
        ((100, 201), 7.5, 5.0, (150, 302)),  # 301.5, to even
        ((100, 200), 5.15, 5.0, (100, 200)),  # 3 % exactly
        ((100, 200), 4.85, 5.0, (100, 200)),
        ((100, 200), 5.16, 5.0, (103, 206)),
        ((10, 100, 100), (20.0, 5.0, 2.5), 5.0, (40, 100, 50)),  # each axis apart
        ((1, 8, 8), (2.0, 2.0, 2.0), 500.0, (1, 1, 1)),
    ],
)
def test_the_number_of_pixels_keeps_the_extent(shape, spacing, working, expected):
    assert working_shape(shape, spacing, working) == expected


def test_sizes_within_three_per_cent_are_one():
    assert same_size(5.15, 5.0)
    assert same_size(4.85, 5.0)
    assert not same_size(5.151, 5.0)
    assert not same_size(4.849, 5.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_ct_is_resized_as_pillow_does(shape):
    values = noise(40, 60) * 60000 - 1000
    expected = np.asarray(Image.fromarray(values).resize(shape[::-1], Image.Resampling.BICUBIC))
    assert_array_equal(resize_ct(values, shape), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_weights_along_an_axis_are_those_of_the_plane(shape):
    values = noise(40, 60) * 60000 - 1000
    rows, columns = cubic_weights(40, shape[0]), cubic_weights(60, shape[1])
    by_weights = rows @ values.astype(np.float64) @ columns.T
    assert_allclose(resize_ct(values, shape), by_weights, atol=0.02)  # Pillow keeps float32 between its two passes
    assert_allclose(rows.sum(axis=1), 1, rtol=1e-15)


def test_ct_is_anti_aliased():
    """Stripes of one old pixel are grey on three times larger pixels; plain interpolation would show stripes."""
    stripes = np.tile(np.float32([0, 1]), 150)[None].repeat(300, axis=0)
    inner = resize_ct(stripes, (100, 100))[10:-10, 10:-10]
    assert abs(inner - 0.5).max() < 0.02


@pytest.mark.parametrize("shape", [(13, 29), (40, 60), (77, 100)])
@pytest.mark.parametrize("value", [0.1, -1024.0, 65535.0, 3.1415927, 1e-30])
def test_a_constant_stays_exactly(shape, value):
    values = np.full((40, 60), value, np.float32)
    assert_array_equal(resize_ct(values, shape), np.full(shape, value, np.float32))
    along_z = cubic_weights(40, shape[0]) @ values.astype(np.float64)
    assert_array_equal(along_z.astype(np.float32), np.full((shape[0], 60), value, np.float32))


@pytest.mark.parametrize("value", [0.0, 0.1, 0.7, 1.0])
def test_a_constant_colour_stays_exactly(value):
    for shape in SHAPES:
        colours = resize_section(np.full((40, 60, 3), value, np.float32), shape)
        assert_array_equal(colours, np.full((*shape, 3), value, np.float32))


def test_a_section_is_averaged_by_area():
    section = noise(40, 60, 3)
    assert_allclose(resize_section(section, (20, 20)), downscale_local_mean(section, (2, 3, 1)), atol=1e-6)
    thirds = resize_section(np.float32([[[0.0], [0.3], [0.9]]]), (1, 2))  # each new pixel is one and a half old ones
    assert_allclose(thirds[0, :, 0], [(0.0 + 0.15) / 1.5, (0.15 + 0.9) / 1.5], atol=1e-7)
    assert_allclose(section.mean(), resize_section(section, (17, 23)).mean(), atol=1e-6)


def test_a_section_made_finer_is_cubic_and_stays_a_colour():
    section = (noise(40, 60, 3) > 0.5).astype(np.float32)
    channel = np.asarray(Image.fromarray(section[..., 1]).resize((120, 80), Image.Resampling.BICUBIC))
    finer = resize_section(section, (80, 120))
    assert_allclose(finer[..., 1], channel.clip(0, 1), atol=1e-6)
    assert finer.min() == 0
    assert finer.max() == 1
    assert finer.dtype == np.float32


def test_no_colour_from_outside_a_mask_gets_into_it():
    section, mask = np.full((40, 60, 3), 0.25, np.float32), np.ones((40, 60), np.float32)
    section[5:18, 11:30], mask[5:18, 11:30] = 1.0, 0.0
    for shape in SHAPES:
        inside = resize_mask(mask, shape) == 1
        assert_allclose(resize_section(section, shape)[inside], 0.25, atol=1e-6)
        assert 0.7 < inside.mean() < 0.92  # of 0.897, less a border
    assert_array_equal(resize_mask(np.ones((40, 60), np.float32), (13, 90)), np.ones((13, 90), np.float32))


def test_labels_stay_classes_and_keep_their_place():
    labels = np.zeros((30, 30), np.int64)
    labels[:15], labels[15:] = 2, 7
    for rows in (10, 20, 60):
        resized = resize_labels(labels, (rows, 30))
        assert set(np.unique(resized)) == {2, 7}
        assert (resized[: rows // 2] == 2).all()
        assert (resized[rows // 2 :] == 7).all()
    picked = resize_labels(np.arange(7, dtype=np.int64)[None], (1, 3))  # middles at 1.17, 3.5, 5.83
    assert_array_equal(picked, [[1, 3, 5]])


def test_all_keep_the_middle_of_what_they_show():
    """A blob's centre of gravity, in parts of the extent, is the same after resizing by each."""
    y, x = np.mgrid[:60, :80]
    blob = np.exp(-((y - 22.3) ** 2 + (x - 51.6) ** 2) / 50).astype(np.float32)

    def centre(values: np.ndarray) -> list[float]:
        rows, columns = np.indices(values.shape) + 0.5
        return [
            (rows * values).sum() / values.sum() / len(values),
            (columns * values).sum() / values.sum() / values.shape[1],
        ]

    for shape in ((30, 40), (41, 55), (90, 170)):
        assert_allclose(centre(resize_ct(blob, shape)), centre(blob), atol=2e-3)
        assert_allclose(centre(resize_section(blob[..., None], shape)[..., 0]), centre(blob), atol=2e-3)
        ids = resize_labels((blob > 0.5).astype(np.int64), shape).astype(np.float32)
        assert_allclose(centre(ids), centre((blob > 0.5).astype(np.float32)), atol=1e-2)


def test_the_same_shape_is_the_same_array():
    values, labels = noise(8, 9), np.zeros((8, 9), np.int64)
    assert resize_ct(values, (8, 9)) is values
    assert resize_mask(values, (8, 9)) is values
    assert resize_section(values[..., None], (8, 9)).base is values
    assert resize_labels(labels, (8, 9)) is labels


@pytest.mark.parametrize(("n_in", "n_out"), [(7, 3), (7, 7), (1000, 333), (1, 1), (3, 2), (1, 4)])
def test_area_weights_cover_each_pixel_once(n_in, n_out):
    weights = area_weights(n_in, n_out)
    assert_allclose(weights.sum(axis=1), 1, rtol=1e-14)
    assert_allclose(weights.sum(axis=0), n_out / n_in, rtol=1e-9)
