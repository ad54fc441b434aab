"""The real server, from the outside: what it lists, returns and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

pytest.importorskip("monailabel", reason="it has an environment of its own: make label-test")

from monailabel.client import MONAILabelClient

from tests.monailabel.serving import opened, run_inference

RGB24 = 128
pytestmark = pytest.mark.timeout(600)


def require_same(stain: Any, expected: Any, scan: Path) -> None:
    """Every voxel, the type and the geometry of the image."""
    assert stain.header["datatype"] == RGB24
    assert np.array_equal(np.asarray(stain.dataobj), np.asarray(expected.dataobj))
    image: Any = nibabel.load(scan)
    assert stain.shape == image.shape
    assert np.array_equal(stain.affine, image.affine)
    assert np.ptp(np.asarray(stain.dataobj)["R"]) > 50  # it is no blank


def voxels(path: Path) -> np.ndarray:
    image: Any = nibabel.load(path)
    return np.asarray(image.dataobj)


def require_threshold(server: Any) -> None:
    answer = server.infer("threshold", "scan")
    assert answer.status_code == 200, answer.text
    scan = voxels(server.studies / "scan.nii.gz")
    assert np.array_equal(np.asarray(opened(answer.content).dataobj), scan > 20000)
    assert 0.01 < (scan > 20000).mean() < 0.99


def test_what_is_served(server: Any) -> None:
    info = MONAILabelClient(server.address).info()
    assert set(info["models"]) == {server.name, "threshold"}
    ours = info["models"][server.name]
    assert ours["dimension"] == 3
    assert ours["type"] not in ("segmentation", "detection")
    assert ours["labels"] == []
    assert server.name in info["trainers"]


def test_for_this_machine_only(server: Any) -> None:
    """It listens to no address but 127.0.0.1, not even others of this machine, and answers no page from elsewhere."""
    import httpx

    with pytest.raises(httpx.ConnectError):
        httpx.get(server.address.replace("127.0.0.1", "127.0.0.2") + "/info/")
    answer = server.request("GET", "/info/", headers={"Origin": "http://page.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_pixels_of_the_command_line_beside_a_foreign_bundle(server: Any, expected: Any) -> None:
    """The foreign bundle, ours, the foreign one again; ours again is for other tests."""
    require_threshold(server)
    answer = server.infer(server.name, "scan")
    assert answer.status_code == 200, answer.text
    require_same(opened(answer.content), expected, server.studies / "scan.nii.gz")
    require_threshold(server)


def test_a_session_with_options(server: Any, tmp_path: Path) -> None:
    """A volume that the server does not know, sent by MONAI Label's own client as 3D Slicer's module does it."""
    volume = voxels(server.studies / "scan.nii.gz")
    scan = tmp_path / "other.nii.gz"
    nibabel.save(nibabel.Nifti1Image(volume[:96, :64], np.diag([0.01, 0.02, 0.03, 1])), scan)
    client = MONAILabelClient(server.address, tmpdir=str(tmp_path))
    session = client.create_session(str(scan))["session_id"]
    options = {"ct_window": [4000, 30000], "slice_average": [1]}
    result, told = client.infer(server.name, "", options, session_id=session)
    by_hand = ["--ct_window", "[4000, 30000]", "--slice_average", "[1]"]
    require_same(nibabel.load(result), run_inference(scan, tmp_path / "out", *by_hand), scan)
    assert [told["window"][name] for name in ("lo", "hi", "source")] == [4000, 30000, "given"]
    assert told["name"] == server.name
    client.remove_session(session)
    answer = server.request("POST", f"/infer/{server.name}", params={"session_id": session})
    assert answer.status_code == 400
    assert "no session" in answer.text


@pytest.mark.parametrize(
    ("image", "params", "status", "message"),
    [
        ("/etc/passwd", {}, 403, "does not lie in the studies folder"),
        ("../server.log", {}, 403, "does not lie in the studies folder"),
        ("scan", {"image": "/etc/passwd"}, 403, "does not lie in the studies folder"),
        ("server.log", {}, 404, "There is no image"),  # in the folder where the server was started
        ("unknown", {}, 404, "There is no image"),
        ("scan", {"ct_window": "$open('/etc/passwd').read()"}, 400, "would be evaluated"),
        ("scan", {"device": "$print(1)"}, 400, "would be evaluated"),
        ("scan", {"checkpoint": "/tmp/other.pt"}, 400, "There is no option 'checkpoint'"),
        ("scan", {"axis": "up"}, 400, "it must be z, y, x or all"),
    ],
)
def test_requests_that_are_refused(server: Any, image: str, params: dict, status: int, message: str) -> None:
    answer = server.infer(server.name, image, **params)
    assert (answer.status_code, message in answer.json()["detail"]) == (status, True), answer.text
    assert server.request("GET", "/info/").status_code == 200


def test_the_foreign_bundle_is_sent_no_expressions(server: Any) -> None:
    """MONAI Label writes a request's device into the config that it evaluates."""
    answer = server.infer("threshold", "scan", device="$__import__('os').getcwd()")
    assert answer.status_code == 400
    assert "would be evaluated" in answer.text
    require_threshold(server)


