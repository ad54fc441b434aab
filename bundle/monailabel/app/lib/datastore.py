"""The studies folder, guarded: names that lead out of it are refused, unknown ones answered with 404."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import HTTPException
from monailabel.datastore.local import LocalDatastore
from monailabel.utils.others.generic import remove_file

PLAIN = re.compile(r"[^\W_][\w .()+-]*")  # letters, digits, space and a few signs; no separators, nothing hidden


class GuardedDatastore(LocalDatastore):
    """A `LocalDatastore` that writes nowhere else."""

    def add_image(self, image_id: str, image_filename: str, image_info: dict[str, Any]) -> str:
        """Add an image.

        Raises:
            HTTPException: 400, a name that is no plain one, or a format that the server does not list.
        """
        name, extension = self._to_id(Path(image_filename).name)
        known = [pattern.replace("*", "") for pattern in self._extensions]
        with _discarded_if_refused(image_filename):
            _require_plain(image_id or name, "image")
            if extension not in known:
                raise HTTPException(400, f"Images end in {', '.join(known)}, not in {extension!r}.")
        return str(super().add_image(image_id, image_filename, image_info))

    def remove_image(self, image_id: str) -> None:
        """Remove an image and its labels."""
        self._require(image_id)
        super().remove_image(image_id)

    def save_label(self, image_id: str, label_filename: str, label_tag: str, label_info: dict[str, Any]) -> str:
        """Save a label.

        Raises:
            HTTPException: 404, no such image; 400, a tag that is no plain name.
        """
        with _discarded_if_refused(label_filename):
            self._require(image_id)
            _require_plain(str(getattr(label_tag, "value", label_tag)), "label's tag")
        return str(super().save_label(image_id, label_filename, label_tag, label_info))

    def update_image_info(self, image_id: str, info: dict[str, Any]) -> None:
        """Note something of an image."""
        self._require(image_id)
        super().update_image_info(image_id, info)

    def update_label_info(self, label_id: str, label_tag: str, info: dict[str, Any]) -> None:
        """Note something of a label."""
        if not self.get_label_uri(label_id, label_tag):
            raise HTTPException(404, f"There is no label {label_tag!r} of an image {label_id!r}.")
        super().update_label_info(label_id, label_tag, info)

    def _require(self, image_id: str) -> None:
        if image_id not in self.list_images():
            raise HTTPException(404, f"There is no image {image_id!r}.")


@contextmanager
def _discarded_if_refused(upload: str) -> Iterator[None]:
    """MONAI Label removes what was uploaded after a success only."""
    try:
        yield
    except HTTPException:
        remove_file(upload)
        raise


def _require_plain(name: str, what: str) -> None:
    if not PLAIN.fullmatch(name):
        raise HTTPException(400, f"{name!r} is no plain name for the {what}: letters, digits and . ( ) + - _ only.")
