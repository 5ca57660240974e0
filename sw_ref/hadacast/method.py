"""Published methods: what a recipe says of the system that it stands for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from hadacast import checks
from hadacast.errors import HadacastError

STATUS = ("whole", "part")
RESULTS = "methods.json"


@dataclass(frozen=True, kw_only=True)
class Method:
    """The [method] table of a recipe. Texts of one line each.

    Members
    -------
    system: its name in the literature. online: what part of it runs on streaming data, and is in the recipe.
    oracle: what the recipe's results are held to. left_out: what else the method needs, and where it is done.
    status: "whole", or "part" where something that runs online is missing; left_out says what.
    """

    system: str
    online: str
    oracle: str
    left_out: str
    status: str = "whole"

    def __post_init__(self) -> None:
        for name in ("system", "online", "oracle", "left_out"):
            checks.text(name, getattr(self, name))
            if not getattr(self, name):
                raise HadacastError(f"{name} is '': a method must say it")
        checks.choice("status", self.status, STATUS)


@lru_cache(maxsize=1)
def results() -> Mapping[str, Any]:
    """What was measured of each shipped recipe of a method, by name; docs/catalogue.py measures."""
    text = resources.files("hadacast.recipes").joinpath(RESULTS).read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found
