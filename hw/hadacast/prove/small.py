"""Queues of few words in place of the sizes that devices have."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from hadacast.core import queue, relay

WORDS = 4


@contextmanager
def small_memories() -> Iterator[None]:
    """Queues are elaborated with memories of a multiple of WORDS words. What a queue does with its memory
    doesn't depend on the size, and proofs about 64 words take hours."""
    grains = dict.fromkeys(queue.GRAIN, WORDS)
    with patch.object(queue, "GRAIN", grains), patch.object(relay, "NEAR", WORDS):
        yield


@contextmanager
def queues_of_registers() -> Iterator[None]:
    """Queues are made in flip-flops, and hold just as many words as was asked for. They do what those in
    memories do, a clock or two earlier, with a state that has no addresses: which of its words are there
    follows from how many there are."""
    made = queue.Queue.__init__

    def make(self: queue.Queue, layout: Any, depth: int, storage: str = "auto", **settings: Any) -> None:
        made(self, layout, depth, "ff", **settings)

    with patch.object(queue.Queue, "__init__", make):
        yield
