"""nextpnr-gowin's command line over nextpnr-himbaechel-gowin, and LUTs that it can time.

Amaranth calls the retired `nextpnr-gowin`, which took the chip family and the pin file as `--family`
and `--cst`; its successor takes them as `--vopt family=` and `--vopt cst=`. Everything else is equal.

Its netlist is mended first, see `hadacast.tools.mend`.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from hadacast.errors import HadacastError
from hadacast.tools.mend import mend_file
from hadacast.tools.process import find


def translate(argv: Sequence[str]) -> list[str]:
    """Return the successor's arguments for nextpnr-gowin's arguments.

    Raises:
        HadacastError: `--family` or `--cst` without a value.
    """
    result: list[str] = []
    rest = iter(argv)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in ("--family", "--cst"):
            if not equals:
                value = next(rest, "")
            if not value:
                raise HadacastError(f"{name} needs a value")
            result += ["--vopt", f"{name[2:]}={value}"]
        else:
            result.append(argument)
    return result


def _with_wide_luts(arguments: list[str]) -> list[str]:
    """Write each `--json` netlist with LUT4s beside the given one, and return arguments naming those."""
    result = list(arguments)
    for index, argument in enumerate(arguments[:-1]):
        if argument == "--json":
            path = Path(arguments[index + 1])
            wide = path.with_suffix(".lut4.json")
            shutil.copyfile(path, wide)
            mend_file(wide, "gowin")
            result[index + 1] = str(wide)
    return result


def shim() -> str:
    """Write a program that is `main` below, in the user's cache folder, and return its path.

    Amaranth takes the path of one program, without arguments, hence a file.

    Raises:
        HadacastError: the cache folder can't be written.
    """
    cache = Path(platformdirs.user_cache_dir("hadacast", appauthor=False))
    path = cache / "nextpnr-gowin"
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {__name__} "$@"\n'
    try:
        if not (path.exists() and path.read_text() == text and os.access(path, os.X_OK)):
            cache.mkdir(parents=True, exist_ok=True)
            fresh = cache / f"nextpnr-gowin.{os.getpid()}"
            fresh.write_text(text)
            fresh.chmod(0o755)
            fresh.replace(path)  # at once: another process may be running the old one
    except OSError as error:
        raise HadacastError(f"can't write {str(path)!r}: {error.strerror}; set XDG_CACHE_HOME") from None
    return str(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Become nextpnr-himbaechel-gowin; returns only after an error."""
    try:
        program = find("nextpnr-himbaechel-gowin")
        arguments = translate(sys.argv[1:] if argv is None else argv)
        os.execv(program, [program, *_with_wide_luts(arguments)])
    except (HadacastError, OSError, ValueError) as error:
        print(f"ERROR: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
