"""YAML is read as plain data, and every value has a position."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dysfw.errors import DysfwError
from dysfw.recipe.document import MAX_BYTES, dump_document, parse_document, read_document
from dysfw.recipe.problems import Position, RecipeError


def value_of(text):
    return parse_document(f"a: {text}\n", "r.yaml").value["a"]


def problems(text):
    with pytest.raises(RecipeError) as caught:
        parse_document(text, "r.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", ["no", "yes", "on", "off", "y", "1:30", "2001-01-01", "1_000", "0x10", "0o17", "e3", ".", "+"])
def test_yaml_1_1_words_and_unusual_numbers_are_text(text):
    assert value_of(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10), ("-3", -3), ("+5", 5), ("0", 0),
        ("1e-3", 1e-3), ("1E5", 1e5), ("1.", 1.0), (".5", 0.5), ("-2.5e+1", -25.0), (".inf", math.inf), ("-.INF", -math.inf),
        ("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None),
        ("'010'", "010"), ('"true"', "true"), ("'~'", "~"), ("tRue", "tRue"),
        ("{b: [1, x]}", {"b": [1, "x"]}), ("[]", []),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text, value):
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_nan_is_a_number():
    assert math.isnan(value_of(".NaN"))


def test_keys_are_text():
    assert parse_document("1: a\ntrue: b\n~: c\n<<: d\n", "r.yaml").value == {"1": "a", "true": "b", "~": "c", "<<": "d"}


def test_keys_and_list_items_have_positions():
    text = "name: x\nbackbone:\n  use: concat\n  of:\n    - {use: a}\n    - use: b\n"
    positions = parse_document(text, "r.yaml").positions
    assert positions == {
        (): Position("r.yaml", 1, 1),
        ("name",): Position("r.yaml", 1, 1),
        ("backbone",): Position("r.yaml", 2, 1),
        ("backbone", "use"): Position("r.yaml", 3, 3),
        ("backbone", "of"): Position("r.yaml", 4, 3),
        ("backbone", "of", 0): Position("r.yaml", 5, 7),
        ("backbone", "of", 0, "use"): Position("r.yaml", 5, 8),
        ("backbone", "of", 1): Position("r.yaml", 6, 7),
        ("backbone", "of", 1, "use"): Position("r.yaml", 6, 7),
    }


@pytest.mark.parametrize(("text", "line"), [("", 1), ("# nothing\n", 1), ("---\n", 2)])
def test_an_empty_document_is_none_with_a_position(text, line):
    document = parse_document(text, "r.yaml")
    assert document.value is None
    assert document.positions == {(): Position("r.yaml", line, 1)}


def test_a_byte_order_mark_is_ignored():
    assert parse_document("\ufeffa: 1", "r.yaml").value == {"a": 1}


def test_aliases_are_copies():
    value = parse_document("a: &x {b: [1]}\nc: *x\n", "r.yaml").value
    assert value == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert value["a"] is not value["c"]


def test_every_key_that_appears_twice_is_reported():
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [
        "r.yaml:2:11: b.c: this key appears twice",
        "r.yaml:3:1: a: this key appears twice",
    ]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!own", "!!int", "!!str", "!"])
def test_tags_are_refused(tag):
    assert problems(f"a:\n  - {tag} '1'\n") == [f"r.yaml:2:5: a.0: the tag {tag!r} is not allowed in a recipe"]


@pytest.mark.parametrize("collection", ["!!map {b: 1}", "!!set {b}", "!!omap [b: 1]", "!!seq [1]"])
def test_tags_on_collections_are_refused(collection):
    assert problems(f"a: {collection}") == [
        f"r.yaml:1:4: a: the tag {collection.partition(' ')[0]!r} is not allowed in a recipe"
    ]


@pytest.mark.parametrize("key", ["[a]", "{a: b}", "!!python/name:os.system a", '""'])
def test_keys_must_be_plain_text(key):
    assert problems(f"? {key}\n: 1\n") == ["r.yaml:1:3: a key must be plain text"]


BILLION_LAUGHS = "a0: &a0 [x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))


@pytest.mark.parametrize("text", [BILLION_LAUGHS, "a: &a [*a]", "a: &a {b: *a, c: *a}", "a: &a [*a, *a, *a]", "- " * 60 + "x"])
def test_documents_that_expand_without_bounds_are_refused(text):
    (problem,) = problems(text)
    assert "more than 10,000 values or 40 levels" in problem


def test_deeply_nested_documents_are_refused():
    assert problems("- " * 20_000) == ["r.yaml: nested too deeply"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "r.yaml:1:5: not valid YAML: expected the node content, but found '<stream end>'"),
        ("a: 1\n\tb: 2", "r.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"),
        ("a: *b", "r.yaml:1:4: not valid YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: not valid YAML: but found another document"),
        ('a: "\\UFFFFFFFF"', r"r.yaml: not valid YAML: an escape such as \UFFFFFFFF stands for no character"),
        ('a: "\\U00110000"', r"r.yaml: not valid YAML: an escape such as \UFFFFFFFF stands for no character"),
        ("a: " + "9" * 5000, "r.yaml:1:4: a: Exceeds the limit (4300 digits) for integer string conversion: "),
    ],
)
def test_invalid_yaml_is_refused_with_its_position(text, problem):
    (found,) = problems(text)
    assert found.startswith(problem)


def test_half_a_surrogate_pair_is_refused():
    for text in ('a: "\\uD800"', '"\\uD800": 1'):
        assert "surrogates not allowed" in problems(text)[0]


@given(st.text(st.sampled_from("ab:-{}[]&*!?|>'\"%@,# \n\t\\u0D8\x00~<1.é"), max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_document_or_a_recipe_error(text):
    try:
        document = parse_document(text, "r.yaml")
    except RecipeError as error:
        assert error.problems  # noqa: PT017  # either outcome is correct
    else:
        assert () in document.positions


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029"))  # line breaks to PyYAML
KEYS = TEXTS.filter(bool)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | TEXTS | st.sampled_from(["1e3", "010", "no", "~", "1:30", "2001-01-01", "0x1F", "08", ".5", "=", "<<", "+1"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(KEYS | st.just("1e3"), VALUES, max_size=4))
@settings(max_examples=80, deadline=None)
def test_dumping_and_parsing_is_a_round_trip(value):
    found = parse_document(dump_document(value), "r.yaml").value if value else value
    assert found == value
    assert repr(found) == repr(value)  # 1 is not 1.0, and the order of keys is kept


def test_dumps_contain_no_aliases():
    shared = [1, 2]
    assert "&" not in dump_document({"a": shared, "b": shared})


def test_a_file_too_large_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("é: [" * MAX_BYTES, encoding="utf-8")
    with pytest.raises(DysfwError, match=r"r\.yaml is not a recipe: it is larger than 100,000 bytes"):
        read_document(path)


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"name: caf\xe9\n", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path, content):
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    with pytest.raises(DysfwError, match=r"r\.yaml is not a recipe: it is not UTF-8 text"):
        read_document(path)


def test_missing_and_unreadable_files_are_refused(tmp_path):
    with pytest.raises(DysfwError, match="no such recipe: .*nothing.yaml"):
        read_document(tmp_path / "nothing.yaml")
    with pytest.raises(DysfwError, match="cannot read the recipe .*: Is a directory"):
        read_document(tmp_path)
