"""Where queues live."""

from hadacast.core.quantizer.replay import results_storage, storage_of
from hadacast.spec.quantize import QUICK_RESULTS
from hadacast.tech.family import FAMILIES


def test_storage_by_depth_and_family():
    for family in FAMILIES.values():
        lutram = 2 * family.lutram_depth
        assert storage_of("auto", max(lutram, 5) + 1, family) == "bram"
        assert storage_of("bram", 3, family) == "bram"
        if lutram:
            assert storage_of("auto", lutram, family) == "lutram"
        # As quick in every family: a latency doesn't depend on it.
        for depth in (1, 4, 5, QUICK_RESULTS):
            assert results_storage(depth, family) in ("ff", "lutram")
        assert results_storage(QUICK_RESULTS + 1, family) == "bram"
