"""The MONAI Label app: stains volumes with the streaming workflow, and serves other bundles as MONAI Label does.

MONAI Label imports this file, and then ``lib`` from the folder beside it.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from fastapi import HTTPException
from lib.background import end_with_parent
from lib.bundles import find_bundles, stains_volumes
from lib.datastore import GuardedDatastore
from lib.foreign import BundleInferTask, BundleTrainTask
from lib.options import refuse_expressions
from lib.refusal import Refusal
from lib.sessions import GuardedSessions
from lib.staining import StainInferTask
from lib.training import StainTrainTask
from lib.workflow import seconds_of
from monailabel.config import settings
from monailabel.interfaces.app import MONAILabelApp
from monailabel.tasks.activelearning.first import First
from monailabel.tasks.activelearning.random import Random
from monailabel.utils.others.generic import remove_file, strtobool

logger = logging.getLogger(__name__)

STAINING_MINUTES = "30"  # unless --conf staining_minutes says otherwise
MORE_FORMATS = ["*.mha", "*.tiff"]  # besides those that MONAI Label lists


class StainingApp(MONAILabelApp):
    """Serves the bundles in ``model/``, or those that ``--conf models a,b`` names.

    Args:
        app_dir: the folder of this file.
        studies: folder of images and labels, or the address of a DICOMweb server.
        conf: as given with ``--conf``: ``models``, ``skip_trainers``, ``staining_minutes``.
    """

    def __init__(self, app_dir: str, studies: str, conf: dict[str, str]) -> None:
        self.limit = seconds_of(conf.get("staining_minutes", STAINING_MINUTES))
        self.bundles = find_bundles(Path(app_dir) / "model", conf.get("models"))
        # Uploads lie in a folder of this process: a request may name paths there, but no others of the machine.
        self.uploads = Path(tempfile.mkdtemp(prefix="monailabel_")).resolve()
        tempfile.tempdir = os.environ["TMPDIR"] = str(self.uploads)  # also for what killed processes leave behind
        atexit.register(shutil.rmtree, self.uploads, ignore_errors=True)
        super().__init__(
            app_dir=app_dir,
            studies=studies,
            conf=conf,
            name="Virtual staining",
            description="Stains micro-CT of bone implants: RGB volumes, for research only",
        )

    def init_datastore(self) -> Any:
        """The studies folder, or what MONAI Label makes of an address."""
        if self.studies.startswith(("http://", "https://")):
            return super().init_datastore()
        return GuardedDatastore(
            self.studies,
            extensions=[*settings.MONAI_LABEL_DATASTORE_FILE_EXT, *MORE_FORMATS],
            auto_reload=settings.MONAI_LABEL_DATASTORE_AUTO_RELOAD,
            read_only=settings.MONAI_LABEL_DATASTORE_READ_ONLY,
        )

    def init_infers(self) -> dict[str, Any]:
        """One model for each bundle, under the name of its folder."""
        tasks = {
            name: StainInferTask(path, self.limit) if stains_volumes(path) else BundleInferTask(str(path), self.conf)
            for name, path in self.bundles.items()
        }
        for name in [name for name, task in tasks.items() if not task.is_valid()]:
            logger.warning("%s is left out: it has no weights, or no config that MONAI Label reads.", name)
            del tasks[name]
        return tasks

    def init_trainers(self) -> dict[str, Any]:
        """One trainer for each bundle that can be trained."""
        if strtobool(self.conf.get("skip_trainers", "false")):
            return {}
        runs = Path(self.app_dir) / "training"
        tasks = {
            name: StainTrainTask(path, runs / name) if stains_volumes(path) else BundleTrainTask(str(path), self.conf)
            for name, path in self.bundles.items()
        }
        return {name: task for name, task in tasks.items() if isinstance(task, StainTrainTask) or task.is_valid()}

    def init_strategies(self) -> dict[str, Any]:
        """Which image comes next."""
        return {"random": Random(), "first": First()}

    def infer(self, request: dict[str, Any], datastore: Any = None) -> dict[str, Any]:
        """Run a model on an image of the studies folder, an uploaded one or one of a session.

        Raises:
            HTTPException: what is wrong with the request; in a background process a `Refusal`.
        """
        try:
            if request.get("model") not in self._infers:
                raise Refusal(f"There is no model {request.get('model')!r}, but {', '.join(self._infers)}.", 404)
            refuse_expressions({name: value for name, value in request.items() if name != "image"})
            answer: dict[str, Any] = super().infer({**request, "image": self._image(request.get("image"))}, datastore)
            return answer
        except Exception as error:
            for name in ("image", "label"):  # MONAI Label removes uploads after a success only
                path = request.get(name)
                if isinstance(path, str) and Path(path).resolve().parent == self.uploads:
                    remove_file(path)
            if isinstance(error, Refusal) and self._server_mode:
                raise HTTPException(error.status, str(error)) from None
            raise

    def infer_wsi(self, request: dict[str, Any], datastore: Any = None) -> Any:
        """Run a model on a whole-slide image, which only other bundles know."""
        try:
            refuse_expressions({name: value for name, value in request.items() if name != "image"})
            request = {**_without_missing_gpus(request), "image": self._image(request.get("image"))}
        except Refusal as refusal:
            raise HTTPException(refusal.status, str(refusal)) from None
        return super().infer_wsi(request, datastore)

    def batch_infer(self, request: dict[str, Any], datastore: Any = None) -> Any:
        """Run a model on all images, in a process of its own."""
        return self._in_background(super().batch_infer, _without_missing_gpus(request), datastore)

    def train(self, request: dict[str, Any]) -> Any:
        """Train a model, in a process of its own."""
        return self._in_background(super().train, request)

    def model_file(self, model: str, validate: bool = True) -> Any:
        """The weights, for download.

        Raises:
            HTTPException: 403 to those who want to replace them.
        """
        if not validate:
            raise HTTPException(403, "This server takes no weights: copy them to its app's model folder.")
        return super().model_file(model, validate)

    def _load_sessions(self, load: bool = False) -> Any:
        return GuardedSessions(str(self._sessions_folder), settings.MONAI_LABEL_SESSION_EXPIRY) if load else None

    @property
    def _sessions_folder(self) -> Path:
        return Path(settings.MONAI_LABEL_SESSION_PATH.strip() or self.uploads / "sessions").resolve()

    def _image(self, image: Any) -> Any:
        """The image of a request: an id of the datastore, or a path that leads nowhere else.

        Raises:
            Refusal: it is neither.
        """
        if not isinstance(image, str) or not image:
            raise Refusal("The request names no image, and no session that there is.")
        path = self.datastore().get_image_uri(image)
        if path:
            # MONAI Label would take a file of the id's name in the server's current folder
            return path if os.path.exists(image) else image
        inside = [self.uploads, self._sessions_folder]
        if isinstance(self.datastore(), GuardedDatastore):
            inside.append(Path(self.studies).resolve())
        if "\0" not in image and any(Path(image).resolve().is_relative_to(folder) for folder in inside):
            if os.path.exists(image):
                return image
        elif any(sign in image for sign in ("/", "\\", "..", "\0")):
            raise Refusal(f"{image!r} does not lie in the studies folder: give the id of an image.", 403)
        raise Refusal(f"There is no image {image!r} in the studies folder.", 404)

    def _in_background(self, task: Any, request: dict[str, Any], *others: Any) -> Any:
        """Run a task; what it refuses ends a background process with one sentence, which its status then shows."""
        try:
            refuse_expressions(request)
            if not self._server_mode:
                end_with_parent(self.uploads)
            return task(request, *others)
        except Refusal as refusal:
            if self._server_mode:  # the client asked to wait (`run_sync`)
                raise HTTPException(refusal.status, str(refusal)) from None
            print(f"error: {refusal}", flush=True)
            raise SystemExit(1) from None


def _without_missing_gpus(request: dict[str, Any]) -> dict[str, Any]:
    """MONAI Label shares work out over all GPUs, and divides by their number."""
    return request if torch.cuda.is_available() else {**request, "multi_gpu": False}
