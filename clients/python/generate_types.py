#!/usr/bin/env python3
"""Writes finetuned_client/_generated.py from clients/schema.json, the protocol as an OpenRPC document.

    python3 generate_types.py            write it
    python3 generate_types.py --check    only say whether it is current (exit code 1 when not)
"""

import json
import keyword
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent / "schema.json"
TARGET = HERE / "finetuned_client" / "_generated.py"

#: Schemas whose names the package needs for something else.
RENAMED = {"ServiceError": "JobError"}

HEADER = '''"""Types, errors and methods of the protocol. Made by generate_types.py from clients/schema.json; do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from .errors import ServiceError

'''


def python_type(schema):
    """The annotation for a JSON schema."""
    if not schema:
        return "Any"
    if "$ref" in schema:
        return schema_name(schema["$ref"].rsplit("/", 1)[-1])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(python_type(item) for item in schema[union]))
    if "enum" in schema:
        return literal(schema["enum"])
    if "const" in schema:
        return f"Literal[{json.dumps(schema['const'])}]"
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(python_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"list[{python_type(schema.get('items'))}]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {python_type(inner) if isinstance(inner, dict) else 'Any'}]"
    return {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}.get(kind, "Any")


def literal(values):
    """A choice of constants, one a line when there are many."""
    texts = [json.dumps(value) for value in values]
    line = f"Literal[{', '.join(texts)}]"
    return line if len(line) < 90 else "Literal[\n" + "".join(f"    {text},\n" for text in texts) + "]"


def schema_name(name):
    return RENAMED.get(name, name)


def identifier(name):
    """A member's or parameter's name as Python can write it."""
    name = re.sub(r"\W", "_", name)
    return name + "_" if keyword.iskeyword(name) else name


def typed_dict(name, schema):
    """A named schema as a TypedDict, or as an alias when it is no plain object."""
    if "properties" not in schema:
        return f"{name} = {python_type(schema)}\n"
    required = set(schema.get("required", []))
    members = schema["properties"]
    if any(not key.isidentifier() or keyword.iskeyword(key) for key in members):
        pairs = ", ".join(
            f"{json.dumps(key)}: {annotation(value, key in required)!r}" for key, value in members.items())
        return f"{name} = TypedDict({json.dumps(name)}, {{{pairs}}})\n"
    lines = [f"class {name}(TypedDict):"]
    if schema.get("description"):
        lines.append(f'    """{sentence(schema["description"])}"""\n')
    for key, value in members.items():
        lines.append(f"    {key}: {annotation(value, key in required)}")
        if value.get("description"):
            lines.append(f'    """{sentence(value["description"])}"""')
    if not members:
        lines.append("    pass")
    return "\n".join(lines) + "\n"


def annotation(schema, is_required):
    text = python_type(schema)
    return text if is_required else f"NotRequired[{text}]"


def sentence(text):
    text = text.replace("\\", "\\\\").replace('"""', "'''").strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


#: Kinds whose plain names would hide Python's own exceptions, or say little.
EXCEPTIONS = {"oom": "OutOfMemoryError", "permission": "PermissionDeniedError", "timeout": "TimedOutError"}


def class_name(kind):
    return EXCEPTIONS.get(kind) or "".join(word.capitalize() for word in kind.split("_")) + "Error"


def errors(document, has_kinds):
    """One exception for each kind of error."""
    table = document["components"]["errors"]
    entries = [
        (value["data"]["kind"], value) for value in (table.values() if isinstance(table, dict) else table)]
    entries.sort(key=lambda entry: entry[0])
    text = ""
    if not has_kinds:
        text = f"ErrorKind = {literal([kind for kind, _ in entries])}\n\n\n"
    for kind, value in entries:
        text += f'class {class_name(kind)}(ServiceError):\n    """{sentence(value["message"])}"""\n\n'
        text += f'    kind = "{kind}"\n    code = {value["code"]}\n\n\n'
    text += "ERRORS: dict[str, type[ServiceError]] = {\n"
    text += "".join(f'    "{kind}": {class_name(kind)},\n' for kind, _ in entries)
    return text + "}\n"


def method(description, is_async):
    """A method of the protocol as a method of a class; parameters are given by name."""
    required = [item for item in description["params"] if item.get("required")]
    optional = [item for item in description["params"] if not item.get("required")]
    parameters = [f"{identifier(item['name'])}: {python_type(item.get('schema'))}" for item in required]
    parameters += [f"{identifier(item['name'])}: {python_type(item.get('schema'))} | None = None" for item in optional]
    result = python_type(description["result"]["schema"])
    name = identifier(description["name"])
    pairs = [f'"{item["name"]}": {identifier(item["name"])}' for item in required + optional]
    prefix, wait = ("async ", "await ") if is_async else ("", "")
    text = f"    {prefix}def {name}(self) -> {result}:\n"
    if parameters:
        text = f"    {prefix}def {name}(\n        self,\n        *,\n"
        text += "".join(f"        {parameter},\n" for parameter in parameters) + f"    ) -> {result}:\n"
    text += f'        """{sentence(description["summary"])}"""\n'
    if not pairs:
        return text + f'        return {wait}self.call("{description["name"]}")\n\n'
    given = "".join(f"                {pair},\n" for pair in pairs)
    return text + (
        f'        return {wait}self.call(\n            "{description["name"]}",\n'
        f"            {{\n{given}            }},\n        )\n\n"
    )


def generate(document):
    parts = [HEADER]
    schemas = document["components"].get("schemas", {})
    plain = [name for name in sorted(schemas) if "properties" not in schemas[name]]
    for name in plain + [name for name in sorted(schemas) if name not in plain]:
        parts.append("\n" + typed_dict(schema_name(name), schemas[name]) + "\n")
    parts.append("\n" + errors(document, "ErrorKind" in schemas) + "\n\n")
    for is_async in (False, True):
        name = "AsyncMethods" if is_async else "Methods"
        prefix = "async " if is_async else ""
        parts.append(f'class {name}:\n    """Every method of the protocol, typed."""\n\n')
        parts.append(f"    {prefix}def call(self, method: str, params: dict[str, Any] | None = None) -> Any:\n")
        parts.append("        raise NotImplementedError\n\n")
        parts += [method(description, is_async) for description in document["methods"]]
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def main():
    text = generate(json.loads(SCHEMA.read_text(encoding="utf-8")))
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET.name} is not what {SCHEMA.name} makes; run python3 {Path(__file__).name}")
        return
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
