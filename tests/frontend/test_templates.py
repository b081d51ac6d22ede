"""The templates: nothing that a strict content policy forbids, nothing from elsewhere, references lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template

from gpu_worker.quality import certificate
from tests.frontend.files import ROOT, STATIC, TEMPLATES, read, script_files, style_files, template_files


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("template", template_files(), ids=name_of)
def test_it_compiles(template: Path) -> None:
    get_template(str(template.relative_to(TEMPLATES)))


@pytest.mark.parametrize("template", template_files(), ids=name_of)
def test_nothing_is_inline(template: Path) -> None:
    text = read(template)
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert "src=" in attributes, f"{name_of(template)} has a script in the page"
    assert "<style" not in text
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert "javascript:" not in text


@pytest.mark.parametrize("file", [*template_files(), *script_files(), *style_files()], ids=name_of)
def test_nothing_comes_from_elsewhere(file: Path) -> None:
    text = read(file).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""(?:https?:)?//[a-z0-9-]+\.[a-z]""", text), f"{name_of(file)} names another host"


@pytest.mark.parametrize("template", template_files(), ids=name_of)
def test_static_files_and_icons_exist(template: Path) -> None:
    text = read(template)
    for path in re.findall(r"{% static '([^']+)' %}", text):
        assert finders.find(path), f"{name_of(template)} wants {path}"
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', read(STATIC / "img" / "icons.svg")))
    wanted = set(re.findall(r'partials/icon\.html" with name="([\w-]+)"', text))
    wanted |= set(re.findall(r'partials/message\.html" with [^%]*icon="([\w-]+)"', text))
    assert wanted <= drawn


@pytest.mark.parametrize("template", template_files(), ids=name_of)
def test_forms_that_change_something_carry_the_token(template: Path) -> None:
    for form in re.findall(r'<form\b[^>]*method="post".*?</form>', read(template), re.DOTALL):
        assert "{% csrf_token %}" in form


@pytest.mark.parametrize("template", template_files(), ids=name_of)
def test_fields_have_labels_and_pictures_have_texts(template: Path) -> None:
    text = read(template)
    labelled = set(re.findall(r'for="([^"]+)"', text))
    for tag, attributes in re.findall(r"<(input|select|textarea)\b([^>]*)>", text):
        if 'type="hidden"' in attributes or 'type="{{' in attributes:
            continue
        name = re.search(r'\bid="([^"]+)"', attributes)
        inside = re.search(rf"<label\b[^>]*>\s*<{tag}\b{re.escape(attributes)}>", text)
        assert inside or (name and name[1] in labelled), f"{name_of(template)}: <{tag}{attributes}> has no label"
    for attributes in re.findall(r"<img\b([^>]*)>", text):
        assert "alt=" in attributes, f"{name_of(template)}: <img{attributes}>"


def test_every_check_of_the_certificate_has_plain_words() -> None:
    source = read(Path(certificate.__file__))
    names = set(re.findall(r'(?:Check|_check|_judged)\(\s*"([a-z_]+)"', source))
    assert len(names) > 10
    page = get_template("animator/check_name.html")
    for name in names:
        assert page.render({"name": name}).strip() != name, f"{name} is shown to people as it is"


@pytest.mark.parametrize("code", ["400", "403", "404", "500", "403_csrf"])
def test_error_pages_need_no_context(code: str) -> None:
    page = get_template(f"{code}.html").render({})
    assert "<h1>" in page
    assert 'href="/"' in page
