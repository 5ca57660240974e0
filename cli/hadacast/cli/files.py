"""Writing files so that nothing good is lost: checked first, complete before they appear."""

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hadacast.errors import HadacastError

MARK = ".hadacast-failed"
"""A file that says a folder was made by hadacast, and may be replaced by it."""


def target(text: str | Path) -> Path:
    """The file that an output path means, links followed, after making sure it can be written.

    Raises HadacastError for a folder, a device, a folder that doesn't exist or can't be written to.
    """
    try:
        path = Path(text).resolve()
        mode = path.stat().st_mode if path.exists() else None
        if mode is not None and stat.S_ISDIR(mode):
            raise HadacastError(f"output {str(text)!r} is a folder: it must be a file")
        if mode is not None and not stat.S_ISREG(mode):
            raise HadacastError(f"output {str(text)!r} is not a regular file")
        if not path.parent.is_dir():
            raise HadacastError(f"output {str(text)!r}: the folder {str(path.parent)!r} does not exist")
        _probe(path.parent)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the path, a loop of links
        raise HadacastError(f"output {str(text)!r} can't be written: {reason(error)}") from None
    return path


def _probe(folder: Path) -> None:
    """Raise OSError if no file can be made in a folder. Permissions tell less: root, read-only mounts."""
    path = folder / _part("probe")
    with open(path, "xb"):
        pass
    path.unlink()


def _part(name: str) -> str:
    # The end of it: a name may be as long as the file system allows, and its suffix says what to write.
    return f".part-{secrets.token_hex(4)}-{name[-20:]}"


def tidy(path: Path) -> None:
    """Remove what killed runs have left of writing a file. Only where no other run writes it: see `held`."""
    for part in path.parent.glob(f".part-????????-{path.name[-20:]}"):
        part.unlink(missing_ok=True)


@contextmanager
def pending(path: Path, *, keep: bool = False) -> Iterator[Path]:
    """A name beside `path` that becomes `path` if the block ends well; with `keep`, also where it
    ends in a HadacastError. Otherwise what was written is removed.
    """
    part = path.with_name(_part(path.name))
    try:
        yield part
    except HadacastError:
        if keep and part.exists():
            os.replace(part, path)
        raise
    else:
        if part.exists():
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: bytes | str) -> str:
    """Write a file whole; returns its SHA-256 in hex. Raises HadacastError."""
    # A name of a file that isn't text shows with question marks.
    data = content.encode(errors="replace") if isinstance(content, str) else content
    try:
        with pending(path) as part:
            part.write_bytes(data)
    except OSError as error:
        raise HadacastError(f"can't write {str(path)!r}: {reason(error)}") from None
    return hashlib.sha256(data).hexdigest()


@contextmanager
def held(path: Path, *, wait: bool = False, taken: str = "") -> Iterator[None]:
    """Keep other runs of hadacast out of a folder that is there, or of what a file stands for, or `wait`
    until they have left.

    A lock on the folder or file itself: it ends with the process, and leaves nothing behind. Raises
    HadacastError, which says `taken`, where another run has it. Where a file system knows no locks, nothing
    is kept out.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise HadacastError(
                taken
                or f"output folder {str(path)!r} is in use by another run of hadacast: let it end, or"
                " take another with --out"
            ) from None
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)


def reason(error: Exception) -> str:
    """Why an operation failed, without the path, in lower case."""
    text = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return text[:1].lower() + text[1:]


class Staging:
    """An output folder that a command fills in a hidden folder inside it.

    `publish` moves every file to its place. If the block ends otherwise, what was made moves to
    `failed/` in the output folder, and what was there before stays as it was.

    Raises HadacastError at entry if the folder can't be made or written to, or another run fills it.
    """

    def __init__(self, folder: str | Path, names: Iterable[str] = ()) -> None:
        self.shown = Path(folder)
        self._names = tuple(names)
        self._published = False
        self._lock = ExitStack()

    def __enter__(self) -> "Staging":
        try:
            self.folder = self.shown.resolve()
            self._fresh = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in self._names:
                if (self.folder / name).is_dir():
                    raise HadacastError(f"output {str(self.shown / name)!r} is a folder: it must be a file")
            self._lock.enter_context(held(self.folder))
            for left in self.folder.glob(".part-????????-build"):
                shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
            self.part = self.folder / _part("build")
            self.part.mkdir()
        except (OSError, ValueError, RuntimeError) as error:
            text = reason(error)
            if isinstance(error, (FileExistsError, NotADirectoryError)):
                text = "a file is in the way"
            raise HadacastError(f"output folder {str(self.shown)!r} can't be used: {text}") from None
        return self

    def publish(self) -> None:
        """Move every file to its place in the folder."""
        try:
            for source in sorted(path for path in self.part.rglob("*") if path.is_file()):
                place = self.folder / source.relative_to(self.part)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(source, place)
        except OSError as error:
            raise HadacastError(f"can't write in {str(self.shown)!r}: {reason(error)}") from None
        self._published = True

    @property
    def failed(self) -> Path:
        """Where the finished parts go if the rest fails."""
        path = self.folder / "failed"
        number = 1
        while path.exists() and not (path / MARK).is_file():
            number += 1
            path = self.folder / f"failed-{number}"
        return path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        failed = self.failed
        with self._lock:
            if not self._published and any(path.is_file() for path in self.part.rglob("*")):
                with suppress(OSError):
                    (self.part / MARK).touch()
                    if failed.exists():
                        shutil.rmtree(failed)
                    os.replace(self.part, failed)
            shutil.rmtree(self.part, ignore_errors=True)
            for path in self._fresh:
                with suppress(OSError):
                    path.rmdir()  # only what is empty
        if isinstance(error, HadacastError):
            # Logs that the message names have moved.
            moved = str(error).replace(str(self.part), str(failed))
            error.args = (moved,)
