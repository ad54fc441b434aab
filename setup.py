"""Building the wheel: the bundle goes into the package ``xray_stain``, so that its folders lie beside nobody's."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
FOLDERS = {  # with the endings of what is carried
    "configs": (".yaml", ".json", ".conf"),
    "scripts": (".py", ".html", ".css", ".js"),
    "bundle": (".py", ".yaml", ".html", ".css", ".js", ".txt"),
    "docs": (".md", ".json", ".svg"),  # and one picture: all of them would be a third of the wheel
}
FILES = ("LICENSE", "models/model.pt", "docs/images/sections.png")


class BuildWithBundle(build_py):
    """Copies the bundle beside the package's modules; an editable install finds it where it is."""

    def run(self) -> None:
        """Build."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "xray_stain" / "bundle_root"
        shutil.rmtree(target, ignore_errors=True)  # of an earlier build, whose files may be gone since
        found = [ROOT / name for name in FILES]
        for folder, endings in FOLDERS.items():
            found += [path for path in (ROOT / folder).rglob("*") if path.suffix in endings and not _is_hidden(path)]
        for path in found:
            place = target / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def _is_hidden(path: Path) -> bool:
    return path.is_symlink() or any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)


setup(cmdclass={"build_py": BuildWithBundle})
