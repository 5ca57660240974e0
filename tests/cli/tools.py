"""Stand-ins for tools that fail."""

from pathlib import Path


def failing(folder: Path, name: str = "nextpnr", message: str = "no room for the core") -> str:
    """A program that states a version, and fails at whatever else it is asked for; returns its path."""
    path = folder / name
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "{name} -- (Version nextpnr-0.0)"; exit 0; }}\n'
        f'echo "ERROR: {message}"\nexit 1\n'
    )
    path.chmod(0o755)
    return str(path)
