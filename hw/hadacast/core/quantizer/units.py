"""The units of each scale, by its kind."""

from hadacast.core.quantizer.exponent import ExponentElement, ExponentGroup
from hadacast.core.quantizer.floating import FloatingElement, FloatingGroup
from hadacast.core.quantizer.maximum import MaximumElement, MaximumGroup
from hadacast.core.quantizer.range import RangeElement, RangeGroup
from hadacast.core.quantizer.static import StaticElement
from hadacast.core.quantizer.unit import ElementUnit, GroupUnit

UNITS: dict[str, tuple[type[GroupUnit] | None, type[ElementUnit]]] = {
    "maximum": (MaximumGroup, MaximumElement),
    "exponent": (ExponentGroup, ExponentElement),
    "floating": (FloatingGroup, FloatingElement),
    "range": (RangeGroup, RangeElement),
    "static": (None, StaticElement),
}
