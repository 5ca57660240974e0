"""Real tensors shipped with the package; README.md beside this file says where each comes from.

`SAMPLES` maps a name (the file's stem) to its .npy file; `load(name)` reads one.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError

SAMPLES: dict[str, Path] = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.npy"))}


def load(name: str) -> NDArray[np.float16]:
    """The tensor `name`, shape (tokens, width), real values without unit.

    Raises HadacastError for a name that isn't in `SAMPLES`, and for a file that can't be read.
    """
    if not isinstance(name, str) or name not in SAMPLES:
        raise HadacastError(f"no sample {name!r}: it must be one of {', '.join(SAMPLES)}")
    path = SAMPLES[name]
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        # NumPy's text speaks of pickles and headers; the cause is always the copy on disk.
        raise HadacastError(f"sample file {path.name} is missing or damaged: reinstall hadacast") from None
