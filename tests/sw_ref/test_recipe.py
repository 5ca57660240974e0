"""Recipes: what people write is read as they mean it, or refused in one clear line."""

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from hadacast import reading, recipe, samples
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.spec.cast import Cast
from hadacast.spec.fwht import STORAGE, Fwht
from hadacast.spec.pipeline import Pipeline

SHIPPED = recipe.catalogue()
MINIMAL = '[stream]\nframe = 8\n[[stage]]\nkind = "fwht"\n'
TWO_CASTS = MINIMAL + '[[stage]]\nkind = "cast"\n[[stage]]\nkind = "cast"\n'
# Hypothesis draws many inputs per test; each is written to the same file.
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "mine.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def refusal(path: str | Path, overrides=()) -> str:
    """The error's text, which is one printable line of bounded length."""
    with pytest.raises(HadacastError) as caught:
        recipe.load(path, overrides)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 1200
    return message


# Shipped recipes


def test_catalogue():
    assert list(SHIPPED) == sorted(SHIPPED)
    assert "rotate128" in SHIPPED
    folder = Path(recipe.__file__).with_name("recipes")
    assert sorted(SHIPPED.values()) == sorted(folder.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipe_loads(name):
    loaded = recipe.load(name)
    assert loaded.pipeline.name == name
    assert loaded.pipeline.title
    assert loaded.pipeline.source
    assert loaded.sample in {*samples.SAMPLES, "random"}
    assert recipe.load(SHIPPED[name]) == loaded
    assert recipe.load(str(SHIPPED[name])) == loaded
    assert hash(recipe.load(name)) == hash(loaded)


def test_rotate128_is_what_its_file_says():
    first = Fwht(frame=128, lanes=4, input=Format(width=16, fraction=10), registers=1, storage="auto")
    stages = (first, Cast(frame=128, lanes=4, input=Format(width=23, fraction=10)))
    loaded = recipe.load("rotate128")
    assert loaded.pipeline.stages == stages
    assert loaded.board == "ulx3s_85f"


# A recipe of one's own


def test_least_recipe(write):
    loaded = recipe.load(write(MINIMAL))
    assert loaded == recipe.Recipe(pipeline=Pipeline(name="mine", stages=(Fwht(frame=8),)))
    assert loaded.sample in {*samples.SAMPLES, "random"}


def test_every_key(write):
    loaded = recipe.load(
        write(
            """
            name = "all_keys"
            title = "½"
            source = "here"
            stream = {frame = 16, lanes = 2}
            input = {width = 9, fraction = -3, signed = false}
            build = {sample = "a.npy", board = "icebreaker"}
            stage = [{kind = "fwht", registers = 2, storage = "ff", stall_span = 3}, {kind = "cast"}]
            """
        )
    )
    input_ = Format(width=9, fraction=-3, signed=False)
    first = Fwht(frame=16, lanes=2, input=input_, registers=2, storage="ff", stall_span=3)
    stages = (first, Cast(frame=16, lanes=2, input=first.output))
    pipeline = Pipeline(name="all_keys", stages=stages, title="½", source="here")
    assert loaded == recipe.Recipe(pipeline=pipeline, sample="a.npy", board="icebreaker")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Mine.toml", "mine"),
        ("8bit-int.toml", "r8bit_int"),
        ("_x.toml", "r_x"),
        ("größe.toml", "gr__e"),
        ("x" * 60 + ".toml", "x" * 40),
        ("1" * 60 + ".toml", "r" + "1" * 39),
        ("a b\n.toml", "a_b_"),
        ("a.b.toml", "a_b"),
    ],
)
def test_name_from_the_file(write, file, name):
    assert recipe.load(write(MINIMAL, file)).pipeline.name == name


