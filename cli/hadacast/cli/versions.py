"""Versions of what takes part, for reports."""

import importlib.metadata
import platform

PACKAGES = ("hadacast", "amaranth", "numpy", "pyosys")


def versions() -> dict[str, str]:
    """Python's version and those of the packages that made the figures."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
