#!/usr/bin/env python3
"""Writes the reference, docs/operations.md and docs/reference/*.md, from the comments of the public headers.

    scripts/reference.py            writes the pages anew
    scripts/reference.py --check    changes nothing; fails where a page is out of date, or a function has no comment

Each page lists one folder's headers: every function, class, constant and alias that users call, with its declaration and
the comment above it. Declarations that follow each other without an empty line share a comment, and so do overloads.
What is private (detail/, namespace detail, private members) is left out.
"""
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "ops": ("docs/operations.md", "Operations", "Differentiable functions of Variables. Derivatives that name no input are dy/dx; g is the gradient of y"),
    "core": ("docs/reference/core.md", "The engine", "Arrays, variables, the tape, derivatives, random streams, state"),
    "nn": ("docs/reference/nn.md", "Models", "Modules, layers, losses, initialisers"),
    "optim": ("docs/reference/optim.md", "Optimizers", "Update rules, schedules, averages of parameters"),
    "io": ("docs/reference/io.md", "Files", "Checkpoints, arrays, data sets"),
    "train": ("docs/reference/train.md", "Training", "The search for hyperparameters, and what else helps to train"),
}


@dataclass
class Entry:
    """Declarations that share a comment."""
    names: list
    comment: list
    code: list = field(default_factory=list)
    kind: str = "function"


def closing(text, start):
    """The place after the bracket that closes the one at `start`, skipping comments and literals."""
    depth, i = 0, start
    while i < len(text):
        if text.startswith("//", i):
            i = text.index("\n", i)
        elif text[i] in "\"'" and not (text[i] == "'" and text[i - 1].isalnum()):    # 1'000 has no literal
            quote = text[i]
            i += 1
            while text[i] != quote:
                i += 2 if text[i] == "\\" else 1
        elif text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    raise ValueError("a bracket is never closed: " + text[start:start + 60])


def declaration_end(text, start):
    """The place after the declaration at `start`, and where its body begins (None: it has none)."""
    i = start
    while True:
        if text.startswith("//", i):
            i = text.index("\n", i)
        elif text[i] in "([":
            i = closing(text, i)
            continue
        elif text[i] == ";":
            return i + 1, None
        elif text[i] == "{":
            before = re.sub(r"\s+", " ", text[start:i]).rstrip()
            after = closing(text, i)
            if re.search(r"\brequires( ?\(.*\))?$", before) or before.endswith("="):    # a requires-expression, an initialiser
                i = after
                continue
            rest = re.match(r"\s*([;,{])", text[after:])
            if rest and rest.group(1) == ";":
                return after + rest.end(), i
            if rest:    # a member initialiser
                i = after
                continue
            return after, i
        i += 1


def scan(text, private=False):
    """Yields (comment lines, declaration, body, whether an empty line precedes) of a scope, `private` from the start on."""
    i, comment, gap = 0, [], True
    while i < len(text):
        line_end = text.find("\n", i)
        line_end = len(text) if line_end < 0 else line_end
        line = text[i:line_end].strip()
        access = re.match(r"(public|protected|private):$", line)
        if not line:
            comment, gap, i = [], True, line_end + 1
        elif line.startswith("//"):
            comment.append(re.sub(r"^// ?", "", line))
            i = line_end + 1
        elif line.startswith("#"):
            while text[line_end - 1] == "\\":
                line_end = text.index("\n", line_end + 1)
            comment, gap, i = [], True, line_end + 1
        elif access:
            private, comment, gap, i = access.group(1) != "public", [], True, line_end + 1
        elif line.startswith("}"):
            i = line_end + 1
        elif re.match(r"(inline )?namespace\b", line):
            name = re.match(r"(?:inline )?namespace\s*([\w:]*)", line).group(1)
            brace = text.index("{", i)
            end = closing(text, brace)
            if name and "detail" not in name.split("::"):
                yield from scan(text[brace + 1:end - 1], private)
            comment, gap, i = [], True, text.find("\n", end) + 1 or len(text)
        else:
            end, body = declaration_end(text, i)
            tail = re.match(r"[ \t]*// ?(.*)", text[end:])    # a comment on the same line
            trailing = [tail.group(1)] if tail else []
            if not private:
                yield comment or trailing, text[i:body if body is not None else end].strip(), \
                    text[body:end] if body is not None else "", gap, trailing
            comment, gap, i = [], False, end + (tail.end() if tail else 0)
            if text[i:i + 1] == "\n":
                i += 1


def without_body(code):
    """A function's declaration without its member initialisers."""
    depth = 0
    for i, character in enumerate(code):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == ":" and depth == 0 and code[i - 1] != ":" and code[i + 1:i + 2] != ":" and ")" in code[:i] \
                and "?" not in code[:i]:
            return code[:i].rstrip()
    return code


def tidy(code):
    """One declaration on one line where it fits, template heads on the same line."""
    code = re.sub(r"\s+", " ", code).strip()
    return re.sub(r"(std::\w+) < (.*?) ?(&?) >", r"\1<\2\3>", code)    # what clang-format makes of a requires-clause


def name_of(code):
    code = re.sub(r"^(template <.*?> ?)+(?=[\w\[])", "", tidy(code)) if code.startswith("template") else tidy(code)
    found = re.match(r"(?:enum class|enum|class|struct|concept)(?: \[\[\w+\]\])? (\w+)", code) or re.match(r"using (\w+) =", code)
    if found:
        return found.group(1)
    found = re.search(r"(operator ?(?:\(\)|[^\s(]+)|~?\w+) ?\(", code)
    if found and "=" not in code[:found.start()].replace("operator==", "").replace("operator=", ""):
        return found.group(1)
    found = re.search(r"(\w+) ?(?:=|\{|;|$)", code)
    return found.group(1) if found else code