def test_byte_order_mark_and_line_ends_of_windows(write):
    assert recipe.load(write(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())).pipeline.frame == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "[stream] has no frame: it must say how many elements a frame has"),
        (
            "speed = 1",
            "the recipe has no field 'speed': it must be one of build, input, method, name, source, stage, ",
        ),
        ("stream = 5", "[stream] is 5: it must be a table"),
        ("stream = [8]", "[stream] is [8]: it must be a table"),
        ("[[stream]]\nframe=8", "[stream] is [{'frame': 8}]: it must be a table"),
        ("[stream]\nframe = 8", "stage is []: it must be 1 to 256 [[stage]] tables"),
        ("[stream]\nsize = 8", "[stream] has no field 'size': it must be one of copies, frame, lanes"),
        ('"a\\nb" = 1', r"the recipe has no field 'a\nb': it must be one of"),
        ("stage = 5\n[stream]\nframe=8", "stage is 5: it must be 1 to 256 [[stage]] tables"),
        ("stage = []\n[stream]\nframe=8", "stage is []: it must be 1 to 256 [[stage]] tables"),
        ("stage = [5]\n[stream]\nframe=8", "[[stage]] 0 is 5: it must be a table"),
        ("[stream]\nframe=8\n[stage]\nkind='fwht'", "stage is {'kind': 'fwht'}: it must be 1 to 256"),
        ("[stream]\nframe=8\n[[stage]]", "[[stage]] 0 kind is None: it must be one of fwht, cast"),
        (
            "[stream]\nframe=8\n[[stage]]\nkind='fft'",
            "[[stage]] 0 kind is 'fft': it must be one of fwht, cast",
        ),
        ("[stream]\nframe=8\n[[stage]]\nkind=['fwht']", "[[stage]] 0 kind is ['fwht']: it must be one of"),
        (
            MINIMAL + "frame = 8",
            "[[stage]] 0 has no field 'frame': it must be one of bits, kind, registers, size, stall_",
        ),
        (MINIMAL + "input = {}", "[[stage]] 0 has no field 'input': "),
        (
            MINIMAL + "[[stage]]\nkind='cast'\nwidth=3",
            "[[stage]] 1 has no field 'width': it must be one of kind",
        ),
        (MINIMAL + "registers = 9", "registers is 9: it must be an integer from 0 to 2"),
        (MINIMAL + "registers = true", "registers is True: it must be an integer from 0 to 2"),
        (MINIMAL + "storage = 'x'", "storage is 'x': it must be one of auto, ff, lutram, bram"),
        (MINIMAL + "[input]\nwidth = 50", "width is 50: an fwht stage takes 1 to 48 input bits"),
        (
            MINIMAL + "[input]\nwidth = 2024-01-01",
            "width is datetime.date(2024, 1, 1): it must be an integer",
        ),
        (MINIMAL + "[input]\nwidth = inf", "width is inf: it must be an integer"),
        (
            MINIMAL + "[input]\nbits = 8",
            "[input] has no field 'bits': it must be one of element, format, fraction, signed, width",
        ),
        (MINIMAL + "[input]\nsigned = 1", "signed is 1: it must be true or false"),
        (
            MINIMAL + "[input]\nwidth = 0x" + "f" * 9000,
            "width is <int too large to print>: it must be an integer",
        ),
        (MINIMAL + "[build]\nboard = 5", "board is 5: it must be one line of printable text"),
        (
            MINIMAL + "[build]\nsample = 'a'\nflow = 'b'",
            "[build] has no field 'flow': it must be one of board, ",
        ),
        (MINIMAL + "[build]\nimage = [2, 2, 2]", "image is (2, 2, 2): it must be rows and columns"),
        (MINIMAL + "[build]\nimage = 8", "image is 8: it must be rows and columns"),
        (MINIMAL + "[build]\nimage = [2, 5]", "image is (2, 5): it must be as large as a frame of input"),
        (MINIMAL + "[build]\nimage = [2.0, 4]", "image is 2.0: it must be an integer"),
        (MINIMAL + '[build]\nsample = "\\u001b"', r"sample is '\x1b': it must be one line of printable text"),
        ("name = 'A'\n" + MINIMAL, "name is 'A': it must be 1 to 40 of a-z, 0-9 and _"),
        ("title = 5\n" + MINIMAL, "title is 5: it must be one line of printable text"),
        ('source = "a\\nb"\n' + MINIMAL, r"source is 'a\nb': it must be one line of printable text"),
        (
            "[stream]\nframe = 1\n[[stage]]\nkind='fwht'",
            "frame is 1: it must be an integer from 2 to 65,536",
        ),
        ("[stream]\nframe = 8.0\n[[stage]]\nkind='fwht'", "frame is 8.0: it must be an integer"),
        (
            "[stream]\nframe=8\nlanes=16\n[[stage]]\nkind='fwht'",
            "lanes is 16: it must divide the frame, 8",
        ),
    ],
)
def test_content_refused(write, content, message):
    assert refusal(write(content)).startswith(f"recipe 'mine.toml': {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"frame = ", "Invalid value"),
        (b"\xff\xfe", "can't decode byte 0xff in position 0"),
        (b"a = 1\na = 2", "Cannot overwrite a value"),
        (b"a = " + b"[" * 100_000, "it is nested too deep: 32 levels are the most"),
        (b"a = " + b"9" * 5000, "Exceeds the limit"),
        (b"a = 2024-02-31", "Invalid date"),
        (b"#" * (reading.MAX_BYTES + 1), "larger than 1,048,576 bytes"),
    ],
)
def test_files_that_are_no_toml(write, content, message):
    path = write(content)
    text = refusal(path)
    assert "mine.toml'" in text
    assert re.search(message, text)


