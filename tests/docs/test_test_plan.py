"""The test plan has an entry for each promise of the pages, and its checker finds what it should."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def plan():
    spec = importlib.util.spec_from_file_location("docs_test_plan", DOCS / "test_plan.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def entries(plan):
    return plan.read()


def test_each_promise_is_held_and_none_is_missing(plan, entries):
    wrong = plan.check(entries, plan.pages(), plan.proofs())
    assert not wrong, "\n\n".join([f"{len(wrong)} things are wrong with docs/test_plan.toml:", *wrong])


def test_the_page_is_what_the_plan_says(plan, entries):
    text = plan.PAGE.read_text(encoding="utf-8")
    assert plan.page(text, entries, list(plan.pages())) == text, "run python docs/test_plan.py"


def test_every_page_is_read(plan):
    expected = {"README.md"} | {f"docs/{path.name}" for path in DOCS.glob("*.md")} - {"docs/test_plan.md"}
    assert set(plan.pages()) == expected
    assert "docs/stream.md" in expected


def test_a_page_without_marks_is_an_error(plan, entries):
    with pytest.raises(ValueError, match="no marks"):
        plan.page("text", entries, [])


# What is found on a page

TEXT = """# A page that never ends

A core is small. It never
loses a beat; `never` in code is a name. Another one is [**exact**](stream.md).

- An item: results are always right.
  Nothing is rounded.
- Nothing here that costs: it costs nothing.

| field | what every one does |
|---|---|
| `x` | every beat of a frame |
| `y` | always |

```text
It never says this.
```

<!-- figures -->
Every figure is written by a program.
<!-- end of figures -->

<!-- never seen -->
"""
HELD = "tests/test_a.py::test_right"
SENTENCES = [
    "It never loses a beat; `never` in code is a name.",
    "Another one is [**exact**](stream.md).",
    "- An item: results are always right.",
    "Nothing is rounded.",
    "- Nothing here that costs: it costs nothing.",
    "every beat of a frame",
]


@pytest.fixture
def made(plan):
    """An entry of the page above."""
    return lambda text, **more: plan.Entry("docs/a.md", text, **(more or {"held_by": (HELD,)}))


def test_sentences_without_an_entry(plan):
    assert plan.unfit("docs/a.md", TEXT, []) == ([], SENTENCES)


def test_an_entry_covers_the_words_it_holds(plan, made):
    entries = [
        made("never loses a beat"),
        made("Another one is [**exact**](stream.md)."),
        made("results are always\nright. Nothing is rounded."),
        made("Nothing here that costs", why="no promise"),
        made("every beat of a frame"),
        made("A core is small."),  # a promise need not have such a word
    ]
    assert plan.unfit("docs/a.md", TEXT, entries) == ([], [])
    # The same words beside the one of promise don't cover it.
    wrong, missing = plan.unfit("docs/a.md", TEXT, [made("loses a beat"), *entries[1:]])
    assert (wrong, missing) == ([], [SENTENCES[0]])


@pytest.mark.parametrize(
    "word",
    [
        *("never", "Always", "exactly", "exact", "bit for bit", "byte for byte", "to the bit", "every"),
        *("everything", "at any time", "any pattern", "any moment", "nothing is", "proved", "resumes"),
        *("goes on where it was", "no traceback", "a beat per clock", "one beat in each clock", "each clock"),
        *("refused", "the same bytes", "whatever", "leaves by itself", "the tests"),
    ],
)
def test_words_of_promise(plan, word):
    sentence = f"Here {word} stands."
    assert plan.unfit("docs/a.md", f"One is plain. {sentence} Another is plain.", []) == ([], [sentence])
    assert plan.unfit("docs/a.md", f"Here `{word}` stands.", []) == ([], [])


def test_plain_sentences_need_no_entry(plan):
    text = "A clock each. It costs nothing. Next to nothing is left. An inexact, nevertheless everyday thing."
    assert plan.unfit("docs/a.md", text, []) == ([], [])


def test_alike_cells_are_one_place(plan, made):
    text = "| a | never more than that |\n| b | never more than that |\n"
    assert plan.unfit("docs/a.md", text, [made("never more than that")]) == ([], [])


# What is wrong with an entry


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["It never loses two beats"], "isn't there"),
        (["or `never`"], "isn't there"),
        (["s"], "places: mend the entry"),
        (["It never says this."], "isn't there"),
        (["Every figure is written"], "isn't there"),
        (["never loses a beat", "It never loses a beat"], "two entries for one sentence"),
    ],
)
def test_entries_that_do_not_fit(plan, made, texts, said):
    wrong, _ = plan.unfit("docs/a.md", TEXT, [made(text) for text in texts])
    assert wrong
    assert all(said in line for line in wrong)


def test_what_is_stated_must_sound_like_a_promise(plan, made):
    wrong, _ = plan.unfit("docs/a.md", TEXT, [made("A core is small.", why="so it is")])
    assert len(wrong) == 1
    assert "without use" in wrong[0]


def test_two_sentences_held_by_one_entry_leave_none(plan, made):
    assert SENTENCES[3] not in plan.unfit("docs/a.md", TEXT, [made("always right. Nothing is rounded.")])[1]


# Tests that are named

TESTS = """
import pytest
import pytest as other

