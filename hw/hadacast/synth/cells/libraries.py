"""Liberty files by name: those that Debian packages, and any of the user's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hadacast.errors import HadacastError


@dataclass(frozen=True, kw_only=True)
class Known:
    """A free library: its file, the Debian package that holds it, and its process in words."""

    path: Path
    package: str
    title: str


def _osu(name: str, title: str) -> Known:
    path = Path("/usr/share/qflow/tech", name, f"{name}_stdcells.lib")
    return Known(path=path, package=f"qflow-tech-{name}", title=title)


LIBRARIES: Mapping[str, Known] = {
    "osu018": _osu("osu018", "Oklahoma State University, 0.18 µm, typical"),
    "osu035": _osu("osu035", "Oklahoma State University, 0.35 µm, typical"),
}


def find(name: str) -> Path:
    """The Liberty file that a name or a path means.

    Raises HadacastError where it isn't there, with the package to install for a known name.
    """
    if name in LIBRARIES:
        known = LIBRARIES[name]
        if not known.path.is_file():
            raise HadacastError(
                f"library {name} is missing: on Debian, apt install {known.package}, or give any Liberty file"
            )
        return known.path
    path = Path(name)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # a NUL in the path, a loop of links
        pass
    raise HadacastError(
        f"no library {name!r}: it must be one of {', '.join(LIBRARIES)}, or the path of a Liberty file"
    )
