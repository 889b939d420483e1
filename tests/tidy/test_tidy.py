"""The tree keeps its own rules: layers, sizes, headers, nothing unused. Each rule is a function
from {path: text} to faults, and is tried both on this tree and on a small tree that breaks it."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TOP = {"Makefile", "toolchain", "src", "third_party", "board", "tests",
       "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE"}

# Which rooms of src/ a room may include; src/*.cc, the app, may include all.
ROOMS = {
    "base": {"base"},
    "media": {"base", "media"},
    "proto": {"base", "proto"},
    "io": {"base", "io"},
    "links": {"base", "media", "proto", "io", "links"},
    "sources": {"base", "media", "proto", "io", "links", "sources"},
    "web": {"base", "web"},
    "sinks": {"base", "media", "proto", "io", "web", "links", "sinks"},
    "config": {"base", "proto", "io", "sources", "config"},
    "report": {"base", "media", "proto", "io", "links", "sources", "sinks", "report"},
    "tools": {"base", "media", "proto", "io", "web", "links", "sources", "sinks", "config", "tools",
              "mqtt_options.h"},
}

# Which files of src/ may include a system header, by the beginning of its name.
SYSTEM_HEADERS = {
    r"uv\.h|mbedtls/|psa/|curl/": r"src/io/",
    r"linux/videodev2\.h": r"src/sources/v4l2/",
    r"jpeglib\.h|jerror\.h|jmorecfg\.h": r"src/media/",
    r"turbojpeg\.h": r"(?!)",
    r"exception|stdexcept|thread|mutex|condition_variable|future|iostream": r"(?!)",
}

CLOCK = re.compile(r"\b(monotonic_us *\(\)|wall_us *\(\)|clock_gettime|gettimeofday|uv_now"
                   r"|uv_hrtime|steady_clock|system_clock|time *\((nullptr|NULL|0)\))")

LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
TEXT_SUFFIXES = {".md"}  # Prose may be long and wide.


@pytest.fixture(scope="module")
def tree():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return {name: (ROOT / name).read_bytes().decode("utf-8", "replace")
            for name in listed if (ROOT / name).is_file()}


def is_cpp(name):
    return name.startswith(("src/", "tests/")) and name.endswith((".h", ".cc"))


def is_code(name):
    is_data = name.startswith(("tests/data/", "tests/fuzz/corpus/"))
    is_setting = name.startswith((".git", ".clang"))
    return not is_data and not is_setting and Path(name).suffix not in TEXT_SUFFIXES


def includes(text):
    return re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)', text, re.M)


def without_comments_and_strings(text):
    """The same lines, but what is no code, and preprocessor lines, are blank."""
    no_code = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
                         r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
                         r"|^[ \t]*#(?:\\\n|[^\n])*", re.S | re.M)
    return no_code.sub(lambda match: "\n" * match[0].count("\n"), text)


def functions(text):
    """(first line, number of lines) of each function body outside of another."""
    code = without_comments_and_strings(text)
    depth_of_body, depth, head, start = None, 0, "", 0
    for at, char in enumerate(code):
        if char == "{":
            if depth_of_body is None and is_function_head(head):
                depth_of_body, start = depth, at
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == depth_of_body:
                depth_of_body = None
                yield code.count("\n", 0, start) + 1, code.count("\n", start, at) + 1
        head = "" if char in "{};" else head + char


def is_function_head(head):
    is_scope = re.search(r"\b(namespace|class|struct|enum|union)\b[^()]*$", head)
    return "(" in head and not is_scope and not head.rstrip().endswith("=")


# The rules ----------------------------------------------------------------------------------------


def top_level_is_exact(tree):
    seen = {name.split("/")[0] for name in tree if not name.startswith(".")}
    yield from (f"{name}: not of the top level" for name in sorted(seen - TOP))
    yield from (f"{name}: missing" for name in sorted(TOP - seen))


def layers_hold(tree):
    for name, text in tree.items():
        room = name.split("/")[1] if name.count("/") > 1 else None
        if not is_cpp(name) or not name.startswith("src/") or room is None:
            continue
        if room not in ROOMS:
            yield f"{name}: {room} is no room of src/"
            continue
        for kind, header in includes(text):
            if kind == '"' and header.split("/")[0] not in ROOMS[room]:
                yield f"{name}: {room} may not include {header}"


def system_headers_stay_in_their_rooms(tree):
    for name, text in tree.items():
        for kind, header in includes(text) if name.startswith("src/") else ():
            for headers, files in SYSTEM_HEADERS.items():
                if kind == "<" and re.match(f"({headers})", header) and not re.match(files, name):
                    yield f"{name}: may not include <{header}>"


def proto_and_media_read_no_clock(tree):
    for name, text in tree.items():
        if is_cpp(name) and name.startswith(("src/proto/", "src/media/")):
            for match in CLOCK.finditer(without_comments_and_strings(text)):
                yield f"{name}: reads a clock, {match[1]}"


def functions_are_short(tree):
    for name, text in tree.items():
        for line, length in functions(text) if is_cpp(name) else ():
            if length > FUNCTION_LINES_MAX:
                yield f"{name}:{line}: a function of {length} lines"


def files_are_short(tree):
    for name, text in tree.items():
        if is_code(name) and text.count("\n") > LINES_MAX:
            yield f"{name}: {text.count(chr(10))} lines"


def lines_are_short(tree):
    for name, text in tree.items():
        for number, line in enumerate(text.split("\n") if is_code(name) else (), 1):
            if len(line) > COLUMNS_MAX:
                yield f"{name}:{number}: {len(line)} columns"


def headers_say_what_they_are_for(tree):
    for name, text in tree.items():
        if name.endswith(".h") and not re.match(r"// .+\n(//.*\n)*#pragma once\n", text):
            yield f"{name}: begins with no comment, then #pragma once"


def todos_name_an_issue(tree):
    for name, text in tree.items():
        for match in re.finditer(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(?#[0-9])", text):
            yield f"{name}: {match[1]} without an issue's number"


def sources_have_a_header_that_others_use(tree):
    sources = [name for name in tree if name.startswith("src/") and is_cpp(name)]
    users = {}
    for name in sources:
        for _, header in includes(tree[name]):
            users.setdefault(f"src/{header}", set()).add(Path(name).with_suffix(""))
    for name in sources:
        unit = Path(name).with_suffix("")
        if name != "src/main.cc" and f"{unit}.h" not in tree:
            yield f"{name}: has no header of its name"
        elif name != "src/main.cc" and not users.get(f"{unit}.h", set()) - {unit}:
            yield f"{name}: no other source includes its header"


def every_file_is_named_by_another(tree):
    """What the Makefile finds by pattern, and sources, which have their own rule, need no name."""
    found_by_pattern = re.compile(
        r"\.|[^/]*$|src/.*\.(h|cc)$|src/web/page\.S$|toolchain/\w+\.mk$|tests/unit/.*\.cc$"
        r"|tests/.*/test_\w+\.py$|tests/.*/conftest\.py$|tests/fuzz/\w+_fuzz\.cc$"
        r"|tests/bench/\w+\.cc?$")
    for name in tree:
        corpus = re.match(r"tests/fuzz/corpus/(\w+)/", name)
        if corpus:
            if f"tests/fuzz/{corpus[1]}_fuzz.cc" not in tree:
                yield f"{name}: no fuzzer of that name"
        elif not found_by_pattern.match(name):
            path = Path(name)
            word = re.compile(rf"\b{re.escape(path.stem if path.suffix == '.py' else path.name)}\b")
            if not any(word.search(text) for other, text in tree.items() if other != name):
                yield f"{name}: named by no other file"


def every_fuzzer_has_a_corpus(tree):
    corpora = {name.split("/")[3] for name in tree if name.startswith("tests/fuzz/corpus/")}
    for name in tree:
        fuzzer = re.match(r"tests/fuzz/(\w+)_fuzz\.cc$", name)
        if fuzzer and fuzzer[1] not in corpora:
            yield f"{name}: no corpus"


# The rules tried ----------------------------------------------------------------------------------

LONG_FUNCTION = "int f() {\n" + "  g('{', \"}\");  // }\n" * 80 + "}\n"

# Each rule with a file that breaks it.
RULES = [
    (top_level_is_exact, "notes.txt", "x"),
    (layers_hold, "src/base/a.h", '#include "io/b.h"\n'),
    (layers_hold, "src/sources/a.cc", '#include "sinks/b.h"\n'),
    (layers_hold, "src/odds/a.cc", ""),
    (system_headers_stay_in_their_rooms, "src/sinks/a.cc", "#include <uv.h>\n"),
    (system_headers_stay_in_their_rooms, "src/sources/file.cc", "#include <linux/videodev2.h>\n"),
    (proto_and_media_read_no_clock, "src/proto/a.cc", "int x = monotonic_us();\n"),
    (functions_are_short, "src/base/a.cc", f"namespace camloop {{\n{LONG_FUNCTION}}}\n"),
    (functions_are_short, "src/base/a.h", f"class A : public B {{\n{LONG_FUNCTION}}};\n"),
    (files_are_short, "src/base/a.cc", "\n" * 501),
    (lines_are_short, "Makefile", "x" * 101),
    (headers_say_what_they_are_for, "src/base/a.h", "#pragma once\n"),
    (todos_name_an_issue, "src/base/a.cc", "// TO" "DO: later\n"),
    (sources_have_a_header_that_others_use, "src/base/a.cc", ""),
    (sources_have_a_header_that_others_use, "src/base/a.h", ""),
    (every_file_is_named_by_another, "tests/data/a.jpg", ""),
    (every_file_is_named_by_another, "tests/fuzz/corpus/a/1", ""),
    (every_fuzzer_has_a_corpus, "tests/fuzz/a_fuzz.cc", ""),
]


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in RULES))
def test_tree_keeps(rule, tree):
    faults = list(rule(tree))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("rule, name, text", RULES)
def test_rule_sees_a_fault(rule, name, text):
    assert any(name in fault for fault in rule({name: text}))


def test_long_tables_and_classes_are_no_functions():
    table = "const Row kRows[] = {\n" + "    {f(1), 2},\n" * 80 + "};\n"
    methods = "class A final : public B {\n" + "  int f() const { return 1; }\n" * 80 + "};\n"
    assert not list(functions_are_short({"src/base/a.cc": table + methods}))
