"""Real tensors and pictures shipped with the package; README.md beside this file says where each comes from.

`SAMPLES` maps a name (the file's stem) to its .npy file; `load(name)` reads one.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hadacast.errors import HadacastError

SAMPLES: dict[str, Path] = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.npy"))}


def load(name: str) -> NDArray[Any]:
    """The sample `name`: real values without unit, or integer codes; a token or a picture for each row.

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