def members(body, indent, owner):
    """The public members of a class, with their comments, as lines of code."""
    is_class = owner.startswith("class") or re.search(r"> class ", owner)
    lines = []
    for comment, code, inner, gap, trailing in scan(body[1:body.rindex("}")], bool(is_class)):
        if re.match(r"(friend|static_assert)\b", code) or re.search(r"~\w+\(|= delete", code):
            continue
        if gap and lines:
            lines.append("")
        if comment and comment != trailing:
            lines += [indent + "// " + line if line else indent + "//" for line in comment]
        lines += declared(code, inner, indent, trailing)
    return lines


def declared(code, body, indent, trailing):
    end = "    // " + trailing[0] if trailing else ""
    flat = tidy(code)
    if re.match(r"(template <.*> ?)?(class|struct)\b", flat) and body:
        inside = members(body, indent + "    ", flat)
        head = re.sub(r"detail::", "", flat)
        return [indent + head + " {", *inside, indent + "};"] if inside else [indent + head + " {};"]
    if re.match(r"enum\b", flat):
        return [indent + flat + " " + tidy(re.sub(r"//[^\n]*", "", body)) + end]
    if body and "(" not in re.sub(r"= .*", "", flat):    # a value with its initialiser
        return [indent + flat + tidy(body) + end]
    return [indent + without_body(flat.removesuffix(";")) + ";" + end]


def kind_of(code):
    flat = tidy(code)
    head = re.sub(r"^template <.*?> ", "", flat)
    if re.match(r"(class|struct|enum)\b", head):
        return "class"
    if re.search(r"\bconcept\b", flat):
        return "concept"
    return "function" if re.search(r"\w\)? ?\(|operator", re.sub(r"=.*", "", head) if head.startswith("using") else head) else "value"


def read_header(path, complaints):
    text = path.read_text()
    subject = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        subject.append(re.sub(r"^// ?", "", line))
    text = text.split("#pragma once", 1)[1]
    entries = []
    for comment, code, body, gap, trailing in scan(text):
        flat = tidy(code)
        if re.match(r"(extern template|static_assert|template <> |template (class|struct) )", flat):
            continue
        if re.match(r"(template <.*> ?)?(class|struct) \w+;$", flat) or ") -> " in flat and re.match(r"(template <.*> ?)?\w+\(", flat):
            continue    # a forward declaration, a deduction guide
        name, kind = name_of(code), kind_of(code)
        if name.startswith("is_") and kind == "value" or "= delete" in flat:
            continue
        before = next((entry for entry in entries if name in entry.names), None)
        if comment:
            entries.append(Entry([name], comment, declared(code, body, "", [] if comment == trailing else trailing), kind))
        elif entries and not gap:
            entries[-1].code += declared(code, body, "", trailing)
            if name not in entries[-1].names:
                entries[-1].names.append(name)
        elif before:
            before.code += declared(code, body, "", trailing)
        else:
            if kind == "function":
                complaints.append(f"{path.relative_to(ROOT)}: {name} has no comment")
            entries.append(Entry([name], [], declared(code, body, "", trailing), kind))
    return subject, entries


def prose(lines):
    """A comment as Markdown: its words as they are, what is indented as code."""
    def escaped(line):
        return re.sub(r"<(?=[\w/])|(?<! )\*|\*(?! )|^[#+-](?= )", r"\\\g<0>", line)

    out, code = [], False
    for line in lines:
        if line.startswith("    ") and not code:
            out += ["", "```cpp"] if out and out[-1] else ["```cpp"]
            code = True
        elif code and line and not line.startswith("    "):
            while out[-1] == "":
                out.pop()
            out += ["```", ""]
            code = False
        out.append(line[4:] if code else escaped(line))
    return out + ["```"] if code else out


def headers(folder):
    found = (path for path in sorted((ROOT / folder).rglob("*.hpp")))
    return [path for path in found if not {"detail", "tool"} & set(path.relative_to(ROOT).parts)]


def page(folder, title, what, complaints):
    lines = [f"# {title}", "", f"{what}.", "", f"Written by scripts/reference.py from the comments of the headers in {folder}/; a test holds "
             "it up to date.", "T is float or double, and left out of signatures: `template <class T>`."]
    for path in headers(folder):
        subject, entries = read_header(path, complaints)
        if not entries:
            continue
        lines += ["", f"## {path.relative_to(ROOT / folder).with_suffix('')}", "", f"`#include <xtape/{path.relative_to(ROOT)}>`",
                  "", *prose(subject)]
        for entry in entries:
            code = [re.sub(r"^template <class T> (?!class|struct|using|concept)", "", line) for line in entry.code]
            lines += ["", "### " + ", ".join(f"`{name}`" for name in entry.names), "", "```cpp", *code, "```"]
            if entry.comment:
                lines += ["", *prose(entry.comment)]
    return "\n".join(lines) + "\n"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: scripts/reference.py [--check]")
    complaints, outdated = [], []
    for folder, (target, title, what) in PAGES.items():
        if not headers(folder):
            continue
        text, path = page(folder, title, what, complaints), ROOT / target
        if check:
            if not path.exists() or path.read_text() != text:
                outdated.append(target)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if outdated:
        complaints.append(f"out of date: {', '.join(outdated)}; scripts/reference.py writes them anew")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
