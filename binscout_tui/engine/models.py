"""The few models in memory: loaded beside each other, swapped only when the new one has proved that it works."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from binscout_tui.engine.isolation import is_out_of_memory
from binscout_tui.engine.model_files import changed, model_folder, stamp, task_of, weights_sha256
from binscout_tui.engine.predictor import LoadedModel, find_predictor
from binscout_tui.errors import BinScoutError

log = logging.getLogger(__name__)


class ModelCache:
    """Loaded models of the folder `models`: the default of each task, and up to `beside` others.

    Of the others the least recently used goes first.

    Models are loaded on a thread of their own, one at a time, so that the others keep answering meanwhile. One whose
    files were touched since is loaded, and so verified, again before it is used.
    All methods belong to the event loop.
    """

    def __init__(self, models: Path, predictor: str, device: str, beside: int = 2) -> None:
        self.defaults: dict[str, LoadedModel] = {}
        self.loading: str | None = None
        self.preparing = False
        self._models = models
        self._predictor = predictor
        self._device = device
        self._beside = beside
        self._loaded: dict[str, LoadedModel] = {}
        self._one_at_a_time = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader")

    def close(self) -> None:
        """Forget all models; a load that runs is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._loaded.clear()

    async def prepare(self) -> None:
        """Import what the models need, so that the first one loads quickly. Raises UsageError (`bad_predictor`)."""
        self.preparing = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, find_predictor, self._predictor)
        finally:
            self.preparing = False

    async def get(self, model_id: str | None, sha256: str | None = None, task: str | None = None) -> LoadedModel:
        """The model with that id, loaded when it is not, or the default one of `task`.

        Raises BinScoutError; `model_changed` when the SHA-256 of its weights is not `sha256`, where that is given;
        `wrong_task` when it is for another task than `task`.
        """
        model = await self._get(model_id, sha256, task or "classify")
        if task is not None and model.task != task:
            raise BinScoutError(
                f"Model {model.id} is for {model.task}, not for {task}.", hint="Name another model.", code="wrong_task"
            )
        return model

    async def _get(self, model_id: str | None, sha256: str | None, task: str) -> LoadedModel:
        if model_id is None:
            default = self.defaults.get(task)
            if default is None:
                raise BinScoutError(
                    f"The engine has no model for {task} loaded.",
                    hint="Name a model, or activate one.",
                    code="no_model",
                )
            model_id, sha256 = default.id, sha256 or default.sha256 or None
        folder = model_folder(self._models, model_id)
        model = self._touch(model_id, folder) or await self._load(model_id, folder)
        if sha256 is not None and model.sha256 != sha256:
            found = f"is {model.sha256[:12]}…" if model.sha256 else "is unknown"
            raise changed(model_id, f"the SHA-256 of its weights {found}, not {sha256[:12]}…")
        return model

    async def make_default(self, model_id: str, sha256: str | None = None) -> LoadedModel:
        """Load the model beside the default of its task and put it in its place; a failure leaves all as it was."""
        model = await self.get(model_id, sha256)
        self.defaults[model.task] = model
        self._evict()
        return model

    def report(self) -> list[dict[str, Any]]:
        """What the health report says of the models, in the order of their last use."""
        reports = [model.report() for model in self._loaded.values()]
        if self.loading is not None:
            reports.append({"id": self.loading, "sha256": "", "state": "loading", "classes": 0, "memory_bytes": 0})
        return reports

    async def _load(self, model_id: str, folder: Path) -> LoadedModel:
        async with self._one_at_a_time:
            if model := self._touch(model_id, folder):
                return model
            self.loading = model_id
            try:
                loop = asyncio.get_running_loop()
                model = await loop.run_in_executor(self._thread, self._load_now, model_id, folder)
            finally:
                self.loading = None
            self._loaded[model_id] = model
            default = self.defaults.get(model.task)
            if default is not None and (default.id, default.sha256) == (model_id, model.sha256):
                self.defaults[model.task] = model
            self._evict()
        log.info("loaded model %s on %s", model_id, model.predictor.device)
        return model

    def _load_now(self, model_id: str, folder: Path) -> LoadedModel:
        try:
            before = stamp(folder)
            predictor = find_predictor(self._predictor)(folder, self._device)
            predictor.warm_up()
            model = LoadedModel(model_id, weights_sha256(folder), before, predictor, task_of(folder))
            if stamp(folder) != before:
                raise changed(model_id, "something wrote to them while they were loaded")
            return model
        except BinScoutError:
            raise
        except Exception as error:
            log.exception("model %s cannot be loaded", model_id)
            if is_out_of_memory(error):
                raise _no_memory(model_id) from error
            raise BinScoutError(
                f"Model {model_id} cannot be loaded ({type(error).__name__}: {error}).",
                hint="Its folder may be damaged; restore it or train again.",
                code="model_corrupt",
            ) from error

    def _touch(self, model_id: str, folder: Path) -> LoadedModel | None:
        """The model as the last used one when it is loaded and its files are as they were then."""
        model = self._loaded.pop(model_id, None)
        if model is None:
            return None
        if model.stamp != stamp(folder):
            log.warning("the files of model %s changed", model_id)
            return None
        self._loaded[model_id] = model
        return model

    def _evict(self) -> None:
        """Work that is queued holds its own reference: a model in use leaves memory after its last batch."""
        defaults = list(self.defaults.values())
        others = [model for model in self._loaded.values() if not any(model is default for default in defaults)]
        for model in others[: max(0, len(others) - self._beside)]:
            log.info("model %s leaves memory", model.id)
            del self._loaded[model.id]


def _no_memory(model_id: str) -> BinScoutError:
    return BinScoutError(
        f"There is not enough memory to load model {model_id} beside the others.",
        hint="Stop the engine, then load this model first.",
        code="engine_memory",
    )
