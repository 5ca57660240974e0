"""What can be changed while a core runs, and where a host finds it: the register map."""

from dataclasses import dataclass
from functools import cached_property

from hadacast.errors import HadacastError

WORD_BITS = 32
WORD_BYTES = WORD_BITS // 8

# "HADC" in ASCII: what a host finds first.
IDENTITY = 0x48414443
VERSION = 1

# The registers that every core with settings has: address in bytes, and what they are.
ID, VERSION_AT, CONTROL, STATUS, FRAME_ERRORS = range(0, 20, 4)
MAX_FRAME_ERRORS = 0xFFFF
FIXED = {
    "id": (ID, "read: 0x48414443, the letters HADC"),
    "version": (VERSION_AT, "read: 1, the version of this map"),
    "control": (CONTROL, "read, write: bit 0, hold: no frame comes in after the one that is coming"),
    "status": (STATUS, "read: bit 0, idle: held, and all frames have left; settings can be written"),
    "frame_errors": (FRAME_ERRORS, f"read: broken frames since reset, at most {MAX_FRAME_ERRORS:,}"),
}

# Settings come behind them.
FIXED_BYTES = 0x40


@dataclass(frozen=True, kw_only=True)
class Register:
    """A number that a stage takes at run time.

    Members
    -------
    name: lower case, as in recipes. text: what it is, in a few words, for the register map.
    low, high: what it may be. init: what it is after reset.
    """

    name: str
    text: str
    low: int
    high: int
    init: int

    @property
    def signed(self) -> bool:
        """Whether it can be negative: two's complement."""
        return self.low < 0

    @property
    def width(self) -> int:
        """Bits it takes, 1 to 32."""
        return max(self.high.bit_length(), (~self.low).bit_length() if self.signed else 1) + self.signed

    @property
    def range(self) -> tuple[int, ...]:
        """What it can hold; the same in all settings that one core takes."""
        return (self.low, self.high)

    @property
    def words(self) -> int:
        """32-bit words it takes."""
        return 1

    def check(self, value: int) -> int:
        """`value`, if it may be written. Raises HadacastError otherwise."""
        if not self.low <= value <= self.high:
            raise HadacastError(f"{self.name} is {value}: it must be from {self.low:,} to {self.high:,}")
        return value


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a memory that a stage reads at run time.

    Members
    -------
    name, text: as for a Register. width: bits of a row; wider than 32 it takes several words, the low one
    first, and is written when the last of them is. signed: how a row is to be read. init: the rows after
    configuration; a reset leaves them as they are.
    """

    name: str
    text: str
    width: int
    init: tuple[int, ...]
    signed: bool = False

    @property
    def depth(self) -> int:
        """Rows."""
        return len(self.init)

    @property
    def range(self) -> tuple[int, ...]:
        """What it can hold; the same in all settings that one core takes."""
        return (self.width, self.signed, self.depth)

    @property
    def row_words(self) -> int:
        """32-bit words from a row to the next: a power of two."""
        words = -(-self.width // WORD_BITS)
        return 1 << (words - 1).bit_length()

    @property
    def words(self) -> int:
        """32-bit words of all rows."""
        return self.row_words * self.depth

    def encode(self, row: int) -> list[int]:
        """A row as words to write, the low one first. Raises HadacastError where it doesn't fit."""
        low = -1 << self.width - 1 if self.signed else 0
        high = low + (1 << self.width) - 1
        if not low <= row <= high:
            raise HadacastError(f"a row of {self.name} is {row}: it must be from {low:,} to {high:,}")
        used = -(-self.width // WORD_BITS)
        bits = row & ((1 << used * WORD_BITS) - 1)
        return [bits >> WORD_BITS * word & ((1 << WORD_BITS) - 1) for word in range(used)]


Setting = Register | Table


@dataclass(frozen=True, kw_only=True)
class Place:
    """A setting of one stage and its address.

    Members
    -------
    stage: the stage's number in the pipeline. kind: its kind. address: in bytes.
    """

    stage: int
    kind: str
    setting: Setting
    address: int

    @property
    def name(self) -> str:
        """A name that is unique in the core: kind, number and setting."""
        return f"{self.kind}_{self.stage}_{self.setting.name}"

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + WORD_BYTES * self.setting.words


@dataclass(frozen=True)
class RegisterMap:
    """Where all settings of a pipeline are.

    Members
    -------
    settings: of each stage in order: its kind and what it takes.

    A setting begins at a multiple of its size, rounded up to a power of two, so that an address is a
    number of a setting and a place in it.
    """

    settings: tuple[tuple[str, tuple[Setting, ...]], ...]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every setting with its address, in order."""
        found: list[Place] = []
        end = FIXED_BYTES
        for stage, (kind, settings) in enumerate(self.settings):
            for setting in settings:
                size = WORD_BYTES << (setting.words - 1).bit_length()
                address = -(-end // size) * size
                found.append(Place(stage=stage, kind=kind, setting=setting, address=address))
                end = address + size
        return tuple(found)

    @property
    def address_bits(self) -> int:
        """Bits of a byte address."""
        end = max((place.end for place in self.places), default=FIXED_BYTES)
        return (end - 1).bit_length()

    def writes(self, new: "RegisterMap") -> list[tuple[int, int]]:
        """What to write, address and word in order, to bring a core with this map and its initial settings to
        those of `new`. Raises HadacastError where they aren't settings of the same core."""
        if len(self.places) != len(new.places):
            raise HadacastError(f"{len(new.places)} settings: the core has {len(self.places)}")
        found = []
        for place, other in zip(self.places, new.places, strict=True):
            old, setting = place.setting, other.setting
            if (place.name, place.address, old.range) != (other.name, other.address, setting.range):
                raise HadacastError(f"setting {other.name} is not that of the core, {place.name}")
            if isinstance(setting, Register):
                if setting.init != old.init:
                    found.append((place.address, setting.check(setting.init) & (1 << WORD_BITS) - 1))
                continue
            for row, (value, before) in enumerate(zip(setting.init, _rows(old), strict=True)):
                if value != before:
                    start = place.address + WORD_BYTES * setting.row_words * row
                    found += [(start + WORD_BYTES * i, word) for i, word in enumerate(setting.encode(value))]
        return found

    def __getitem__(self, name: str) -> Place:
        """A setting by its name. Raises HadacastError where there is none."""
        for place in self.places:
            if place.name == name:
                return place
        known = ", ".join(place.name for place in self.places) or "none"
        raise HadacastError(f"no setting {name!r}; there are: {known}")


def _rows(setting: Setting) -> tuple[int, ...]:
    return setting.init if isinstance(setting, Table) else (setting.init,)
