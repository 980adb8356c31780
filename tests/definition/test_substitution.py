from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wharf_tui.definition.compose import compose_documents
from wharf_tui.definition.nodes import MappingNode, Node, ScalarKind, ScalarNode, SequenceNode
from wharf_tui.definition.problems import Problems
from wharf_tui.definition.shipped_files import substitute_file
from wharf_tui.definition.substitution import MAX_FILLED, Reference, Substitution, split
from wharf_tui.definition.variables import Variable, Variables, VariableTable, text_variable


def table_of(text: str) -> Variables:
    """Variables as a file has them."""
    problems = Problems()
    (root,) = compose_documents(text.encode(), problems)
    assert isinstance(root, MappingNode)
    assert not problems.all
    table = {entry.key.text: Variable(entry.key.text, entry.value) for entry in root.entries}
    return Variables((VariableTable("table", table),))


def strings(values: Mapping[str, str]) -> Variables:
    return Variables(
        (VariableTable("table", {name: text_variable(name, value) for name, value in values.items()}),)
    )


def fill(text: str, variables: Variables) -> tuple[Node, list[str]]:
    """One document with its variables filled in, and what was said about that."""
    problems = Problems()
    (root,) = compose_documents(text.encode(), problems)
    filled = Substitution(variables).fill(root, "s", problems)
    return filled, [problem.printable().strip() for problem in problems.all]


def filled_text(text: str, variables: Variables) -> str:
    (node, said) = fill("- |-\n  " + text, variables)
    assert isinstance(node, SequenceNode)
    item = node.items[0]
    assert isinstance(item, ScalarNode)
    assert said == []
    return item.text


VARIABLES = table_of("""\
name: wharf
n: 42
f: 1.10
yes: true
nothing: ~
day: 2024-01-02
nested: <${name}-${n}>
alias: ${n}
odd name-1: odd
list: [1, '${name}', [x]]
map: {a: '${n}', '${name}': b}
escaped: ${%name%}
""")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("x${name}y", "xwharfy"),
        ("${name}${name}", "wharfwharf"),
        ("v${n} v${f} v${yes} v${nothing} v${day}", "v42 v1.10 vtrue v v2024-01-02"),
        ("x${nested}", "x<wharf-42>"),
        ("${ name } ${\tn\t}", "wharf 42"),
        ("x${odd name-1}", "xodd"),
        ("${unknown} x", "${unknown} x"),
        ("${} ${ } x", "${} ${ } x"),
        ("${%name%} x", "${name} x"),
        ("${%} ${%%} x", "${} ${} x"),
        ("${% name %} x", "${ name } x"),
        ("x${escaped}", "x${name}"),
        ("$name $${name} ${name", "$name $wharf ${name"),
        ("${a${name} x", "${a${name} x"),
        ("}${name}{", "}wharf{"),
    ],
)
def test_text_is_filled(text: str, expected: str) -> None:
    assert filled_text(text, VARIABLES) == expected


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("n", ScalarKind.INTEGER, "42"),
        ("f", ScalarKind.FLOAT, "1.10"),
        ("yes", ScalarKind.BOOLEAN, "true"),
        ("nothing", ScalarKind.NULL, ""),
        ("day", ScalarKind.TIMESTAMP, "2024-01-02"),
        ("alias", ScalarKind.INTEGER, "42"),
        ("nested", ScalarKind.STRING, "<wharf-42>"),
        ("escaped", ScalarKind.STRING, "${name}"),
    ],
)
def test_a_variable_alone_keeps_its_type(name: str, kind: ScalarKind, text: str) -> None:
    node, said = fill(f"  ${{{name}}}", VARIABLES)
    assert isinstance(node, ScalarNode)
    assert (node.kind, node.text, node.origin, said) == (kind, text, name, [])
    assert (node.position.line, node.position.column) == (1, 3)


def test_lists_and_maps_come_in_whole_and_filled_at_the_place_of_use() -> None:
    node, said = fill("a:\n  - ${list}\n  - ${map}\n", VARIABLES)
    assert isinstance(node, MappingNode)
    both = node.entries[0].value
    assert isinstance(both, SequenceNode)
    one, other = both.items
    assert isinstance(one, SequenceNode)
    assert isinstance(other, MappingNode)
    assert [item.text for item in one.items if isinstance(item, ScalarNode)] == ["1", "wharf"]
    assert {item.position.line for item in one.items} == {2}
    assert [entry.key.text for entry in other.entries] == ["a", "wharf"]
    assert {entry.key.position.line for entry in other.entries} == {3}
    assert said == []


