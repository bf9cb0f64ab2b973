"""The rules of the Integration Quality Scale that are about documentation: README.md and docs/.

What must be written about is taken from the code and its translations, so that nothing that is
added can be forgotten.
"""

import json
from pathlib import Path
import re
from typing import Any

from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import pytest

from custom_components.cry_detector.const import (
    CONF_REPORT_INTERVAL,
    DOMAIN,
    SourceKind,
)
from custom_components.cry_detector.engine.sources.urls import PROTOCOLS
from custom_components.cry_detector.settings import DEFAULTS

ROOT = Path(__file__).parent.parent.parent
INTEGRATION = ROOT / "custom_components" / DOMAIN
ENGLISH: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
ALL = "\n".join(PAGES.values())


def without_code(text: str) -> str:
    """Return a text without its blocks of code, in which a # is no heading."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """Return the text under the one heading, on any page, that has these words in it."""
    found = [
        "\n".join(part.splitlines()[1:])
        for page in PAGES.values()
        for part in re.split(r"^(?=#+ )", page, flags=re.MULTILINE)
        if re.match(
            rf"#+ .*{title}", part.splitlines()[0] if part else "", re.IGNORECASE
        )
    ]
    assert found, f"no page has a heading like {title}"
    return "\n".join(found)


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    text = re.sub(r"[`*\[\]]|\(.*?\)", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(page: str) -> set[str]:
    """Return the anchors of a page."""
    return {
        slug(title)
        for title in re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """To a file that there is, and to a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text()), target


def described(name: str, fields: set[str]) -> None:
    """Check that something of an automation is named as in YAML, with its parameters."""
    assert f"`{DOMAIN}.{name}`" in ALL, name
    for field in fields:
        assert re.search(rf"`{field}`|^ +{field}:", ALL, re.MULTILINE), (
            f"{name}: {field}"
        )


def parts(kind: str) -> dict[str, set[str]]:
    """Return what actions, triggers or conditions there are, with their fields."""
    content = load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
    return {
        name: set((value or {}).get("fields", {}))
        for name, value in content.items()
        if not name.startswith(".")
    }


def examples() -> list[Any]:
    """Return the YAML that is shown."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", ALL, re.MULTILINE | re.DOTALL)
    return [parse_yaml(block) for block in blocks]


def test_docs_actions() -> None:
    """Each action with each of its fields."""
    actions = parts("services")
    assert actions
    for name, fields in actions.items():
        described(name, fields)


def test_docs_conditions() -> None:
    """Each condition with each of its fields."""
    conditions = parts("conditions")
    assert conditions
    for name, fields in conditions.items():
        described(name, fields)


def test_docs_triggers() -> None:
    """Each trigger with each of its fields."""
    triggers = parts("triggers")
    assert triggers
    for name, fields in triggers.items():
        described(name, fields)


def test_docs_high_level_description() -> None:
    """What it is, before anything else."""
    title, _, rest = PAGES["README.md"].partition("\n")
    assert title == "# Cry Detector"
    first = rest.strip().split("\n\n")[0]
    assert len(first.split()) >= 25
    assert "Home Assistant" in first


def test_docs_installation_instructions() -> None:
    """Step by step."""
    text = section("install")
    steps = re.findall(r"^\d\. ", text, re.MULTILINE)
    assert len(steps) >= 3
    assert "HACS" in text


def test_docs_removal_instructions() -> None:
    """The entry, and then what was installed."""
    text = section("remove")
    assert "Delete" in text
    assert "HACS" in text


def labels(flow: str) -> set[str]:
    """Return what the fields of a flow's forms are called, but for the choice of how to go on."""
    return {
        label
        for name, step in ENGLISH[flow]["step"].items()
        if name != "result"
        for part in (step, *step.get("sections", {}).values())
        for label in part.get("data", {}).values()
    }


def test_docs_installation_parameters() -> None:
    """Each field of the config flow, by the name that it has there."""
    fields = labels("config")
    assert fields
    missing = {label for label in fields if label.lower() not in ALL.lower()}
    assert missing == set()


def test_docs_configuration_parameters() -> None:
    """Each option, by the name that it has there."""
    fields = labels("options")
    assert fields
    missing = {label for label in fields if label.lower() not in ALL.lower()}
    assert missing == set()


def test_docs_data_update() -> None:
    """When what is shown changes, and how often."""
    text = section("when they change")
    assert "polled" in text
    assert f"every {DEFAULTS[CONF_REPORT_INTERVAL]:g} seconds" in text


def test_docs_examples() -> None:
    """Automations that can be copied, with what there is of our own; and blueprints, to import."""
    shown = [example for example in examples() if isinstance(example, dict)]
    assert any({"triggers", "actions"} <= set(example) for example in shown)
    used = {
        str(one.get("trigger"))
        for example in shown
        for one in example.get("triggers", [])
    }
    assert any(trigger.startswith(f"{DOMAIN}.") for trigger in used)
    blueprints = sorted((ROOT / "blueprints").rglob("*.yaml"))
    assert len(blueprints) >= 3
    for path in blueprints:
        assert path.name in ALL, path.name


def test_docs_known_limitations() -> None:
    """What it cannot do."""
    text = section("limitations")
    assert len(re.findall(r"^- ", text, re.MULTILINE)) >= 5
    assert "medical" in text


def test_docs_supported_devices() -> None:
    """Each kind of source and each scheme; and what is not supported."""
    text = section("supported sources")
    for kind in SourceKind:
        assert kind.value in text.lower()
    for scheme in PROTOCOLS:
        assert f"`{scheme}`" in text
    assert "Not supported" in text


def test_docs_supported_functions() -> None:
    """Each entity by its name."""
    page = PAGES["docs/entities.md"]
    for platform, keys in ENGLISH["entity"].items():
        for words in keys.values():
            assert words["name"] in page, f"{platform}: {words['name']}"


def test_docs_troubleshooting() -> None:
    """Each issue of the repairs, and what to send when nothing helps."""
    page = PAGES["docs/troubleshooting.md"]
    for words in ENGLISH["issues"].values():
        title = words["title"].removeprefix("{name}: ")
        assert title.lower() in page.lower(), title
    assert "diagnostics" in page


def test_docs_use_cases() -> None:
    """What it is good for."""
    text = section("what it is good for")
    assert len(re.findall(r"^[-|] ?", text, re.MULTILINE)) >= 3
