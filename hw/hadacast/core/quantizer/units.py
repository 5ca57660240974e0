"""The units of each scale, by its kind."""

from hadacast.core.quantizer.static import StaticElement
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit

UNITS: dict[str, tuple[type[GroupUnit] | None, type[ElementUnit]]] = {
    "static": (None, StaticElement),
}