def test_deep_tables_are_refused(write):
    # Dotted keys nest without recursion, so deeper than Python can print.
    assert "a key has too many parts" in refusal(write(".".join(["a"] * 3000) + " = 1"))
    assert "too many parts" in refusal(write(MINIMAL + "[input]\nwidth." + ".".join(["a"] * 3000) + " = 1"))
    assert "width is {" in refusal(write(MINIMAL + "[input]\nwidth." + ".".join(["a"] * 20) + " = 1"))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "rotate1024x",
            "no recipe 'rotate1024x': .* or one that .hadacast list. shows, such as rotate",
        ),
        ("", "no recipe '': it must be a .toml file or one that"),
        ("a\nb", r"no recipe 'a\\nb': "),
        (Path("rotate128"), "no recipe 'rotate128': "),  # a Path is a file, not a name
        ("mine.json", "no recipe 'mine.json': "),
        (None, "no recipe None: "),
        (b"rotate128", "no recipe b'rotate128': "),
        (5, "no recipe 5: "),
        ("absent.toml", "recipe 'absent.toml': No such file"),
        ("a\0b.toml", r"recipe 'a\\x00b.toml': embedded null byte"),
        ("x" * 5000 + ".toml", r"recipe 'xxx.*\.toml': File name too long"),
        ("\udc80.toml", r"recipe '\\udc80.toml': No such file"),
    ],
)
def test_names_and_paths_refused(path, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert re.match(message, refusal(path))


def test_folders_are_no_recipes(tmp_path):
    (tmp_path / "x.toml").mkdir()
    assert "x.toml': Is a directory" in refusal(tmp_path / "x.toml")


# Overrides


@pytest.mark.parametrize(
    ("text", "read", "value"),
    [
        ("stream.frame=16", lambda r: r.pipeline.frame, 16),
        (" stream.frame = 16 ", lambda r: r.pipeline.frame, 16),
        ("stream.frame=0x10", lambda r: r.pipeline.frame, 16),
        ("stream.frame=1_024", lambda r: r.pipeline.frame, 1024),
        ("stream.lanes=8", lambda r: r.pipeline.lanes, 8),
        ("stream={frame = 4}", lambda r: r.pipeline.frame, 4),
        ("input.width=12", lambda r: r.pipeline.input, Format(width=12)),
        ("input.fraction=-4", lambda r: r.pipeline.input, Format(fraction=-4)),
        ("input.signed=false", lambda r: r.pipeline.input, Format(signed=False)),
        ("stage.fwht.registers=2", lambda r: r.pipeline.stages[0].registers, 2),
        ("stage.0.registers=0", lambda r: r.pipeline.stages[0].registers, 0),
        ("stage.0.storage=bram", lambda r: r.pipeline.stages[0].storage, "bram"),
        ("stage.fwht.storage='ff'", lambda r: r.pipeline.stages[0].storage, "ff"),
        ('stage.fwht.storage="ff"', lambda r: r.pipeline.stages[0].storage, "ff"),
        ("stage.2.kind=cast", lambda r: r.pipeline.stages[2].kind, "cast"),
        ("stage=[{kind='fwht'}]", lambda r: len(r.pipeline.stages), 1),
        ("build.board=icebreaker", lambda r: r.board, "icebreaker"),
        ("build.sample=dir/x=y.npy", lambda r: r.sample, "dir/x=y.npy"),
        ("build.sample=", lambda r: r.sample, ""),
        ("name=other", lambda r: r.pipeline.name, "other"),
        ("title=A rotation, in words", lambda r: r.pipeline.title, "A rotation, in words"),
        ("title='5'", lambda r: r.pipeline.title, "5"),
    ],
)
def test_override(write, text, read, value):
    path = write(TWO_CASTS)
    assert read(recipe.load(path)) != value or text.startswith("stage.2.kind")
    assert read(recipe.load(path, [text])) == value
    assert recipe.load(path) == recipe.load(path, [])  # the file's own values are not touched


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "override '': it must be key=value, such as stream.lanes=8"),
        ("lanes", "override 'lanes': it must be key=value"),
        ("=8", "override '=8': it must be key=value"),
        (".=8", "override '.=8': it must be key=value"),
        ("stream..lanes=8", "override 'stream..lanes=8': it must be key=value"),
        ("stream.=8", "override 'stream.=8': it must be key=value"),
        (5, "override is 5: it must be a str"),
        (None, "override is None: it must be a str"),
        ("lanes=8", "recipe 'mine.toml': the recipe has no field 'lanes'"),
        ("stream.lane=8", "recipe 'mine.toml': [stream] has no field 'lane'"),
        ("stream.lanes=x", "recipe 'mine.toml': lanes is 'x': it must divide the frame, 8"),
        ("stream.lanes=", "recipe 'mine.toml': lanes is '': it must divide the frame, 8"),
        ("stream.lanes=4\ninput.width=8", r"recipe 'mine.toml': lanes is '4\ninput.width=8': it must divide"),
        ("stream.lanes=0x" + "f" * 9000, "recipe 'mine.toml': lanes is <int too large to print>: it must"),
        ("stream.lanes.x=8", "recipe 'mine.toml': lanes is {'x': 8}: it must divide the frame, 8"),
        ("stream.frame.x=8", "override 'stream.frame.x=8': 'frame' is not a table"),
        ("stream=8", "recipe 'mine.toml': [stream] is 8: it must be a table"),
        ("stage.0=8", "override 'stage.0=8': say which stage and which field"),
        ("stage.0.kind.x=8", "override 'stage.0.kind.x=8': 'kind' is not a table"),
        ("stage=8", "recipe 'mine.toml': stage is 8: it must be 1 to 256 [[stage]] tables"),
        (
            "stage.fft.registers=2",
            "override 'stage.fft.registers=2': no single stage 'fft'; it must be one of 0,",
        ),
        (
            "stage.3.registers=2",
            "override 'stage.3.registers=2': no single stage '3'; it must be one of 0, 1, 2, f",
        ),
        ("stage.-1.x=2", "override 'stage.-1.x=2': no single stage '-1'; it must be one of 0, 1, 2, fwht"),
        (
            "stage.cast.x=2",
            "override 'stage.cast.x=2': no single stage 'cast'; it must be one of 0, 1, 2, fwht",
        ),
        ("stage.1.x=2", "recipe 'mine.toml': [[stage]] 1 has no field 'x': it must be one of kind"),
        (
            "stage.a\nb.x=2",
            r"override 'stage.a\nb.x=2': no single stage 'a\nb'; it must be one of 0, 1, 2, fwht",
        ),
        ("input.a\nb=2", r"recipe 'mine.toml': [input] has no field 'a\nb'"),
        ("build.board=5", "recipe 'mine.toml': board is 5: it must be one line of printable text"),
        (
            "build.board=\udc80",
            r"recipe 'mine.toml': board is '\udc80': it must be one line of printable text",
        ),
        ("input.width." + ".".join("a" * 9) + "=1", "recipe 'mine.toml': width is {'a': {"),
        ("input.width." + ".".join("a" * 9000) + "=1", "override 'input.width.a.a.a"),
    ],
)
def test_override_refused(write, text, message):
    assert refusal(write(TWO_CASTS), [text]).startswith(message)