def test_right(): assert True

@pytest.mark.parametrize("x", [1])
def test_many(x): assert x

@pytest.mark.skip(reason="never")
def test_skipped(): assert True

@pytest.mark.skipif(True, reason="never")
def test_skipped_if_true(): assert True

@pytest.mark.skipif(other.x, reason="sometimes")
def test_sometimes(): assert True

@pytest.mark.xfail
def test_expected_to_fail(): assert False

@pytest.mark.xfail(other.x, reason="sometimes")
def test_may_fail(): assert True

def test_leaves():
    pytest.skip("not today")

@pytest.mark.long
def test_slow(): assert True

def helper(): pass
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(TESTS)
    (tmp_path / "tests" / "test_gone.py").write_text(
        "import pytest\npytestmark = [pytest.mark.skip]\n" + TESTS
    )
    (tmp_path / "tests" / "test_long.py").write_text("import pytest\npytestmark = pytest.mark.long\n" + TESTS)
    return tmp_path


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ("tests/test_a.py::test_right", ""),
        ("tests/test_a.py::test_many", ""),
        ("tests/test_a.py::test_many[1]", ""),
        ("tests/test_a.py::test_sometimes", ""),
        ("tests/test_a.py::test_may_fail", ""),
        ("tests/test_a.py::test_slow", ""),
        ("tests/test_long.py::test_right", ""),
        ("tests/test_a.py::test_renamed", "no such test"),
        ("tests/test_a.py::helper", "no such test"),
        ("tests/test_b.py::test_right", "no such file"),
        ("tests/test_a.py", "no file::test"),
        ("tests/test_a.py::test_skipped", "always leaves it out"),
        ("tests/test_a.py::test_skipped_if_true", "always leaves it out"),
        ("tests/test_a.py::test_expected_to_fail", "always leaves it out"),
        ("tests/test_a.py::test_leaves", "always leaves it out"),
        ("tests/test_gone.py::test_right", "always leaves it out"),
    ],
)
def test_tests_are_looked_up(plan, root, node, why):
    found = plan.untested(node, root)
    assert why in found if why else not found


def test_a_promise_held_by_long_tests_alone(plan, root):
    def check(*held_by):
        return plan.check(
            [plan.Entry("docs/a.md", "It never ends.", held_by)], {"docs/a.md": "It never ends."}, set(), root
        )

    assert check(HELD) == check(HELD, "tests/test_a.py::test_slow") == []
    for held_by in (("tests/test_a.py::test_slow",), ("tests/test_long.py::test_right",)):
        (wrong,) = check(*held_by)
        assert "-m long alone" in wrong


