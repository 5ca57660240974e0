"""Sweeps: their points, objectives and tables."""

import io

import pytest
from cli.explore.sweeps import source, sweep, task

from hadacast.errors import HadacastError
from hadacast.explore import parquet
from hadacast.explore.columns import FIGURES
from hadacast.explore.measure import EXACT, MAP, PLACE


def test_points_are_the_recipe_with_their_values(tmp_path):
    own = sweep(
        tmp_path, "stream.lanes=1,2", "input.width=8,12;input.fraction=2,6", overrides=("stream.frame=16",)
    )
    assert len(own.numbers) == 4
    assert own.keys == ("stream.lanes", "input.width", "input.fraction")
    assert own.place(1) == {"stream.lanes": 1, "input.width": 12, "input.fraction": 6}
    spec = own.task_of(3).draft.recipe().pipeline
    assert (spec.frame, spec.lanes, spec.input.width, spec.input.fraction) == (16, 2, 12, 6)
    assert [index for index, _ in own.tasks([2, 0])] == [2, 0]


def test_types_of_fields(tmp_path):
    own = sweep(
        tmp_path, "a.a=1,2", "a.b=1,2.5", "a.c=true,false", "a.d=x,y", "a.e=1,x", "a.f=true,1", "a.g=[1],[2]"
    )
    assert own.types == {
        "a.a": int, "a.b": float, "a.c": bool, "a.d": str, "a.e": str, "a.f": str, "a.g": str
    }  # fmt: skip
    assert own.place(0) == {
        "a.a": 1, "a.b": 1.0, "a.c": True, "a.d": "x", "a.e": "1", "a.f": "true", "a.g": "[1]"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "objectives"),
    [(PLACE, ("cells", "throughput")), (MAP, ("cells", "lanes")), (EXACT, ("latency", "total_sqnr"))],
)
def test_objectives_that_nobody_chose(tmp_path, level, objectives):
    device = "" if level == EXACT else "ice40-hx8k"
    assert sweep(tmp_path, "a.b=1,2", task=task(level, device)).objectives == objectives
    assert sweep(tmp_path, "a.b=1,2", task=task(level, device), maximize=("sqnr",)).objectives == ("sqnr",)


@pytest.mark.parametrize(
    ("axes", "members", "said"),
    [
        ((), {}, "the sweep has no axes"),
        (("build.sample=a,b",), {}, "build.sample is no axis"),
        (("a.b=1", "a.b=2"), {}, "on two axes"),
        (("a.b=1",), {"minimize": ("size",)}, "objective: no column 'size': one of a.b, cells"),
        (("a.b=x,y",), {"minimize": ("a.b",)}, "objective a.b: its values aren't all numbers"),
        (("a.b=1",), {"minimize": ("ff",), "maximize": ("ff",)}, "one is there twice"),
        (("a.b=1",), {"where": ("a.c < 3",)}, "no column 'a.c'"),
    ],
)
def test_mistakes(tmp_path, axes, members, said):
    with pytest.raises(HadacastError, match=said):
        sweep(tmp_path, *axes, **members)


ROWS = [
    {"error": "", "cells": 100, "throughput": 1e8},
    {"error": "", "cells": 200, "throughput": 2e8},
    {"error": "", "cells": 300, "throughput": 2e8},
    {"error": "too many", "cells": 50, "throughput": 9e8},
    {"error": "", "cells": 60},
    {"error": "", "cells": 90, "throughput": 0.5e8},
]


def test_the_table(tmp_path):
    own = sweep(tmp_path, "a.b=1..6", where=("cells >= 100",), minimize=("cells",), maximize=("throughput",))
    table = own.table(ROWS)
    assert [row["met"] for row in table] == [True, True, True, False, False, False]
    assert [row["front"] for row in table] == [True, True, False, False, False, False]
    assert [row["a.b"] for row in table] == [1, 2, 3, 4, 5, 6]
    assert table[3]["error"] == "too many"
    assert table[4]["throughput"] is None
    assert list(table[0]) == ["point", "a.b", "error", *FIGURES, "met", "front"]
    free = sweep(tmp_path, "a.b=1..6", minimize=("cells",), maximize=("throughput",)).table(ROWS)
    assert [row["front"] for row in free] == [True, True, False, False, False, True]


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet as reader

    own = sweep(tmp_path, "a.b=1..6", "a.c=x,true", points=6, seed=1)
    table = own.table(ROWS)
    data = parquet.table(own, table)
    assert data == parquet.table(own, own.table(ROWS))
    read = reader.read_table(io.BytesIO(data))
    assert read.to_pylist() == table
    types = {
        name: str(read.schema.field(name).type) for name in ("point", "a.b", "a.c", "cells", "fmax", "met")
    }
    assert types == {
        "point": "int64", "a.b": "int64", "a.c": "string", "cells": "int64", "fmax": "double", "met": "bool"
    }  # fmt: skip
    assert b"total_sqnr" in read.schema.metadata[parquet.METADATA]


def test_nothing_of_where_it_ran_is_in_the_table(tmp_path):
    one = sweep(tmp_path, "a.b=1,2", task=task(cache="/one", timeout=3.0))
    assert one.to_dict() == sweep(tmp_path, "a.b=1,2", task=task(cache="/two")).to_dict()
    assert "/one" not in str(one.to_dict())
    assert one.to_dict()["data"]["sha256"] == source().sha256
