"""Yosys from the `pyosys` wheel: its command line, and one way to run a script.

The wheel holds all of Yosys except the `yosys` program. `main` is that program, installed as
`hadacast-yosys`, with the options that Amaranth, sby and people use. `run` runs a script in a
process of its own.
"""

import contextlib
import getopt
import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from hadacast.errors import HadacastError
from hadacast.tools import running

_USAGE = """\
Usage: hadacast-yosys [options] [<infile> [..]]     ('-' reads a Yosys script from standard input)

  -q            quiet: only warnings and errors, on standard error (twice: only errors)
  -Q, -T        no banner; no footer
  -l <file>     write the log to this file (-L: the same)
  -f <frontend> read the input files with this frontend (default: by their suffix)
  -b <backend>  write the output file with this backend (default: by its suffix)
  -o <file>     write the design to this file at the end
  -s <file>     run this script after reading the input files
  -p <command>  run this command after reading the input files
  -D <m>[=<v>]  define this Verilog macro
  -m <plugin>   load this plugin
  -S            shorthand for `-p synth`
  -V            print the version and exit (--version: the same)
  -h            print this text and exit, -h <command>: the help of that command (--help, -H)
"""

# Messages about a source file open with its name and line: `top.v:3: ERROR: syntax error`.
_ERROR = re.compile(r"(?:\S.*?:\d+: )?ERROR:")
_WARNING = re.compile(r"(?:\S.*?:\d+: )?Warning:", re.IGNORECASE)

_READERS = {
    ".v": "read_verilog",
    ".sv": "read_verilog -sv",
    ".vh": "read_verilog",
    ".il": "read_rtlil",
    ".rtlil": "read_rtlil",
    ".blif": "read_blif",
    ".eblif": "read_blif",
    ".json": "read_json",
    ".lib": "read_liberty",
}
_WRITERS = {
    ".v": "write_verilog",
    ".sv": "write_verilog -sv",
    ".il": "write_rtlil",
    ".rtlil": "write_rtlil",
    ".blif": "write_blif",
    ".json": "write_json",
    ".edif": "write_edif",
    ".aig": "write_aiger",
    ".smt2": "write_smt2",
    ".btor": "write_btor",
    ".cc": "write_cxxrtl",
}

_LONG = ["help", "version", "quiet", "logfile=", "outfile=", "frontend=", "backend=", "scriptfile=",
         "commands=", "define=", "plugin=", "top="]  # fmt: skip
_SHORT_OF = {
    "--help": "-h",
    "--version": "-V",
    "--quiet": "-q",
    "--logfile": "-l",
    "-L": "-l",
    "--outfile": "-o",
    "--frontend": "-f",
    "--backend": "-b",
    "--scriptfile": "-s",
    "--commands": "-p",
    "--define": "-D",
    "--plugin": "-m",
    "--top": "-r",
}


def version() -> str:
    """Return the version of the Yosys that `run` uses, such as `0.70`.

    Raises:
        HadacastError: pyosys is not installed.
    """
    try:
        return importlib.metadata.version("pyosys")
    except importlib.metadata.PackageNotFoundError:
        raise HadacastError("Yosys is missing: pip install pyosys") from None