def test_later_overrides_win(write):
    assert recipe.load(write(MINIMAL), ["stream.frame=16", "stream.frame=4"]).pipeline.frame == 4
    both = ["stage=[{}]", "stage.0.kind=fwht"]
    assert recipe.load(write(MINIMAL), both) == recipe.load(write(MINIMAL))


# Anything at all

PARTS = [
    "name",
    "stream",
    "frame",
    "lanes",
    "input",
    "width",
    "stage",
    "fwht",
    "cast",
    "0",
    "9",
    "kind",
    "build",
]
VALUES = ["8", "-1", "1e9", "true", "[]", "{}", "[[1]]", "nan", "'x'", '"""', "1\n[a]", "{a.b=1}", "\\"]
keys = st.lists(st.sampled_from(PARTS) | st.text(max_size=3), min_size=1, max_size=4).map(".".join)
values = st.sampled_from(VALUES) | st.integers().map(str) | st.text(max_size=20)
lines = st.lists(st.tuples(keys, values).map(" = ".join), max_size=6).map("\n".join)


@st.composite
def damaged_recipes(draw):
    content = bytearray(SHIPPED["rotate128"].read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content) - 1))
        piece = draw(st.binary(max_size=4) | st.sampled_from([b"\n[stream]\n", b"[[stage]]", b".", b"="]))
        content[at : at + draw(st.integers(0, 20))] = piece
    return bytes(content)


