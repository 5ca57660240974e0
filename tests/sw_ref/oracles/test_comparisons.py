"""hadacast's codes are the oracles' codes, or differ by a rule that has a name."""

import numpy as np
import pytest
from sw_ref.oracles import packages
from sw_ref.oracles.catalogue import COMPARISONS
from sw_ref.oracles.tally import Comparison, Outcome, Rule, Tally

QUICK = 4096
QUICK_FRACTIONS = 1500


def check(comparison: Comparison, count: int) -> None:
    found = comparison.tally(count)
    for oracle, tally in found.items():
        assert tally.unexplained == 0, f"{comparison}, {oracle}: {tally.examples}"
    missing = [oracle for oracle in comparison.oracles if not packages.installed(oracle)]
    assert set(found) | set(missing) == set(comparison.oracles)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; the other oracles agree")


@pytest.mark.parametrize("comparison", COMPARISONS, ids=str)
def test_codes_agree(comparison):
    check(comparison, QUICK if comparison.most > 10**6 else QUICK_FRACTIONS)


@pytest.mark.long
@pytest.mark.parametrize("comparison", COMPARISONS, ids=str)
def test_ten_million_codes_agree(comparison):
    check(comparison, comparison.most)


def test_names_differ():
    assert len({str(comparison) for comparison in COMPARISONS}) == len(COMPARISONS)


CODES = np.arange(8)
WRONG = np.where(CODES == 5, 6, CODES)


def test_a_difference_without_a_rule_counts():
    tally = Tally()
    tally.add(Outcome("other", CODES, WRONG))
    assert (tally.compared, tally.unexplained) == (8, 1)
    assert tally.examples == ["[5]: 5, other 6"]


def test_a_difference_by_a_rule_has_its_name():
    tally = Tally()
    tally.add(Outcome("other", CODES, WRONG, (Rule("five is six", CODES == 5, CODES + 1),)))
    assert (tally.unexplained, tally.explained) == (0, {"five is six": 1})


def test_a_rule_is_tested_on_both_sides():
    """Where a rule says that the oracle differs, agreement is an error too, and so is a third code."""
    rule = Rule("five is six", CODES == 5, CODES + 1)
    for theirs in (CODES, np.where(CODES == 5, 7, CODES)):
        tally = Tally()
        tally.add(Outcome("other", CODES, theirs, (rule,)))
        assert tally.unexplained == 1


def test_a_rule_that_may_hold_allows_two_codes_only():
    rule = Rule("five may be six", CODES == 5, CODES + 1, always=False)
    for theirs, wrong in ((CODES, 0), (WRONG, 0), (np.where(CODES == 5, 7, CODES), 1)):
        tally = Tally()
        tally.add(Outcome("other", CODES, theirs, (rule,)))
        assert tally.unexplained == wrong
