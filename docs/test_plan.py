"""The test plan: the tests and proofs that hold the promises of README.md and docs/, and what isn't held.

    python docs/test_plan.py           write test_plan.md from test_plan.toml, and say what doesn't fit
    python docs/test_plan.py --open    say nothing else than the entries that are missing, to be filled in

A sentence with a word of promise (WORDS) needs an entry in test_plan.toml:

    [[promise]]                        what hadacast promises
    page = "docs/stream.md"
    text = "No beat is lost, sent twice or overtaken."
    held_by = ["tests/hw/core/test_rtl.py::test_equals_the_spec", "proof:NAME"]

    [[stated]]                         mathematics, other people's facts, advice: no promise of ours
    page = "docs/transform.md"
    text = "Every sum takes all the numbers."
    why = "the definition"

`text` stands in one place of the page and holds all words of promise of its sentence; it may be shorter than
the sentence, or span several of a paragraph. Promises may be listed that have no such word.

What is read: paragraphs, list items, and cells of three words or more. What isn't: headings, fenced code,
comments, and what stands between the two comments of a table that a program writes. Code within a line is
part of a sentence, but no word in it is a word of promise.
"""

import ast
import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marks import place

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PLAN = DOCS / "test_plan.toml"
PAGE = DOCS / "test_plan.md"
PROOFS = (DOCS / "prove.json", DOCS / "equivalence.json")
CI = ".ci/run"  # what CI runs on a bare clone, which holds some promises itself

WORDS = re.compile(
    r"""\b(?:
      never | always | guarantee[sd]? | prove[sdn]? | proofs? | the\ tests | a\ test
    | exact(?:ly|ness)? | (?:bit|byte|code|cycle)\ (?:for|by)\ (?:bit|byte|code|cycle) | to\ the\ (?:bit|byte)
    | the\ same\ (?:bits|bytes|table|results?|codes|report)
    | every(?:thing|where)? | whatever | no\ matter | nobody | (?<!next\ to\ )(?<!cost\ )(?<!costs\ )nothing
    | at\ any | any\ (?:time|moment|pattern|number|beat|input|order|length|clock)
    | (?:a|one|each)\ beats?\ (?:per|a|in\ each|in\ every|every|each)\ clock | (?:each|every|per)\ clock
    | refuse[sd]? | lossless | no\ traceback | resume[sd]? | goes?\ on\ where | leaves?\ by\ itself
    | for\ ever
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
LEAST_OF_A_CELL = 3  # words; fewer say no sentence

FENCE = re.compile(r"^( *)```.*?^\1```[^\n]*$", re.MULTILINE | re.DOTALL)
WRITTEN = re.compile(r"<!-- [^>]*? -->.*?<!-- end[^>]*-->", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->|<a id=[^>]*></a>", re.DOTALL)
CODE = re.compile(r"`[^`]*`")
HEADING = re.compile(r"^#+ .*$|^\|.*\n(?=\|[-:| ]+$)", re.MULTILINE)  # of sections, and of tables
BEGIN = re.compile(r"\s*(?:[-*] |\d+\. |\|)")
SENTENCE = re.compile(r"""(?<=[.!?])[*_)”"]*\s+(?=[^a-z\s])""")


@dataclass(frozen=True)
class Entry:
    """One of the plan: a promise and what holds it, or a sentence that is none and why."""

    page: str
    text: str
    held_by: tuple[str, ...] = ()
    why: str = ""

    @property
    def promise(self) -> bool:
        return not self.why


def units(page: str) -> list[str]:
    """A page's paragraphs, list items and cells, each on one line."""
    for form in (FENCE, WRITTEN):
        page = form.sub("\n\n", page)
    page = HEADING.sub("\n\n", COMMENT.sub("", page))
    found: list[str] = []
    lines: list[str] = []
    for line in [*page.splitlines(), ""]:
        if not line.strip() or BEGIN.match(line):
            found.append(" ".join(lines))
            lines = []
        if line.lstrip().startswith("|"):
            cells = line.strip().strip("|").split("|")
            found += [cell for cell in cells if len(cell.split()) >= LEAST_OF_A_CELL]
        else:
            lines.append(line)
    return [" ".join(text.split()) for text in found if text.strip()]


def sentences(unit: str) -> Iterator[tuple[int, int]]:
    """Begin and end of each sentence."""
    begin = 0
    for cut in [match.end() for match in SENTENCE.finditer(unit)] + [len(unit)]:
        if begin < cut:
            yield begin, cut
        begin = cut


def promising(unit: str) -> list[tuple[int, int]]:
    """Begin and end of each word of promise, but those within code."""
    plain = CODE.sub(lambda match: "`" + "." * (len(match[0]) - 2) + "`", unit)
    return [match.span() for match in WORDS.finditer(plain)]


