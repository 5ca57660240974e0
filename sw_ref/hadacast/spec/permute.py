"""Static permutations of a frame."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hadacast import checks
from hadacast.errors import HadacastError
from hadacast.format import Ints
from hadacast.permuting import rules
from hadacast.permuting.banked import Banked, loadable
from hadacast.permuting.plan import Plan, plan
from hadacast.settings import Setting, Table
from hadacast.spec.permuting import Permuting

# The number that each rule takes, if any.
NUMBERS = {"xor": "mask", "rotate": "shift", "transpose": "rows"}

# The tables of one that can be changed at run time (hadacast.permuting.banked).
TEXTS = {
    "write": "a row for each beat that comes in: of each bank, bank 0 lowest, the lane that it takes",
    "addresses": "a row for each beat that leaves: of each bank the beat from which it is read",
    "read": "a row for each beat that leaves: of each lane the bank that it takes",
}


@dataclass(frozen=True, kw_only=True)
class Permute(Permuting):
    """y[i] = x[s(i)] for a permutation s of all places, or of the places of each block alike.

    Members
    -------
    frame, lanes, input: as for every Permuting.
    table: s(0), s(1), …: each number below its length once. A block has as many units as it has numbers, and
        blocks fill the frame.
    rule: in place of a table "xor", s(i) = i ⊕ mask; "reverse", n - 1 - i; "rotate", (i + shift) mod n;
        "transpose", a matrix of `rows` rows, row by row, to column by column; "bit_reverse".
    mask, shift, rows: what the rule takes, else 0.
    block: elements of a block, for a rule: n·unit; 0: the frame.
    unit: elements that stay together, such as the channels of a head.
    inverse: whether the inverse of all that is meant: y[s(i)] = x[i].
    loadable: whether any other permutation of the same blocks can be chosen at run time. A block is one of s
        in whole beats, or the frame.

    Raises HadacastError where a member is out of range, and where a table is no permutation.
    """

    kind: ClassVar[str] = "permute"
    SETTABLE: ClassVar[frozenset[str]] = frozenset(
        {"table", "rule", "mask", "shift", "rows", "block", "unit", "inverse"}
    )

    table: tuple[int, ...] = ()
    rule: str = ""
    mask: int = 0
    shift: int = 0
    rows: int = 0
    block: int = 0
    unit: int = 1
    inverse: bool = False
    loadable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("unit", self.unit, 1, self.frame, note=" (the frame)")
        checks.integer("block", self.block, 0, self.frame, note=" (the frame)")
        checks.flag("inverse", self.inverse)
        checks.flag("loadable", self.loadable)
        checks.instance("table", self.table, tuple)
        if bool(self.table) == (self.rule != ""):
            raise HadacastError("a permute stage needs a table or a rule, and not both")
        if self.rule:
            checks.choice("rule", self.rule, rules.RULES)
        for rule, name in NUMBERS.items():
            value = getattr(self, name)
            if self.rule != rule:
                checks.integer(name, value, 0, 0, note=f": it is for the rule {rule}")
        if self.table and self.block:
            raise HadacastError(f"block is {self.block}: a table says how long a block is")
        for name, size in (("block", self.block or self.frame), ("unit", self.unit)):
            if self.frame % size:
                raise HadacastError(f"{name} is {size}: it must divide the frame, {self.frame:,}")
        if (self.block or self.frame) % self.unit:
            raise HadacastError(f"unit is {self.unit}: it must divide the block, {self.block}")
        if self.table:
            self._check_table()
        else:
            _ = self.source  # a rule's number is checked where it is used

    def _check_table(self) -> None:
        count = len(self.table)
        if self.frame % (count * self.unit):
            raise HadacastError(
                f"table has {count:,} numbers: with {self.unit} elements each, they must divide the frame,"
                f" {self.frame:,}"
            )
        checks.distinct("table", self.table, count - 1, "each must be there once")

    @cached_property
    def units(self) -> Ints:
        """(n,) s: the permutation of the units of a block, not inverted."""
        if self.table:
            return np.array(self.table, dtype=np.int64)
        size = (self.block or self.frame) // self.unit
        if self.rule == "xor":
            return rules.xor(size, self.mask)
        if self.rule == "rotate":
            return rules.rotate(size, self.shift)
        if self.rule == "transpose":
            return rules.transpose(size, self.rows)
        return rules.bit_reverse(size) if self.rule == "bit_reverse" else np.arange(size)[::-1]

    @cached_property
    def source(self) -> Ints:
        units = self.units
        if self.inverse:
            units = np.argsort(units)
        index = np.arange(self.frame).reshape(-1, len(units), self.unit)
        return index[:, units].ravel()

    @cached_property
    def plan(self) -> Plan:
        if not self.loadable:
            return plan(self.source, self.lanes)
        size = len(self.units) * self.unit
        size = self.frame if size % self.lanes else size
        return loadable(self.source[:size], self.lanes, self.frame // size)

    @property
    def built(self) -> dict[str, Any]:
        block = {"beats of a block": self.plan.flow.beats} if isinstance(self.plan, Banked) else {}
        return super().built | (block if self.loadable else {})

    @property
    def settings(self) -> tuple[Setting, ...]:
        if not self.loadable:
            return ()
        assert isinstance(self.plan, Banked)
        return tuple(
            Table(name=name, text=TEXTS[name], width=table.width, init=table.rows)
            for name, table in self.plan.tables.items()
        )
