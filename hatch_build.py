"""Puts what is not Python into the wheel: templates, the built front end, catalogues, the demo's panoramas."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = ("templates", "static/dist", "translations", "panoramas")


class BuildHook(BuildHookInterface):
    """Builds the front end and compiles the catalogues before the wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling for each target."""
        root = Path(self.root)
        if version == "editable" or os.environ.get("TOURSERVER_SKIP_FRONT_END"):
            return
        if (root / "package.json").exists():
            self._build_front_end(root)
        self._compile_catalogues(root)
        for name in BUNDLED:
            source = root / name
            if not source.exists():
                raise RuntimeError(f"{name} is missing; it belongs into the wheel")
            if name == "panoramas":
                for file in sorted(source.rglob("*")):
                    if file.is_file() and "render" not in file.relative_to(source).parts:
                        target = f"tourserver/_bundled/{file.relative_to(root)}"
                        build_data["force_include"][str(file)] = target
            else:
                build_data["force_include"][str(source)] = f"tourserver/_bundled/{name}"

    @staticmethod
    def _build_front_end(root: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("npm is missing: the front end is built with node 20. Install it, or use a built wheel.")
        if not (root / "node_modules").exists():
            subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=root, check=True)  # noqa: S603
        subprocess.run([npm, "run", "--silent", "build"], cwd=root, check=True)  # noqa: S603

    @staticmethod
    def _compile_catalogues(root: Path) -> None:
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        for po in sorted((root / "translations").rglob("*.po")):
            with po.open("rb") as source:
                catalogue = read_po(source)
            with po.with_suffix(".mo").open("wb") as target:
                write_mo(target, catalogue)