def unfit(page: str, text: str, entries: list[Entry]) -> tuple[list[str], list[str]]:
    """What is wrong with a page's entries, and the sentences that have none."""
    whole = list(dict.fromkeys(units(text)))  # cells that say the same are one place
    wrong: list[str] = []
    marks: list[list[tuple[int, int, Entry]]] = [[] for _ in whole]
    for entry in entries:
        wanted = " ".join(entry.text.split())
        places = [
            (mark, found.start())
            for mark, unit in zip(marks, whole, strict=True)
            for found in re.finditer(f"(?={re.escape(wanted)})", unit)
        ]
        if len(places) != 1 or not wanted:
            count = "isn't there (any more)" if not places else f"stands in {len(places)} places"
            wrong.append(f"{page}: text {count}: mend the entry, or take it out: {wanted!r}")
            continue
        mark, begin = places[0]
        mark.append((begin, begin + len(wanted), entry))
    missing = []
    for unit, mark in zip(whole, marks, strict=True):
        words = promising(unit)
        for begin, end, entry in mark:
            inside = [word for word in words if begin <= word[0] and word[1] <= end]
            if not entry.promise and not inside:
                wrong.append(
                    f"{page}: an entry without use, nothing here sounds like a promise: {unit[begin:end]!r}"
                )
            for other in mark:
                if other[2] is not entry and any(other[0] <= a and b <= other[1] for a, b in inside):
                    wrong.append(f"{page}: two entries for one sentence: {unit[begin:end]!r}")
                    break
        for begin, end in sentences(unit):
            for a, b in words:
                if begin <= a < end and not any(first <= a and b <= last for first, last, _ in mark):
                    missing.append(unit[begin:end].strip())
                    break
    return wrong, missing


def missing_entry(page: str, sentence: str) -> str:
    """What a missing entry may look like, as TOML."""
    lines = textwrap.fill(sentence, 106, break_long_words=False, break_on_hyphens=False)
    return (
        f"[[promise]]\npage = \"{page}\"\ntext = '''\n{lines}'''\n"
        'held_by = ["tests/...::test_..."] # or [[stated]], with why = "..." in place of held_by\n'
    )


# Tests


@cache
def functions(file: Path) -> dict[str, tuple[ast.expr, ...]]:
    """Of each test of a file its marks: those of the file, its decorators, and what it calls."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    everyone = [mark for node in tree.body for mark in _module_marks(node)]
    return {
        node.name: (
            *everyone,
            *node.decorator_list,
            *(line.value for line in node.body if isinstance(line, ast.Expr)),
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _module_marks(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign) and any(
        isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets
    ):
        return node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
    return [node.value] if isinstance(node, ast.Expr) else []


def _always_out(mark: ast.expr) -> bool:
    """Whether a decorator, or a statement, is a skip or an xfail without a condition."""
    call = mark if isinstance(mark, ast.Call) else None
    name = ast.unparse(call.func if call else mark)
    if name in ("pytest.mark.skip", "pytest.skip", "pytest.xfail"):
        return True
    given = [*call.args, *(word.value for word in call.keywords if word.arg == "condition")] if call else []
    if name == "pytest.mark.xfail":
        return not given or _true(given[0])
    return name == "pytest.mark.skipif" and bool(given) and _true(given[0])


def _true(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and bool(value.value)


def untested(node: str, root: Path = ROOT) -> str:
    """Why `file::test` holds nothing: it isn't there, or pytest always leaves it out; "" if it may hold."""
    name, _, test = node.partition("::")
    file = root / name
    if not test or not file.is_file():
        return "no such file" if test else "no file::test"
    marks = functions(file).get(test.partition("[")[0])
    if marks is None:
        return "no such test in the file"
    return "pytest always leaves it out" if any(_always_out(mark) for mark in marks) else ""


def long(node: str, root: Path = ROOT) -> bool:
    """Whether a test runs only with -m long."""
    name, _, test = node.partition("::")
    marks = functions(root / name)[test.partition("[")[0]]
    return any(ast.unparse(mark) == "pytest.mark.long" for mark in marks)


# Proofs


def proofs(files: tuple[Path, ...] = PROOFS) -> set[str]:
    """Names of what was proved, as the documents of `hadacast prove` and of the netlists store it.

    A record with a `name` is called so. One of a `kind` of component and a `property` is called both, "fwht
    valid", and counts if it was proved in all configurations of that kind; "every valid" is of all kinds.
    """
    found: dict[str, list[bool]] = {}
    for file in files:
        stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        for record in stored.values() if isinstance(stored, dict) else stored:
            kinds = (record["name"],) if "name" in record else (record["kind"], "every")
            for kind in kinds:
                name = kind if "name" in record else f"{kind} {record['property']}"
                found.setdefault(name, []).append(record["verdict"] == "proved")
    return {name for name, held in found.items() if all(held)}


