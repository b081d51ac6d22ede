"""The scripts: imports lead somewhere, what they look for in a page is there, and nothing unsafe is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from animator.models.job import JobState, Stage
from tests.frontend.files import SCRIPTS, STATIC, read, script_files, with_imports, with_includes, without_comments

PAGES = {
    "studio.js": "animator/studio.html",
    "editor.js": "animator/timeline_editor.html",
    "dictionary.js": "animator/dictionary.html",
    "job.js": "animator/job_detail.html",
    "jobs.js": "animator/job_list.html",
    "training.js": "animator/training.html",
    "training_data.js": "animator/training_data.html",
    "training_run.js": "animator/training_run.html",
}


def name_of(file: Path) -> str:
    return str(file.relative_to(SCRIPTS))


@pytest.mark.parametrize("script", script_files(), ids=name_of)
def test_imported_names_are_exported(script: Path) -> None:
    for names, target in re.findall(r'import \{([^}]*)\} from "([^"]+)"', read(script)):
        file = (script.parent / target).resolve()
        assert file.is_file(), f"{name_of(script)} imports {target}"
        exported = set(re.findall(r"export (?:async )?(?:function|class|const) (\w+)", read(file)))
        wanted = {name.strip() for name in names.split(",") if name.strip()}
        assert wanted <= exported, f"{target} does not export {wanted - exported}"


@pytest.mark.parametrize("script", script_files(), ids=name_of)
def test_every_import_is_relative_and_used(script: Path) -> None:
    text = without_comments(read(script))
    for names, target in re.findall(r'import \{([^}]*)\} from "([^"]+)"', text):
        assert target.startswith("."), target
        body = text.split(f'from "{target}"')[-1]
        for name in (one.strip() for one in names.split(",")):
            assert not name or re.search(rf"\b{name}\b", body), f"{name_of(script)} does not use {name}"


@pytest.mark.parametrize("script", script_files(), ids=name_of)
def test_nothing_unsafe_or_blocking_is_used(script: Path) -> None:
    text = without_comments(read(script))
    for word in (r"innerHTML", r"outerHTML", r"insertAdjacentHTML", r"document\.write", r"\beval\(", r"new Function"):
        assert not re.search(word, text), f"{name_of(script)} uses {word}: what a user typed could become markup"
    for word in ("alert", "confirm", "prompt"):
        assert not re.search(rf"(?<![\w.]){word}\(", text), f"{name_of(script)} uses {word}()"
    assert "console." not in text


@pytest.mark.parametrize(("page", "template"), PAGES.items())
def test_what_a_script_needs_is_in_its_page(page: str, template: str) -> None:
    markup = with_includes(template)
    for file, text in with_imports((SCRIPTS / page).resolve()).items():
        for wanted in re.findall(r'(?:need|querySelector|pageData)\(\s*"(#?[\w-]+)"', text):
            if wanted.startswith("#"):
                assert f'id="{wanted[1:]}"' in markup, f"{file.name} needs {wanted}, {template} has none"
        for wanted in re.findall(r'pageData\("([\w-]+)"\)', text):
            assert f'json_script:"{wanted}"' in markup, f"{file.name} reads {wanted}, {template} does not give it"


def test_icons_exist() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', read(STATIC / "img" / "icons.svg")))
    used = {name for file in script_files() for name in re.findall(r'\bicon\("([\w-]+)"\)', read(file))}
    used |= {name for file in script_files() for name in re.findall(r'this\.button\("([\w-]+)"', read(file))}
    assert used
    assert used <= drawn


def test_stages_and_states_are_those_of_the_jobs() -> None:
    text = read(SCRIPTS / "lib" / "stages.js")
    assert re.findall(r'\{ id: "(\w+)"', text) == list(Stage.values)
    assert set(re.findall(r"^  (\w+): \{ label", text, re.MULTILINE)) == set(JobState.values)
