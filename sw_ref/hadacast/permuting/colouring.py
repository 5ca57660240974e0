"""Edge colouring of regular bipartite multigraphs: which memory bank each element of a frame goes to."""

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from hadacast.format import Ints


def colours(left: Ints, right: Ints, degree: int) -> Ints:
    """A colour from 0 to degree - 1 for each edge, such that no two edges at a node have the same.

    Edge e joins the left node left[e] and the right node right[e]; each node has `degree` edges, and several
    may join the same two. Such a colouring always exists (D. Kőnig, "Über Graphen und ihre Anwendung auf
    Determinantentheorie und Mengenlehre", 1916). An even degree is halved along Euler circuits (H. N. Gabow,
    "Using Euler partitions to edge color bipartite multigraphs", 1976); of an odd one a perfect matching is
    taken, found by random walks (A. Goel, M. Kapralov and S. Khanna, "Perfect matchings in O(n log n) time
    in regular bipartite graphs", 2010).
    """
    left, right = np.asarray(left), np.asarray(right)
    found = np.zeros(len(left), dtype=np.int64)
    rng = random.Random(1)
    parts = [(list(range(len(left))), degree, 0)]
    while parts:
        edges, count, first = parts.pop()
        if count == 1:
            found[edges] = first
        elif count % 2:
            matched = _matching(left, right, edges, rng)
            found[list(matched)] = first
            parts.append(([edge for edge in edges if edge not in matched], count - 1, first + 1))
        else:
            one, other = _halves(left, right, edges)
            parts += [(one, count // 2, first), (other, count // 2, first + count // 2)]
    return found


def _halves(left: Ints, right: Ints, edges: Sequence[int]) -> tuple[list[int], list[int]]:
    """Two sets of edges, each with half the edges of every node: those of circuits by their direction."""
    at: tuple[defaultdict[int, list[int]], ...] = (defaultdict(list), defaultdict(list))
    ends = (left.tolist(), right.tolist())
    for edge in edges:
        for side in range(2):
            at[side][ends[side][edge]].append(edge)
    used: set[int] = set()
    parts: tuple[list[int], list[int]] = ([], [])
    for start in edges:
        edge, side = start, 0
        # From a left node along this edge to the right, back along another, until none is left: every node
        # has an even number of edges, so that happens where the walk began.
        while edge not in used:
            used.add(edge)
            parts[side].append(edge)
            side = 1 - side
            rest = at[side][ends[side][edge]]
            while rest and rest[-1] in used:
                rest.pop()
            if rest:
                edge = rest.pop()
    return parts


def _matching(left: Ints, right: Ints, edges: Sequence[int], rng: random.Random) -> set[int]:
    """Edges of a regular graph that meet each node once."""
    at: defaultdict[int, list[int]] = defaultdict(list)
    for edge in edges:
        at[int(left[edge])].append(edge)
    taken: dict[int, int] = {}  # the matched edge of a right node
    for start in at:
        # Along any edge to the right and back along a matched one, until an unmatched node is met.
        node = start
        path: list[int] = []
        visited: dict[int, int] = {}  # right nodes on the path, and where
        while True:
            edge = at[node][int(rng.random() * len(at[node]))]
            end = int(right[edge])
            if taken.get(end) == edge:
                continue  # the one by which the walk came
            if end in visited:  # leave out the loop
                for dropped in path[visited[end] + 1 :]:
                    del visited[int(right[dropped])]
                del path[visited[end] + 1 :]
            else:
                visited[end] = len(path)
                path.append(edge)
                if end not in taken:
                    break
            node = int(left[taken[end]])
        for edge in path:
            taken[int(right[edge])] = edge
    return set(taken.values())