# The plan


def read(file: Path = PLAN) -> list[Entry]:
    """The entries of a plan. Raises ValueError at one that isn't whole."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    found = []
    for kind, needed in (("promise", "held_by"), ("stated", "why")):
        for number, raw in enumerate(document.pop(kind, [])):
            if set(raw) != {"page", "text", needed} or not all(raw.values()):
                raise ValueError(f"{kind} {number} ({raw.get('text', '')!r}) needs page, text and {needed}")
            found.append(
                Entry(**{key: tuple(value) if key == "held_by" else value for key, value in raw.items()})
            )
    if document:
        raise ValueError(f"a plan has promises and what is stated, not {', '.join(document)}")
    return found


def pages() -> dict[str, str]:
    """Text of README.md and of each page of docs/, but the plan's own, by its path."""
    files = [ROOT / "README.md", *(file for file in sorted(DOCS.glob("*.md")) if file != PAGE)]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def check(entries: list[Entry], texts: dict[str, str], proved: set[str], root: Path = ROOT) -> list[str]:
    """All that is wrong, one text each."""
    wrong = [f"{page}: no such page" for page in sorted({entry.page for entry in entries} - set(texts))]
    for entry in entries:
        tests = [node for node in entry.held_by if node != CI and not node.startswith("proof:")]
        bad = {node: untested(node, root) for node in tests}
        wrong += [f"{entry.page}: {node}: {why}; holds {entry.text!r}" for node, why in bad.items() if why]
        unknown = [name for name in entry.held_by if name.startswith("proof:") and name[6:] not in proved]
        wrong += [f"{entry.page}: {name}: no such proof; holds {entry.text!r}" for name in unknown]
        alone = entry.promise and not any(bad.values()) and tests == list(entry.held_by)
        if alone and all(long(node, root) for node in tests):
            wrong.append(f"{entry.page}: held by tests of -m long alone: {entry.text!r}")
    for page, text in texts.items():
        here, missing = unfit(page, text, [entry for entry in entries if entry.page == page])
        wrong += here
        wrong += [
            f"{page}: a promise that nothing holds: {sentence!r}. Add to docs/test_plan.toml:\n\n"
            f"{missing_entry(page, sentence)}"
            for sentence in missing
        ]
    return wrong


def table(entries: list[Entry], order: list[str]) -> str:
    """Promises and what holds them, page by page, each page in the order of its text."""
    lines: list[str] = []
    for page in order:
        here = [entry for entry in entries if entry.page == page and entry.promise]
        if not here:
            continue
        link = f"../{page}" if "/" not in page else page.removeprefix("docs/")
        lines += ["", f"## [{page.removeprefix('docs/')}]({link})", "", "| promise | held by |", "|---|---|"]
        for entry in here:
            lines.append(f"| {_plain(entry.text)} | {_held(entry.held_by)} |")
    return "\n".join(lines[1:])


def _plain(text: str) -> str:
    """A promise as a cell: without what only means something on its page."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
    text = re.sub(r"^(?:[-*] |\d+\. )", "", text).replace("**", "").replace("*", "\\*").replace("|", "\\|")
    return text


def _held(nodes: tuple[str, ...]) -> str:
    """Proofs, and tests by their files."""
    files: dict[str, list[str]] = {}
    for node in nodes:
        file, _, test = node.partition("::")
        files.setdefault(file, []).append(f"`{test}`")
    found = []
    for file, tests in files.items():
        if file.startswith("proof:"):
            found.append(f"proof `{file.removeprefix('proof:')}`")
        elif file == CI:
            found.append(f"[`{CI}`](../{CI})")
        else:
            found.append(f"[`{file.removeprefix('tests/')}`](../{file}) {', '.join(tests)}")
    return "<br>".join(found)


def page(text: str, entries: list[Entry], order: list[str]) -> str:
    """The plan's page with its table."""
    return place(text, "plan", table(entries, order))


def main() -> int:
    """Write the page; say what is wrong."""
    entries, texts = read(), pages()
    wrong = check(entries, texts, proofs())
    if sys.argv[1:] == ["--open"]:
        for name, text in texts.items():
            for sentence in unfit(name, text, [entry for entry in entries if entry.page == name])[1]:
                print(missing_entry(name, sentence))
        return 0
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), entries, list(texts)), encoding="utf-8")
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
