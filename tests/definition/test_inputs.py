from __future__ import annotations

from collections.abc import Callable

import pytest

from wharf_tui.definition.inputs import InputKind
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.definition.step_types import ContainerSpec

STAGE = "build:\n  step:\n    container: {image: alpine, cmds: ['%s']}\n"
ALL = (
    """\
inputs:
  - name: text
    type: string
    default: hello
  - {name: bare, type: string}
  - {name: secret, type: password, default: hunter2}
  - {name: count, type: number, default: 1.50}
  - {name: zero, type: number}
  - {name: colour, type: choice, values: [red, blue], default: blue}
"""
    + STAGE % "${text}|${bare}|${count}|${zero}|${colour}"
)


def used(pipeline: Pipeline) -> str:
    spec = next(pipeline.steps).spec
    assert isinstance(spec, ContainerSpec)
    return spec.cmds[0]


def test_inputs_are_kept_in_order_with_their_types(load: Callable[..., Pipeline]) -> None:
    inputs = load(ALL).inputs
    assert [(one.name, one.kind, one.default, one.choices, one.position.line) for one in inputs] == [
        ("text", InputKind.STRING, "hello", (), 2),
        ("bare", InputKind.STRING, "", (), 5),
        ("secret", InputKind.PASSWORD, "hunter2", (), 6),
        ("count", InputKind.NUMBER, "1.5", (), 7),
        ("zero", InputKind.NUMBER, "0", (), 8),
        ("colour", InputKind.CHOICE, "blue", ("red", "blue"), 9),
    ]


def test_defaults_and_given_values(load: Callable[..., Pipeline]) -> None:
    assert used(load(ALL)) == "hello||1.5|0|blue"
    given = (
        ("text", "a=b"),
        ("bare", "x"),
        ("count", " 1e3 "),
        ("zero", "-0.50"),
        ("colour", "red"),
        ("bare", "y"),
    )
    assert used(load(ALL, inputs=given)) == "a=b|y|1000|-0.5|red"
    assert used(load(ALL, inputs=(("text", ""),))).startswith("||")


@pytest.mark.parametrize(
    ("given", "expected"),
    [((), ("hunter2",)), ((("secret", "s3"),), ("s3",)), ((("secret", ""),), ()), ((("secret", "x${text}"),), ("x${text}", "xhello"))],
)  # fmt: skip
def test_values_of_passwords_are_known(
    load: Callable[..., Pipeline], given: tuple[tuple[str, str], ...], expected: tuple[str, ...]
) -> None:
    assert load(ALL, inputs=given).password_values == expected


def test_no_message_shows_a_password(problems: Callable[..., list[str]]) -> None:
    text = (
        "inputs:\n  - {name: pw, type: password}\n"
        "environments: {dev: {}}\n"
        "build:\n  runs-if: ${pw}\n  environments: ['${pw}']\n"
        "  step:\n    docker: {file: '${pw}', tag: ',', push: '${pw}', destination: x, secretName: y, secretArgs: ['${pw}']}\n"
        "  '${pw}': {}\n"
    )
    said = problems(text, inputs=(("pw", "hunter2"),))
    assert len(said) >= 6
    assert "hunter2" not in "\n".join(said)


@pytest.mark.parametrize(
    ("block", "given", "expected"),
    [
        ("1", (), ["   1:9   inputs: expected a list of inputs, but this is an integer"]),
        ("[x]", (), ["   1:10  inputs[0]: expected a map of fields, but this is a string"]),
        ("[{type: string}]", (), ["   1:10  inputs[0]: missing required field 'name'"]),
        ("[{name: a}]", (), ["   1:10  inputs[0]: missing required field 'type'"]),
        ("[{name: '', type: string}]", (), ["   1:17  inputs[0]/name: must not be empty"]),
        ("[{name: a, type: strnig}]", (), ["   1:26  inputs[0]/type: unknown input type 'strnig'; did you mean 'string'?"]),
        ("[{name: a, type: x}]", (),
         ["   1:26  inputs[0]/type: unknown input type 'x'; known are: 'string', 'password', 'number', 'choice'"]),
        ("[{name: a, type: string}, {name: a, type: number}]", (), ["   1:35  inputs[1]: input 'a' is already there on line 1"]),
        ("[{name: a, type: number, default: x}]", (),
         ["   1:43  inputs[0]/default: expected a number, but this is a string"]),
        ("[{name: a, type: number, default: ~}]", (), [
            "   1:43  inputs[0]/default: warning: has no value, so its default is used; wharf-cmd does not take this"]),
        ("[{name: a, type: number, default: .inf}]", (),
         ["   1:43  inputs[0]/default: expected a number, but this is not finite, or too large"]),
        ("[{name: a, type: number, default: '1'}]", (),
         ["   1:43  inputs[0]/default: warning: wharf-cmd does not take this: write numbers without quotes"]),
        ("[{name: a, type: string, default: 1}]", (),
         ["   1:43  inputs[0]/default: warning: an integer is read as text here, but wharf-cmd does not take it: put it in quotes"]),
        ("[{name: a, type: string, default: [1]}]", (),
         ["   1:43  inputs[0]/default: expected a string, but this is a list"]),
        ("[{name: a, type: choice}]", (), [
            "   1:10  inputs[0]: missing required field 'values'", "   1:10  inputs[0]: missing required field 'default'"]),
        ("[{name: a, type: choice, values: [], default: x}]", (), ["   1:42  inputs[0]/values: must not be empty"]),
        ("[{name: a, type: choice, values: [x, y], default: z}]", (),
         ["   1:59  inputs[0]/default: 'z' is none of the values: 'x', 'y'"]),
        ("[{name: a, type: string, defualt: x}]", (),
         ["   1:34  inputs[0]: warning: unknown field 'defualt' is ignored; did you mean 'default'?"]),
        ("[{name: age, type: string}]", (("aeg", "1"),), ["   -:-   inputs: -i aeg=...: no input 'aeg'; did you mean 'age'?"]),
        ("[{name: age, type: string}]", (("x", "1"),), ["   -:-   inputs: -i x=...: no input 'x'; declared are: 'age'"]),
        ("[]", (("x", "1"),), ["   -:-   inputs: -i x=...: no input 'x'; declared are: none"]),
        ("[{name: a, type: number}]", (("a", "1x"),), ["   1:10  inputs/a: '1x', given with -i, is not a number"]),
        ("[{name: a, type: choice, values: [x], default: x}]", (("a", "z"),),
         ["   1:10  inputs/a: 'z', given with -i, is none of: 'x'"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_inputs(
    problems: Callable[..., list[str]], block: str, given: tuple[tuple[str, str], ...], expected: list[str]
) -> None:
    assert problems(f"inputs: {block}\n" + STAGE % "make", inputs=given) == expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("1", ["   1:15  environments: expected a map of environments, but this is an integer"]),
        ("{dev: [x]}", ["   1:21  environments/dev: expected a map of variables, but this is a list"]),
        ("{dev: {a: [x]}}",
         ["   1:25  environments/dev/a: expected a string, a boolean or a number, but this is a list"]),
        ("{dev: {a: 1, b: ~, c: true, d: 2024-01-02}, prod: }", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_environments(
    problems: Callable[..., list[str]], block: str, expected: list[str]
) -> None:
    assert problems(f"environments: {block}\n" + STAGE % "make") == expected
