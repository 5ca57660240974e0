"""A C++ compiler: the machine's own, or the one that pip brings."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hadacast.errors import HadacastError


def compiler() -> tuple[list[str], str]:
    """The command of a C++ compiler, and a text that changes when the compiler does.

    $CXX if set, else g++, else clang++, else zig from PyPI. Raises HadacastError when there is none.
    """
    named = os.environ.get("CXX")
    for command in [shlex.split(named)] if named else [["g++"], ["clang++"]]:
        path = shutil.which(command[0]) if command else None
        if path:
            file = os.stat(path)
            return [path, *command[1:]], f"{shlex.join(command)} {file.st_size} {file.st_mtime_ns}"
    if named:
        raise HadacastError(f"CXX is {named!r}, which is not on PATH; unset it or name a C++ compiler")
    try:
        version = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        raise HadacastError("no C++ compiler: pip install ziglang (or install g++ or clang++)") from None
    # Zig builds for this very processor unless told not to; the cache may be on several machines.
    return [sys.executable, "-m", "ziglang", "c++", "-mcpu=baseline"], f"zig {version} {platform.machine()}"


def shared_library(
    sources: Sequence[Path], output: Path, include: Sequence[Path], options: Sequence[str]
) -> None:
    """Compiles C++17 files, and links objects, to a shared library; `options` are such as "-O2".

    Raises HadacastError with the compiler's first error.
    """
    _compile(sources, output, include, ["-shared", *options])


def object_file(source: Path, output: Path, include: Sequence[Path], options: Sequence[str]) -> None:
    """Compiles a C++17 file to an object that `shared_library` takes. Raises HadacastError as that does."""
    _compile([source], output, include, ["-c", *options])


def _compile(sources: Sequence[Path], output: Path, include: Sequence[Path], options: Sequence[str]) -> None:
    command, _ = compiler()
    command += ["-std=c++17", "-DNDEBUG", "-w", "-fPIC", *options, *(f"-I{path}" for path in include)]
    result = subprocess.run(
        [*command, *map(str, sources), "-o", str(output)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or [f"exit status {result.returncode}"]
        first = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise HadacastError(f"{Path(command[0]).name} failed on the simulator: {first.strip()}")