def test_a_renamed_test_a_lost_sentence_and_a_new_one_are_found(plan, root):
    """What CI must say, with the page, the sentence and what to add."""
    texts = {"docs/a.md": "It never ends. It is fast."}
    entry = plan.Entry("docs/a.md", "It never ends.", (HELD,))
    assert plan.check([entry], texts, set(), root) == []
    (wrong,) = plan.check([plan.Entry("docs/a.md", "It never ends.", (HELD + "_more",))], texts, set(), root)
    assert "test_right_more: no such test" in wrong
    lost = plan.check([entry], {"docs/a.md": "It ends. It is fast."}, set(), root)
    assert len(lost) == 1
    assert "isn't there" in lost[0]
    (new,) = plan.check([entry], {"docs/a.md": "It never ends. It is always fast."}, set(), root)
    assert new.startswith(
        "docs/a.md: a promise that nothing holds: 'It is always fast.'. Add to docs/test_plan.toml"
    )
    assert "[[promise]]" in new
    (page,) = plan.check([entry, plan.Entry("docs/b.md", "x", (HELD,))], texts, set(), root)
    assert page == "docs/b.md: no such page"


def test_the_entry_that_is_proposed_covers_the_sentence(plan, root, tmp_path):
    sentence = "It is `always` exact, whatever comes: " + "a long sentence " * 12 + "ends."
    proposed = plan.missing_entry("docs/a.md", sentence).replace("tests/...::test_...", HELD)
    (tmp_path / "plan.toml").write_text(proposed)
    assert plan.check(plan.read(tmp_path / "plan.toml"), {"docs/a.md": sentence}, set(), root) == []


# Proofs


STORED = """[
 {"kind": "fwht", "text": "N 4", "property": "valid", "verdict": "proved"},
 {"kind": "fwht", "text": "N 8", "property": "valid", "verdict": "proved"},
 {"kind": "skid", "text": "P 2", "property": "valid", "verdict": "proved"},
 {"kind": "fwht", "text": "N 4", "property": "value", "verdict": "proved"},
 {"kind": "fwht", "text": "N 8", "property": "value", "verdict": "bounded"},
 {"kind": "skid", "text": "P 2", "property": "value", "verdict": "proved"}
]"""
NETLISTS = '{"a": {"name": "ecp5_a", "verdict": "proved"}, "b": {"name": "ecp5_b", "verdict": "timed out"}}'


def test_proofs_are_those_that_were_stored_as_proved(plan, root, tmp_path):
    files = [tmp_path / name for name in ("prove.json", "equivalence.json", "none.json")]
    files[0].write_text(STORED)
    files[1].write_text(NETLISTS)
    proved = plan.proofs(tuple(files))
    assert proved == {"fwht valid", "skid valid", "every valid", "skid value", "ecp5_a"}
    texts = {"docs/a.md": "It never ends."}
    entry = plan.Entry("docs/a.md", "It never ends.", ("proof:every valid",))
    assert plan.check([entry], texts, proved, root) == []
    (wrong,) = plan.check([entry], texts, set(), root)
    assert "proof:every valid: no such proof" in wrong


# The file


@pytest.mark.parametrize(
    "text",
    [
        '[[promise]]\npage = "a"\ntext = "b"\n',
        '[[promise]]\npage = "a"\ntext = "b"\nheld_by = []\n',
        '[[stated]]\npage = "a"\ntext = "b"\nwhy = ""\n',
        '[[stated]]\npage = "a"\ntext = "b"\nheld_by = ["c"]\n',
        '[[promised]]\npage = "a"\n',
    ],
)
def test_a_plan_that_is_not_whole(plan, tmp_path, text):
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(ValueError, match=r"needs page, text|a plan has"):
        plan.read(tmp_path / "plan.toml")


def test_the_table_is_by_page_and_of_promises_alone(plan):
    held = ("t/x.py::test_y", "t/x.py::test_z", "proof:p", ".ci/run")
    entries = [
        plan.Entry("docs/a.md", "- **It** is [a | b](c.md).", held),
        plan.Entry("docs/a.md", "stated", why="so"),
        plan.Entry("README.md", "first", ("tests/x.py::test_y",)),
    ]
    right = "[`t/x.py`](../t/x.py) `test_y`, `test_z`<br>proof `p`<br>[`.ci/run`](../.ci/run)"
    head = ["", "| promise | held by |", "|---|---|"]
    assert plan.table(entries, ["README.md", "docs/a.md"]).split("\n") == [
        *("## [README.md](../README.md)", *head, "| first | [`x.py`](../tests/x.py) `test_y` |"),
        *("", "## [a.md](a.md)", *head, rf"| It is a \| b. | {right} |"),
    ]
