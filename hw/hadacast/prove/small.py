"""Memories of four words in place of the sizes that devices have."""

from collections.abc import Iterator
from contextlib import contextmanager
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
