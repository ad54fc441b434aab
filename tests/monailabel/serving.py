"""Starting the app, asking it for stains, and what the command line makes of the same image."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Server:
    """A running server; `temporary` is where it may put temporary files."""

    address: str
    app: Path
    studies: Path
    temporary: Path
    process: subprocess.Popen
    name: str = "xray_histology_virtual_staining"

    @property
    def weights(self) -> Path:
        """Those that our bundle is served with."""
        return self.app / "model" / self.name / "models" / "model.pt"

    def request(self, method: str, path: str, **options: Any) -> Any:
        import httpx  # which comes with MONAI Label

        return httpx.request(method, f"{self.address}{path}", timeout=200, **options)

    def infer(self, model: str, image: str, /, **params: Any) -> Any:
        form = {"params": json.dumps(params)}
        return self.request("POST", f"/infer/{model}", params={"image": image, "output": "image"}, data=form)


@contextmanager
def started(folder: Path, temporary: Path) -> Iterator[Server]:
    """A server of the app and the studies in a folder, which is there no more at the end."""
    app, studies = folder / "app", folder / "studies"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(app / "serve.py"), "--studies", str(studies), "--port", str(port)]
    with (folder / "server.log").open("a") as log:
        environment = {**os.environ, "TMPDIR": str(temporary)}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    server = Server(f"http://127.0.0.1:{port}", app, studies, temporary, process)
    try:
        _wait(server, folder / "server.log")
        yield server
    finally:
        process.kill()
        process.wait(30)


def _wait(server: Server, log: Path) -> None:
    import httpx

    for _ in range(600):  # it imports much, and the machine may be busy
        try:
            server.request("GET", "/info/")
            return
        except httpx.TransportError:
            assert server.process.poll() is None, log.read_text()
            time.sleep(1)
    raise AssertionError(log.read_text())


def run_inference(image: Path, out: Path, *options: str) -> Any:
    """What the command line makes of an image, on its own voxels."""
    words = ["--input", str(image), "--output_format", "nii.gz", "--output_dir", str(out), *options]
    words += ["--output_grid", "input"]
    config = ["--config_file", "configs/inference.yaml"]
    subprocess.run([sys.executable, "-m", "monai.bundle", "run", "inference", *config, *words], cwd=ROOT, check=True)
    (path,) = out.glob("*_stain.nii.gz")
    return nibabel.load(path)


def opened(content: bytes) -> Any:
    return nibabel.Nifti1Image.from_stream(io.BytesIO(gzip.decompress(content)))