def run(
    script: str, *, cwd: Path | None = None, log: Path | None = None, timeout: float | None = None
) -> str:
    """Run a Yosys script in a process of its own and return its log.

    Args:
        script: Yosys commands, one per line; `<<EOT` texts are allowed.
        cwd: the folder that file names in the script start from (default: the current folder).
        log: where to keep the log (default: nowhere).
        timeout: seconds after which Yosys and what it started are ended.

    Raises:
        HadacastError: with Yosys's `ERROR:` line, or if the time is up, or if pyosys is missing.
    """
    version()
    with tempfile.TemporaryDirectory(prefix="hadacast-yosys-") as folder:
        script_path = Path(folder, "script.ys")
        script_path.write_text(script if script.endswith("\n") else script + "\n", encoding="utf-8")
        log_path = Path(folder, "yosys.log") if log is None else Path(log).absolute()
        command = [sys.executable, "-m", __name__, "-qq", "-l", str(log_path), "-s", str(script_path)]
        # A file: the end of a pipe doesn't come where a child of a killed process goes on.
        error_path = Path(folder, "stderr")
        with error_path.open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # one group, so that a timeout also ends abc
            )
        try:
            with running.noted(process):
                process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise HadacastError(f"Yosys did not finish in {timeout} s{_see(log)}") from None
        if process.returncode:
            running.kill_group(process.pid)
        stderr = error_path.read_text(encoding="utf-8", errors="replace")
        text = log_path.read_text(encoding="utf-8", errors="replace") if log_path.exists() else ""
    if process.returncode:
        raise HadacastError(f"Yosys: {_error_line(stderr, text)}{_see(log)}")
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Yosys's command line. Returns the exit status; `argv` is without the program's name."""
    try:
        return _main(sys.argv[1:] if argv is None else list(argv))
    except (getopt.GetoptError, HadacastError, OSError) as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1


def _main(argv: list[str]) -> int:
    # `-h <command>` and `-h` alone: the optional argument is taken from the positional ones.
    options, files = getopt.gnu_getopt(argv, "qQTAtVhHl:L:f:b:o:s:p:D:m:r:Sd", _LONG)
    quiet, banner = 0, True
    frontend = backend = outfile = logfile = ""
    before: list[str] = []
    after: list[str] = []
    for name, value in options:
        match _SHORT_OF.get(name, name):
            case "-V":
                version()
                from pyosys import libyosys

                print(libyosys.yosys_maybe_version())
                return 0
            case "-h" | "-H":
                if not files and name in ("-h", "--help"):
                    print(_USAGE, end="")
                    return 0
                after.append(" ".join(["help", *files]))
                files, banner = [], False
            case "-q":
                quiet += 1
            case "-Q":
                banner = False
            case "-l":
                logfile = value
            case "-f":
                frontend = value
            case "-b":
                backend = value
            case "-o":
                outfile = value
            case "-s":
                after.append(_script(value))
            case "-p":
                after.append(value)
            case "-D":
                before.append(f"verilog_defines -D{value}")
            case "-m":
                before.append(f"plugin -i {_quote(value)}")
            case "-r":
                after.append(f"hierarchy -top {value}")
            case "-S":
                after.append("synth")
            case "-d":
                raise HadacastError("option -d (detailed timing) needs a native yosys")
    if not (files or before or after or outfile):
        raise HadacastError("no input file and no command, and there is no interactive shell: see -h")
    script = before + [_read(name, frontend) for name in files] + after
    if outfile:
        script.append(_write(outfile, backend))
    version()
    return _supervise(script, quiet=quiet, banner=banner, logfile=logfile)


def _supervise(script: list[str], *, quiet: int, banner: bool, logfile: str) -> int:
    """Run the script in a child, pass its log on, and return the exit status."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hadacast-yosys-"))
        path = Path(folder, "main.ys")
        path.write_text("\n".join(script) + "\n", encoding="utf-8")
        sinks: list[IO[str]] = [] if quiet else [sys.stdout]
        if logfile:
            sinks.append(stack.enter_context(open(logfile, "w", encoding="utf-8")))
        if banner:
            for sink in sinks:
                sink.write(f"\nYosys {version()} (pyosys)\n")
                sink.flush()
        read_fd, write_fd = os.pipe()
        pipe = stack.enter_context(open(read_fd, encoding="utf-8", errors="replace"))
        child = subprocess.Popen(
            [sys.executable, "-m", "hadacast.tools._yosys_child", str(path), str(write_fd)],
            pass_fds=(write_fd,),
        )
        os.close(write_fd)
        _forward_termination(child)
        failed = False
        for line in pipe:
            for sink in sinks:
                sink.write(line)
                sink.flush()
            is_error = _ERROR.match(line)
            failed = failed or bool(is_error)
            if is_error or (quiet < 2 and _WARNING.match(line)):
                print(line.rstrip(), file=sys.stderr, flush=True)
        status = child.wait()
        if status and not failed:
            how = f"signal {-status}" if status < 0 else f"status {status}"
            line = f"ERROR: Yosys ended without a message ({how})"
            for sink in [*sinks, sys.stderr]:
                print(line, file=sink, flush=True)
        return 1 if status else 0


def _forward_termination(child: "subprocess.Popen[bytes]") -> None:
    """End the child when this process is asked to end, so that none is left behind."""

    def end(number: int, frame: object) -> None:
        child.kill()
        sys.exit(128 + number)

    with contextlib.suppress(ValueError):  # not the main thread: nothing to forward
        signal.signal(signal.SIGTERM, end)


def _read(name: str, frontend: str) -> str:
    if frontend == "script" or (not frontend and (name == "-" or name.endswith(".ys"))):
        return _script(name)
    if frontend:
        return f"read_{frontend} {_quote(name)}"
    try:
        return f"{_READERS[Path(name).suffix]} {_quote(name)}"
    except KeyError:
        raise HadacastError(
            f"can't guess the frontend of {name!r}: use -f, or one of {' '.join(_READERS)} .ys"
        ) from None


def _write(name: str, backend: str) -> str:
    if backend:
        return f"write_{backend} {_quote(name)}"
    try:
        return f"{_WRITERS[Path(name).suffix]} {_quote(name)}"
    except KeyError:
        raise HadacastError(
            f"can't guess the backend of {name!r}: use -b, or one of {' '.join(_WRITERS)}"
        ) from None


def _script(name: str) -> str:
    # Read here: Yosys's `script` takes no quoted name.
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def _quote(name: str) -> str:
    # Yosys has no way to write these in a name, and a line break or a quote would begin a command.
    if not name.isprintable() or any(c in name for c in '"\\'):
        raise HadacastError(
            f"file name {name!r}: Yosys can't read one with quotes, backslashes or line breaks"
        )
    return f'"{name}"' if re.search(r"[^\w./+-]", name) else name


def _error_line(stderr: str, log: str) -> str:
    for text in (stderr, log):
        for line in text.splitlines():
            if _ERROR.match(line):
                return line.removeprefix("ERROR:").strip()
    return (stderr.strip().splitlines() or ["ended without a message"])[-1]


def _see(log: Path | None) -> str:
    return "" if log is None else f" (log: {log})"


if __name__ == "__main__":
    sys.exit(main())