def test_keys_are_filled_as_text() -> None:
    node, said = fill("${n}: a\nx-${name}: b\n", VARIABLES)
    assert isinstance(node, MappingNode)
    assert [(entry.key.text, entry.key.kind) for entry in node.entries] == [
        ("42", ScalarKind.STRING),
        ("x-wharf", ScalarKind.STRING),
    ]
    assert said == []


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("a: ${A}", "A: ${B}\nB: x${A}", ["1:4   s/a: recursive variable loop: A -> B -> A"]),
        ("a: ${A}", "A: ${A}", ["1:4   s/a: recursive variable loop: A -> A"]),
        ("a: x${C}", "A: ${B}\nB: ${A}\nC: ${A}", ["1:4   s/a: recursive variable loop: A -> B -> A"]),
        ("a: [x, 'y${L}']", "L: [1]", ["1:8   s/a[1]: ${L} is a list, which cannot stand inside text"]),
        ("${M}: x", "M: {a: b}", ["1:1   s: ${M} is a map, which cannot stand inside text"]),
        ("${A}: x\ny: z", "A: ''", ["1:1   s: key '${A}' became empty"]),
        ("a: x\n${A}: y", "A: a", ["2:1   s: key '${A}' became 'a', which is there already"]),
        ("a: ${A101}", "A0: x\n" + "".join(f"A{i}: '${{A{i - 1}}}'\n" for i in range(1, 102)),
         ["1:4   s/a: variables nest deeper than 100 levels"]),
        ("a: ${UNKNOWN}", "A: x", ["1:4   s/a: warning: no variable 'UNKNOWN': ${UNKNOWN} is left as it is"]),
        ("a: ${unknown}", "A: x", []),
        ("a: ${Nmae}", "name: x", ["1:4   s/a: warning: no variable 'Nmae': ${Nmae} is left as it is; did you mean 'name'?"]),
        ("a: {cmds: ['echo ${HOME} ${nmae}']}", "name: x", []),
        ("a: ${A}", "A: ${B1}", ["1:4   s/a: warning: no variable 'B1': ${B1} is left as it is"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_the_place_of_use(text: str, variables: str, expected: list[str]) -> None:
    assert fill(text, table_of(variables))[1] == expected


def test_a_chain_that_fits_is_filled() -> None:
    chain = "A0: x\n" + "".join(f"A{number}: '${{A{number - 1}}}'\n" for number in range(1, 95))
    node, said = fill("a: ${A94}", table_of(chain))
    assert said == []
    assert isinstance(node, MappingNode)
    assert isinstance(node.entries[0].value, ScalarNode)
    assert node.entries[0].value.text == "x"


@pytest.mark.parametrize("value", ["'${V%d}${V%d}'", "['${V%d}', '${V%d}']"])
def test_variables_that_double_each_other_are_stopped(value: str) -> None:
    laughs = "V0: [ha]\n" if value.startswith("[") else "V0: ha\n"
    laughs += "".join(f"V{number}: {value % (number - 1, number - 1)}\n" for number in range(1, 60))
    _, said = fill("a: ${V59}", table_of(laughs))
    assert any(one.endswith(f"variables fill in more than {MAX_FILLED // 1024**2} MiB") for one in said)


def test_deep_lists_inside_deep_lists_are_stopped() -> None:
    deep = "".join(f"V{number}: {'[' * 60}'${{V{number - 1}}}'{']' * 60}\n" for number in range(1, 40))
    _, said = fill("a: ${V39}", table_of(f"V0: x\n{deep}"))
    assert any(one.endswith("variables nest deeper than 100 levels") for one in said)


def test_what_holds_a_password_is_known() -> None:
    secret = ScalarNode(VARIABLES.sources[0].find("n").node.position, ScalarKind.STRING, "pw", secret=True)  # type: ignore[union-attr]  # it is there
    variables = Variables(
        (VariableTable("table", {"PW": Variable("PW", secret), "V": text_variable("V", "a${PW}")}),)
    )
    for text in ("${PW}", "x${PW}", "${V}", "y${V}"):
        node, said = fill(text, variables)
        assert isinstance(node, ScalarNode)
        assert node.secret
        assert said == []
    assert fill("x-${V}: 1", variables)[1] == ["1:1   s: key 'x-${V}' would show a password in a name"]


def test_a_value_that_is_no_template_stays_as_it_is() -> None:
    fact = text_variable("SUBJECT", "fix ${name}", is_template=False)
    variables = Variables((VariableTable("git", {"SUBJECT": fact, "name": text_variable("name", "x")}),))
    assert filled_text("${SUBJECT}!", variables) == "fix ${name}!"


def test_the_first_source_wins() -> None:
    first = VariableTable("first", {"A": text_variable("A", "1")})
    second = VariableTable("second", {"A": text_variable("A", "2"), "B": text_variable("B", "${A}")})
    assert filled_text("${A}${B}", Variables((first, second))) == "11"


TEXTS = st.text(alphabet="ab$ {}%\n", max_size=30)


@given(text=TEXTS)
def test_splitting_loses_nothing_but_escapes(text: str) -> None:
    pieces = list(split(text.replace("%", "")))
    assert "".join(piece.raw if isinstance(piece, Reference) else piece for piece in pieces) == text.replace(
        "%", ""
    )


@given(text=TEXTS)
def test_without_variables_only_escapes_change(text: str) -> None:
    problems = Problems()
    filled = Substitution(Variables(())).fill_line(text, 1, problems)
    assert not problems.all
    if "${%" not in text:
        assert filled == text
    assert len(filled) <= len(text)


@given(name=st.text(min_size=1, max_size=20).map(str.strip).filter(lambda name: name and "}" not in name))
def test_an_escaped_reference_is_the_reference(name: str) -> None:
    # A name in percent signs is the escape itself.
    problems = Problems()
    assert Substitution(strings({name: "x"})).fill_line(f"${{%{name}%}}", 1, problems) == f"${{{name}}}"
    if not (name.startswith("%") and name.endswith("%")):
        assert Substitution(strings({name: "x"})).fill_line(f"-${{{name}}}-", 1, problems) == "-x-"


@given(
    values=st.dictionaries(
        st.sampled_from("ABCDE"), TEXTS | st.sampled_from(["${A}", "${B}x", "${C}${D}", "${E}"])
    )
)
def test_any_values_end_in_text_or_a_loop(values: dict[str, str]) -> None:
    problems = Problems()
    substitution = Substitution(strings(values))
    filled = substitution.fill_line("${A} ${B} ${C} ${D} ${E}", 1, problems)
    for problem in problems.all:
        assert problem.message.startswith("recursive variable loop: ")
    if not problems.all:
        assert all(
            f"${{{name}}}" not in filled or any("%" in value for value in values.values()) for name in values
        )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: ${name}\r\nb: ${n}\r\n", b"a: wharf\r\nb: 42\r\n"),
        (b"no end ${n}", b"no end 42"),
        (b"\xff\xfe ${name} \xff", b"\xff\xfe wharf \xff"),
        (b"${\nname}", b"${\nname}"),
        (b"${HOME} ${UNKNOWN} ${nmae}", b"${HOME} ${UNKNOWN} ${nmae}"),
        (b"${n}", b"42"),
        (b"\x00${f}\x00", b"\x001.10\x00"),
        (b"", b""),
    ],
)
def test_shipped_files_keep_every_other_byte(data: bytes, expected: bytes) -> None:
    assert substitute_file(data, VARIABLES) == (expected, ())


def test_shipped_files_have_lines_of_any_length() -> None:
    line = b"x" * 5_000_000
    assert substitute_file(line + b"${n}" + line, VARIABLES) == (line + b"42" + line, ())
    assert substitute_file(b"${" * 500_000, VARIABLES) == (b"${" * 500_000, ())


def test_what_is_wrong_in_a_shipped_file_is_said_with_its_line() -> None:
    data, problems = substitute_file(b"a\nb ${list}\n${A}\n", table_of("list: [1]\nA: ${A}"), "deploy.yml")
    assert data == b"a\nb ${list}\n${A}\n"
    assert [problem.printable() for problem in problems] == [
        "   2:1   deploy.yml: ${list} is a list, which cannot stand inside text",
        "   3:1   deploy.yml: recursive variable loop: A -> A",
    ]


@given(data=st.binary(max_size=80))
def test_a_file_without_variables_stays_as_it_is(data: bytes) -> None:
    assert substitute_file(data.replace(b"${%", b""), Variables(())) == (data.replace(b"${%", b""), ())