files = st.binary() | lines.map(lambda text: text.encode(errors="surrogatepass")) | damaged_recipes()
overrides = st.lists(st.tuples(keys, values).map("=".join) | st.text(), max_size=3)


def loads_or_refuses(path: Path, overrides: list[str]) -> None:
    try:
        loaded = recipe.load(path, overrides)
    except HadacastError:
        refusal(path, overrides)  # again, for its text
    else:
        assert isinstance(loaded.pipeline, Pipeline)
        hash(loaded)


@FUZZ
@given(overrides=overrides)
@example(overrides=["stage.fwht.kind=[1]", "stage.fwht.x=1"])
@example(overrides=["stage=[[{}]]", "stage.0.0.kind=fwht"])
@example(overrides=["title=" + "[" * 5000])
def test_any_override_loads_or_is_refused(write, overrides):
    loads_or_refuses(write(TWO_CASTS), overrides)


@FUZZ
@given(content=files)
def test_any_file_loads_or_is_refused(write, content):
    loads_or_refuses(write(content), [])


@pytest.mark.long
@settings(FUZZ, max_examples=10_000)
@given(content=st.just(TWO_CASTS.encode()) | files, overrides=overrides)
def test_any_file_with_any_overrides(write, content, overrides):
    loads_or_refuses(write(content), overrides)


@FUZZ
@given(
    frame=st.integers(1, 16),
    lanes=st.integers(0, 4),
    width=st.integers(1, 32),
    fraction=st.integers(-64, 128),
    signed=st.booleans(),
    registers=st.integers(0, 2),
    storage=st.sampled_from(STORAGE),
    stall_span=st.integers(1, 16),
)
def test_a_spec_survives_being_written_down(
    write, frame, lanes, width, fraction, signed, registers, storage, stall_span
):
    """Every valid transform, as a file and as overrides of another, reads back as itself."""
    assume(lanes <= frame)
    assume(storage != "ff" or frame - lanes <= 9)
    input_ = Format(width=width, fraction=fraction, signed=signed)
    own = {"registers": registers, "storage": storage, "stall_span": stall_span}
    spec = Fwht(frame=1 << frame, lanes=1 << lanes, input=input_, **own)
    tables = {
        "stream": {"frame": spec.frame, "lanes": spec.lanes},
        "input": dataclasses.asdict(spec.input),
        "stage.fwht": own,
    }
    overrides, text = [], []
    for table, members in tables.items():
        text.append("[[stage]]\nkind = 'fwht'" if table == "stage.fwht" else f"[{table}]")
        for key, value in members.items():
            overrides.append(f"{table}.{key}={str(value).lower()}")
            text.append(f"{key} = {value!r}" if key == "storage" else f"{key} = {str(value).lower()}")
    expected = Pipeline(name="mine", stages=(spec,))
    assert recipe.load(write("\n".join(text))).pipeline == expected
    assert recipe.load(write(MINIMAL), overrides).pipeline == expected


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"pipeline": None}, "pipeline is None: it must be a Pipeline"),
        ({"sample": 5}, "sample is 5: it must be one line of printable text, up to 4,096 characters"),
        ({"board": None}, "board is None: it must be one line of printable text, up to 4,096 characters"),
    ],
)
def test_recipe_members_refused(members, message):
    pipeline = Pipeline(name="p", stages=(Fwht(frame=8),))
    with pytest.raises(HadacastError, match=f"^{message}$"):
        recipe.Recipe(**{"pipeline": pipeline, **members})
