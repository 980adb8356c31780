"""YAML itself: both of PyYAML's parsers must give the same tree and the same places."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.definition import compose
from wharf_tui.definition.compose import MAX_NODES, compose_documents
from wharf_tui.definition.nodes import MAX_DEPTH, MappingNode, Node, ScalarKind, ScalarNode, SequenceNode
from wharf_tui.definition.problems import Problems

PARSERS = sorted({getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader}, key=str)


@pytest.fixture(params=PARSERS, ids=lambda parser: str(parser.__name__))
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "_LOADER", request.param)


def composed(data: bytes | str) -> tuple[tuple[Node, ...], list[str]]:
    problems = Problems()
    roots = compose_documents(data.encode() if isinstance(data, str) else data, problems)
    return roots, [f"{one.line}:{one.column} {one.message}" for one in problems.all]


def errors(data: bytes | str) -> list[str]:
    return composed(data)[1]


def plain(node: Node) -> object:
    """The tree as Python has it; scalars as written."""
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {entry.key.text: plain(entry.value) for entry in node.entries}


def scalars(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from scalars(item)
    else:
        for entry in node.entries:
            yield entry.key
            yield from scalars(entry.value)


@pytest.mark.usefixtures("parser")
def test_every_scalar_has_its_place_counted_in_characters() -> None:
    (root,), found = composed("a: 1\nbä: [x, 'y z']\nc:\n  - 😀: |\n      text\n")
    assert found == []
    assert [(one.text, one.position.line, one.position.column) for one in scalars(root)] == [
        ("a", 1, 1), ("1", 1, 4), ("bä", 2, 1), ("x", 2, 6), ("y z", 2, 9), ("c", 3, 1), ("😀", 4, 5), ("text\n", 4, 8),
    ]  # fmt: skip


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("written", "kind", "text"),
    [
        ("1.10", ScalarKind.FLOAT, "1.10"),
        ("'1'", ScalarKind.STRING, "1"),
        ('"true"', ScalarKind.STRING, "true"),
        ("yes", ScalarKind.STRING, "yes"),
        ("~", ScalarKind.NULL, ""),
        ("''", ScalarKind.STRING, ""),
        ("!!str 1", ScalarKind.STRING, "1"),
        ("! 1", ScalarKind.STRING, "1"),
        ("!!int '7'", ScalarKind.INTEGER, "7"),
        ("!!float 7", ScalarKind.FLOAT, "7"),
        ("!!null ''", ScalarKind.NULL, ""),
        ("2024-01-02", ScalarKind.TIMESTAMP, "2024-01-02"),
        (">-\n a\n b", ScalarKind.STRING, "a b"),
    ],
)
def test_scalars_have_type_and_text(written: str, kind: ScalarKind, text: str) -> None:
    (root,), found = composed(f"- {written}\n")
    assert isinstance(root, SequenceNode)
    node = root.items[0]
    assert isinstance(node, ScalarNode)
    assert (node.kind, node.text, found) == (kind, text, [])


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["3:1 key 'a' was already used on line 1"]),
        ("'a': 1\na: 3\n", ["2:1 key 'a' was already used on line 1"]),
        ("1: x\ntrue: y\n~: z\n", [
            "1:1 a key must be a string, but this is an integer: put '1' in quotes",
            "2:1 a key must be a string, but this is a boolean: put 'true' in quotes",
            "3:1 a key must be a string, but this is nothing",
        ]),
        ("'': x\n", ["1:1 a key must not be empty"]),
        ("[a]: x\n? {b: c}\n: y\n", [
            "1:1 a key must be a string, but this is a list", "2:3 a key must be a string, but this is a map",
        ]),
        ("a: *x\nb: &y 1\nc: *z\n", [
            "1:4 alias '*x' has no anchor before it; there are: none",
            "3:4 alias '*z' has no anchor before it; there are: '*y'",
        ]),
        ("a: &a [1, *a]\n", ["1:11 alias '*a' stands inside what it repeats"]),
        ("a: !foo 1\nb: !!set {c}\n", ["1:4 unknown tag '!foo'", "2:4 unknown tag '!!set' for a map"]),
        ("a: !!int x\n", ["1:4 'x' is not an integer, as its tag '!!int' says"]),
        ("<<: 1\na: x\n", ["1:5 '<<' takes one map, but this is an integer"]),
        ("a: &a {x: 1}\nb: {<<: [*a]}\n", ["2:9 '<<' takes one map, but this is a list"]),
        ("a: b: c\n", ["1:5 not valid YAML: mapping values are not allowed"]),
        ("a:\n\tb: c\n", ["2:1 not valid YAML: a tab stands where only spaces may, as in indentation"]),
        ("a: 'x\n", ["2:1 not valid YAML: found unexpected end of stream, while scanning a quoted scalar that starts on line 1"]),
        ("a: 1\nb: \x01\n", ["2:4 control character U+0001 is not allowed in YAML"]),
        ("a: ä\nb: \x7f\n", ["2:4 control character U+007F is not allowed in YAML"]),
        ("[" * 200, ["1:101 nested deeper than 100 levels"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, expected: list[str]) -> None:
    # The two parsers' own sentences differ in their ends.
    assert [one[: len(other)] for one, other in zip(errors(text), expected, strict=True)] == expected


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\q"', "%YAML 9.9\n---\na: 1", "%TAG x\n---\na"])
def test_what_only_one_parser_places_is_still_a_problem(text: str) -> None:
    (said,) = errors(text)
    assert "not valid YAML: " in said


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: \xff\n", "1:4 byte 0xff is not UTF-8: save the file as UTF-8"),
        (b"a: \xc3\xa4\nb: \xc3\xa4\xc3\n", "2:5 byte 0xc3 is not UTF-8: save the file as UTF-8"),
        (b"\xef\xbb\xbfa: \xff", "1:4 byte 0xff is not UTF-8: save the file as UTF-8"),
        (b"\xff\xfea\x00\x00\xd8", "1:2 byte 0x00 is not UTF-16-LE: save the file as UTF-8"),
    ],
)
def test_what_is_not_utf8_is_said_with_its_place(data: bytes, expected: str) -> None:
    assert composed(data) == ((), [expected])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    (root,), found = composed("a: ä\n".encode(encoding))
    assert (plain(root), found) == ({"a": "ä"}, [])
    assert next(scalars(root)).position.column == 1


@pytest.mark.usefixtures("parser")
def test_problems_of_a_document_are_found_together() -> None:
    assert errors("a: 1\na: 2\n1: x\nb: *c\n---\nd: !no 1\n") == [
        "2:1 key 'a' was already used on line 1",
        "3:1 a key must be a string, but this is an integer: put '1' in quotes",
        "4:4 alias '*c' has no anchor before it; there are: none",
        "6:4 unknown tag '!no'",
    ]


@pytest.mark.usefixtures("parser")
def test_aliases_and_merges_expand() -> None:
    (root,), found = composed("a: &a {x: 1, y: 2}\nb: *a\nc: {y: 3, <<: *a, z: 4}\nd: {'<<': 5}\n")
    assert found == []
    assert plain(root) == {
        "a": {"x": "1", "y": "2"},
        "b": {"x": "1", "y": "2"},
        "c": {"y": "3", "x": "1", "z": "4"},
        "d": {"<<": "5"},
    }


def test_all_documents_are_composed_and_anchors_do_not_reach_the_next() -> None:
    roots, found = composed("a: &x 1\n---\nb: *x\n---\n")
    assert len(roots) == 3
    assert found == ["3:4 alias '*x' has no anchor before it; there are: none"]


def test_depth_is_bounded_also_through_aliases() -> None:
    nested = "".join(
        f"k{index}: &k{index} [{'*k' + str(index - 1) if index else 'x'}]\n" for index in range(200)
    )
    assert errors(nested) == [f"{MAX_DEPTH}:12 nested deeper than {MAX_DEPTH} levels"]
    fitting = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert errors(fitting) == []


def test_aliases_count_as_what_they_repeat() -> None:
    laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{this}: &{this} [{','.join(['*' + last] * 10)}]\n"
        for last, this in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert errors(laughs)[0].endswith(f"more than {MAX_NODES:,} values, aliases expanded")


def test_a_million_brackets_are_refused_at_once() -> None:
    assert errors("a: " + "[" * 1_000_000) == ["1:103 nested deeper than 100 levels"]


KEYS = (
    st.text(alphabet="abcxyzäß😀 -_", min_size=1, max_size=6)
    .map(str.strip)
    .filter(lambda key: key and key[0].isalpha())
)
TREES = st.recursive(
    st.text(alphabet="abc ${}:#'\"\\\n\tä😀", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
@pytest.mark.usefixtures("parser")
def test_what_yaml_writes_we_read(tree: object) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, default_style='"')
    (root,), found = composed(text)
    assert found == []
    assert plain(root) == tree


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=60)
    | st.text(alphabet="ab:-?[]{},&*!|>'\"%@`#\\ \n\t<~1.", max_size=60).map(str.encode)
)
@pytest.mark.usefixtures("parser")
def test_any_bytes_give_a_tree_or_a_problem(data: bytes) -> None:
    roots, found = composed(data)
    assert all(isinstance(root, ScalarNode | SequenceNode | MappingNode) for root in roots)
    if not found:
        events = yaml.parse(data.decode("utf-8-sig"), Loader=compose._LOADER)
        assert len(roots) == sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
