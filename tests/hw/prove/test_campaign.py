"""Many proofs at a time."""

from dataclasses import replace

import pytest
from hw.prove import faults

from hadacast.errors import HadacastError
from hadacast.prove import campaign
from hadacast.prove.subject import Subject


def test_records_are_in_the_order_of_the_subjects():
    (skid,) = campaign.chosen(("skid",))
    subjects = [replace(skid, text=text) for text in "abc"]
    heard = []
    found = campaign.run(
        subjects, timeout=60, jobs=2, done=lambda subject, records: heard.append(subject.text)
    )
    assert sorted(heard) == list("abc")
    assert list(dict.fromkeys(record.text for record in found)) == list("abc")
    assert {record.verdict for record in found} == {"proved"}


def test_a_process_that_is_killed_is_one_line():
    subjects = [Subject("skid", str(n), (faults.killed,)) for n in range(2)]
    with pytest.raises(HadacastError, match="a process that proves was killed"):
        campaign.run(subjects, jobs=2)
