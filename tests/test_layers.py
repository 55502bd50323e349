"""Imports point down: the house that docs/architecture.md draws."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "shenqu"
LAYERS = [
    {"errors"},
    {"units"},
    {"documents", "dsp"},
    {"speech", "music", "singing", "picture", "mixing", "engines", "media", "cache"},
    {"pipeline"},
    {"cli"},
]
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shenqu."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "shenqu":
            found |= {name.name for name in node.names} & LEVEL.keys()
        elif isinstance(node, ast.Import):
            found |= {name.name.split(".")[1] for name in node.names if name.name.startswith("shenqu.")}
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{module}: imports are absolute"
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(module):
    part = part_of(module)
    if part in {"__init__", "__main__"}:
        return
    for imported in imports_of(module) - {part}:
        assert LEVEL[imported] < LEVEL[part], f"{part} must not import {imported}"


def test_every_part_has_a_level():
    assert {part_of(module) for module in MODULES} - {"__init__", "__main__"} <= LEVEL.keys()
