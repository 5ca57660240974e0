"""What can be changed at run time is said by each stage that can."""

from dataclasses import fields

import pytest

from hadacast.recipe import STAGES


@pytest.mark.parametrize("kind", STAGES)
def test_settable_members_are_members_and_only_where_there_are_settings(kind):
    cls = STAGES[kind]
    names = {field.name for field in fields(cls)}
    assert names >= cls.SETTABLE
    assert bool(cls.SETTABLE) == bool(names & {"loadable", "up_to"})
    assert not cls.SETTABLE & cls.FROM_STREAM
