"""Processes of this machine and of a cluster: the same rows, whatever is killed."""

import multiprocessing
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cli.explore.sweeps import source, sweep
from processes import alive, until

from hadacast.cli.data import Source
from hadacast.errors import HadacastError
from hadacast.explore import workers
from hadacast.explore.journal import Journal
from hadacast.explore.measure import Task, measure
from hadacast.explore.run import run

AXES = ("stream.lanes=1..4", "stage.quantize.code=int3,int4,int8")


@pytest.fixture
def own(tmp_path):
    """A sweep of 12 points, of which 3 fail, and their rows, measured here."""
    found = sweep(tmp_path, *AXES)
    rows = [measure(task, found.source) for _, task in found.tasks(range(12))]
    assert [bool(row["error"]) for row in rows] == [False] * 6 + [True] * 3 + [False] * 3
    return found, rows


def test_local(own):
    found, rows = own
    assert dict(workers.local(found.tasks(range(12)), found.source, 2)) == dict(enumerate(rows))


def test_nothing_to_do(own):
    assert list(workers.local(iter(()), source(), 2)) == []


class Killer(Source):
    """Data at whose sight a process dies; `counts` is a file that gets a byte each time."""

    def __reduce__(self):
        return _die, (self.name,)


def _die(name):
    with open(name, "ab") as file:
        file.write(b".")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_point_that_kills_its_process_is_a_row(own, tmp_path):
    found, _ = own
    killer = Killer(name=str(tmp_path / "deaths"))
    rows = dict(workers.local(found.tasks(range(2)), killer, 2))
    assert rows == {0: {"error": workers.LOST}, 1: {"error": workers.LOST}}
    # Once in the pool, where either may be the first, and once each alone.
    assert 3 <= (tmp_path / "deaths").stat().st_size <= 4


class Once(Source):
    """Data at whose sight the first process dies; those after it get sound ones."""

    def __reduce__(self):
        return _die_once, (self.name,)


def _die_once(name):
    if not Path(name).exists():
        _die(name)
    return source()


def test_a_process_that_is_killed_costs_no_row(own, tmp_path):
    found, rows = own
    once = Once(name=str(tmp_path / "deaths"))
    assert dict(workers.local(found.tasks(range(3)), once, 2)) == dict(enumerate(rows[:3]))
    assert (tmp_path / "deaths").read_bytes() == b"."


def test_ended_early_no_process_stays(own):
    found, _ = own
    with closing(workers.local(found.tasks(range(12)), found.source, 2)) as rows:
        next(rows)
        children = [child.pid for child in multiprocessing.active_children()]
        assert children
    until(lambda: not any(alive(child) for child in children), 20)


def test_run_measures_what_is_missing_and_retries_if_told(own, tmp_path):
    found, rows = own
    journal, asked = Journal(tmp_path / "points"), []

    def here(work):
        for index, task in work:
            asked.append(index)
            yield index, measure(task, found.source)

    told = []
    done = run(found, journal, here, progress=lambda *news: told.append(news[:2]))
    assert (done.rows, done.before, asked) == (rows, 0, list(range(12)))
    assert told == [(n, 12) for n in range(13)]
    journal.write(found.task_of(4).key(found.source), {"error": "a timeout"})
    asked.clear()
    assert run(found, journal, here).rows[4] == {"error": "a timeout"}
    assert asked == []
    done = run(found, journal, here, retry=True)
    assert (done.rows, done.before, asked) == (rows, 8, [4, 6, 7, 8])


def test_a_field_that_the_recipe_has_not_is_an_error_of_its_points(tmp_path):
    found = sweep(tmp_path, "stage.0.matrix=nowhere.npy,1", "stage.nosuch.x=1")
    done = run(found, Journal(tmp_path / "points"), lambda work: pytest.fail("nothing to do"))
    assert all("no single stage 'nosuch'" in row["error"] for row in done.rows)


def test_rows_that_came_before_a_failure_are_kept(own, tmp_path):
    found, rows = own
    journal = Journal(tmp_path / "points")

    def failing(work):
        for index, task in work:
            if index == 5:
                raise HadacastError("the cluster is gone")
            yield index, measure(task, found.source)

    with pytest.raises(HadacastError, match="the cluster is gone"):
        run(found, journal, failing)
    assert [journal.read(task.key(found.source)) for _, task in found.tasks(range(6))] == [*rows[:5], None]


# Dask


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster of two processes on this machine."""
    distributed = pytest.importorskip("distributed")
    options = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1"}
    with distributed.LocalCluster(dashboard_address=":0", silence_logs=50, **options) as cluster:
        yield cluster.scheduler_address


def test_cluster(own, scheduler):
    found, rows = own
    assert dict(workers.cluster(found.tasks(range(12)), found.source, scheduler)) == dict(enumerate(rows))


def test_a_window_smaller_than_the_sweep(own, scheduler, monkeypatch):
    monkeypatch.setattr(workers, "WINDOW", 2)
    found, rows = own
    assert dict(workers.cluster(found.tasks(range(12)), found.source, scheduler)) == dict(enumerate(rows))


def test_workers_that_go_away_and_others_that_come(own, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "WINDOW", 3)
    found, rows = own
    options = {"processes": True, "n_workers": 1, "threads_per_worker": 1, "host": "127.0.0.1"}
    with distributed.LocalCluster(dashboard_address=":0", silence_logs=50, **options) as cluster:
        coming = workers.cluster(found.tasks(range(12)), found.source, cluster.scheduler_address)
        with closing(coming):
            some = dict([next(coming)])
            # With the only worker go the data that it was sent.
            cluster.scale(0)
            cluster.sync(cluster._correct_state)
            cluster.scale(1)
            assert some | dict(coming) == dict(enumerate(rows))


def test_a_scheduler_that_goes_away(own, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "WINDOW", 2)
    found, _ = own
    options = {"processes": True, "n_workers": 1, "threads_per_worker": 1, "host": "127.0.0.1"}
    with distributed.LocalCluster(dashboard_address=":0", silence_logs=50, **options) as cluster:
        coming = workers.cluster(found.tasks(range(12)), found.source, cluster.scheduler_address)
        next(coming)
    with pytest.raises(HadacastError, match=r"^the connection to scheduler 'tcp://.*' was lost$"):
        list(coming)


def test_workers_of_another_version_end_the_sweep(own, scheduler):
    found, _ = own
    task = found.task_of(0)
    task = Task(**{**vars(task), "made_by": {**task.made_by, "numpy": "0.1"}})
    with pytest.raises(HadacastError, match=r"^a worker of the cluster can't do it: it has numpy .*of 0.1$"):
        list(workers.cluster([(0, task)], found.source, scheduler))


def test_a_scheduler_that_is_not_there(own, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECT", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x", "tcp://127.0.0.1:x"):
        with pytest.raises(HadacastError, match=r"^scheduler '.*' can't be reached: ") as raised:
            list(workers.cluster(iter(()), source(), address))
        assert "\n" not in str(raised.value)


def test_a_scheduler_without_workers(own, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "JOIN", 0.5)
    options = {"n_workers": 0, "host": "127.0.0.1", "dashboard_address": ":0", "silence_logs": 50}
    with (
        distributed.LocalCluster(**options) as cluster,
        pytest.raises(HadacastError, match="has no workers: start some, `dask worker tcp://"),
    ):
        list(workers.cluster(iter(()), source(), cluster.scheduler_address))


def test_without_dask(own, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(HadacastError, match=r"pip install 'hadacast\[cluster\]'"):
        list(workers.cluster(iter(()), source(), "tcp://127.0.0.1:1"))
