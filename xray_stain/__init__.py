"""Virtual staining of X-ray histology: the installed bundle's face.

Example::

    import xray_stain

    rgb = xray_stain.VirtualStainer()("scan.nii.gz")

The bundle's own packages, ``scripts`` and ``bundle``, lie in `BUNDLE_ROOT`, which comes to the front of the search path
when one of them is first needed. Packages of these names elsewhere cannot be imported in the same process. To import
this package takes no time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.virtual_stainer import VirtualStainer

__all__ = ["BUNDLE_ROOT", "VirtualStainer", "__version__", "main"]

_HERE = Path(__file__).resolve().parent

#: Folder of configs, scripts, bundle and models: inside an installed package, around it in the repository.
BUNDLE_ROOT = _HERE / "bundle_root" if (_HERE / "bundle_root").is_dir() else _HERE.parent


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return json.loads((BUNDLE_ROOT / "configs" / "metadata.json").read_text(encoding="utf-8"))["version"]
    if name == "VirtualStainer":
        _find_bundle()
        from scripts.virtual_stainer import VirtualStainer

        return VirtualStainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> int:
    """The command ``xray-stain``, which is ``python -m bundle`` from any folder."""
    _find_bundle()
    from bundle.cli import main as run

    return run()


def _find_bundle() -> None:
    """Put the bundle first on the search path.

    Raises:
        ImportError: another bundle's packages were imported already: their code would run in place of ours.
    """
    for name in ("scripts", "bundle"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if name in sys.modules and (file is None or not Path(file).resolve().is_relative_to(BUNDLE_ROOT)):
            raise ImportError(
                f"Another package named {name} was imported before, {file or 'without a file'}: xray_stain would run "
                "its code. Import xray_stain.VirtualStainer first, or in a process of its own."
            )
    sys.path[:] = [str(BUNDLE_ROOT), *(entry for entry in sys.path if entry != str(BUNDLE_ROOT))]
