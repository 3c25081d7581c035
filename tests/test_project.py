"""The house rules that a machine can check: direction of imports, docstrings, and that the README's commands exist."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for package in ("autodiff", "transforms") for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """The dotted names of all modules that a file imports, also those inside functions."""
    package = path.relative_to(ROOT).parts[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return found


def belongs(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path).startswith("transforms")], ids=name_of)
def test_the_compiler_does_not_import_the_product(path: Path) -> None:
    assert not [module for module in imported(path) if belongs(module, "autodiff")]


LEAVES = {"transforms.runtime", "transforms.operations"}


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if name_of(path).startswith(("transforms/runtime/", "transforms/operations."))],
    ids=name_of,
)
def test_what_generated_code_calls_is_a_leaf(path: Path) -> None:
    own = name_of(path).removesuffix(".py").replace("/", ".")
    space = next(leaf for leaf in LEAVES if belongs(own, leaf))
    project = [m for m in imported(path) if belongs(m, "autodiff") or belongs(m, "transforms")]
    assert all(belongs(module, space) for module in project)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_modules_say_what_they_are_for(path: Path) -> None:
    if path.name.startswith("_") and path.name != "__init__.py":
        return
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring and len(docstring) > 20


def test_the_page_on_the_architecture_names_every_pass() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    parts = {"__init__", "effects", "forward", "ranges", "unpackings"}  # what passes share, and two parts of `nest`
    passes = {path.stem for path in (ROOT / "transforms" / "passes").glob("*.py")} - parts
    assert sorted(name for name in passes if f"`{name}`" not in page) == []


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"\bmake ([a-z]+)", readme))
    assert {"demo", "test"} <= commands
    assert commands <= makefile_targets()


def test_files_that_documents_name_exist() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [
        f"{name_of(page)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert not broken


def test_the_integration_run_uses_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"demo", "test", "lint"} <= set(re.findall(r"make ([a-z]+)", script))


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (item for items in lists for item in items if not item.startswith("autodiff[")):
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert "#" in line, f"say why {requirement} is needed"


AT_THE_ROOT = {
    *(".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml"),
    *("autodiff", "transforms", "tests", "examples", "benchmarks", "docs"),
}


def test_nothing_else_stands_at_the_root() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {path.split("/")[0] for path in done.stdout.split("\0") if path} == AT_THE_ROOT


def test_packages_ship_their_types() -> None:
    for package in ("autodiff", "transforms"):
        assert (ROOT / package / "py.typed").exists()


def test_the_compiler_in_miniature_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "miniature.md").read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "miniature"}
    shown = []
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        if language == "python":
            exec(compile(block, "docs/miniature.md", "exec"), namespace)
        else:
            shown.append(block)
    assert capsys.readouterr().out == "".join(shown)
    second = namespace["compiled"](namespace["grad"](namespace["grad"](namespace["program"])))
    assert second(0.7, 2.0) == pytest.approx(-0.644217687237691)


def test_the_examples_of_the_readme_print_what_it_shows(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```.*?^```text\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for number, (program, shown) in enumerate(blocks):
        path = tmp_path / f"readme{number}.py"
        path.write_text(program, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, env=environment)
        assert done.stdout.strip() == shown.strip(), done.stderr