def test_files_that_are_no_volume(server: Any, phantom: Path, expected: Any, tmp_path: Path) -> None:
    """Each is refused with a sentence, its upload removed; then a good request is answered as ever."""
    whole = (server.studies / "scan.nii.gz").read_bytes()
    bad = {
        "cut.nii.gz": (whole[: len(whole) // 2], "truncated or damaged"),
        "flat.tif": ((phantom / "ct" / "S01_00.tif").read_bytes(), "is a 2D image"),
        "colour.png": ((phantom / "histology" / "S01_00.png").read_bytes(), "is an RGB image"),
    }
    for name, (content, message) in bad.items():
        answer = server.request("POST", f"/infer/{server.name}", files={"file": (name, content)})
        assert (answer.status_code, message in answer.json()["detail"]) == (400, True), answer.text
        assert str(server.studies.parent) not in answer.text
    assert not [path for path in server.temporary.glob("monailabel_*/*") if path.is_file()]
    answer = server.infer(server.name, "scan")
    require_same(opened(answer.content), expected, server.studies / "scan.nii.gz")


def test_nothing_is_written_outside(server: Any) -> None:
    def there() -> list[Path]:
        found = sorted(server.studies.parent.rglob("*"))
        return [path for path in found if not path.is_relative_to(server.temporary)]

    before = there()
    content = {"file": ("scan.nii.gz", b"x")}
    label = {"label": ("scan.nii.gz", b"x")}
    refused = [
        server.request("PUT", "/datastore/image", params={"image": "../evil"}, files=content),
        server.request("PUT", "/datastore/image", params={"image": "datastore_v2"}, files={"file": ("a.json", b"{}")}),
        server.request("PUT", "/datastore/label", params={"image": "scan", "tag": "../../evil"}, files=label),
        server.request("PUT", f"/model/{server.name}", files={"file": ("model.pt", b"x")}),
        server.request("PUT", "/session/", params={"uncompress": True}, files={"files": ("a.zip", b"x")}),
        server.request("DELETE", "/session/%2e%2e"),
        server.request("POST", f"/infer/{server.name}", params={"session_id": str(server.studies)}),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 400, 403, 400, 404, 400]
    assert server.request("PUT", "/datastore/label", params={"image": "none"}, files=label).status_code == 404
    assert there() == before


def test_all_images_at_once(server: Any) -> None:
    """MONAI Label's default, all GPUs, on a machine that may have none."""
    answer = server.request("POST", "/batch/infer/threshold", params={"run_sync": True})
    assert answer.status_code == 200
    assert set(answer.json()) == {"scan"}
    assert (server.studies / "labels" / "original" / "scan.nii.gz").is_file()
