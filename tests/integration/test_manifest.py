"""What hassfest and HACS check of a custom integration, checked here first."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import struct
from typing import Any

from homeassistant.const import Platform
from homeassistant.helpers.selector import TargetSelector, validate_selector
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.cry_detector.config_flow import CryDetectorConfigFlow
from custom_components.cry_detector.const import SourceKind
from custom_components.cry_detector.engine.listener import Health
from custom_components.cry_detector.errors import ERROR_KEYS

ROOT = Path(__file__).parent.parent.parent
INTEGRATION = ROOT / "custom_components" / "cry_detector"
ENGLISH: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())

# hassfest's manifest schema for custom integrations, as far as an integration of this
# kind can use it; what is not on the list is an error there.
_KNOWN_KEYS = {
    "after_dependencies",
    "codeowners",
    "config_flow",
    "dependencies",
    "documentation",
    "domain",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "loggers",
    "name",
    "quality_scale",
    "requirements",
    "version",
}
_REQUIRED_KEYS = {
    "codeowners",
    "documentation",
    "domain",
    "issue_tracker",
    "name",
    "version",
}
_REPOSITORY = "https://github.com/cry-detector/cry-detector"


def manifest() -> dict[str, Any]:
    """Return the manifest."""
    content: dict[str, Any] = json.loads((INTEGRATION / "manifest.json").read_text())
    return content


def test_the_manifest_has_the_keys_it_must_have_and_no_others() -> None:
    """What hassfest and HACS require."""
    keys = set(manifest())
    assert keys >= _REQUIRED_KEYS
    assert keys <= _KNOWN_KEYS


def test_the_manifest_is_in_order() -> None:
    """Domain and name come first, then the alphabet."""
    keys = list(manifest())
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]


def test_the_manifest_says_what_is_true() -> None:
    """The folder, the publisher and the kind of integration."""
    content = manifest()
    assert content["domain"] == INTEGRATION.name
    assert content["config_flow"] is True
    assert content["integration_type"] == "device"
    assert content["iot_class"] == "local_push"
    assert content["codeowners"] == ["@cry-detector"]
    assert content["documentation"].startswith(_REPOSITORY)
    assert content["issue_tracker"] == f"{_REPOSITORY}/issues"
    assert re.fullmatch(r"\d+\.\d+\.\d+", content["version"])
    assert f'version = "{content["version"]}"' in (ROOT / "pyproject.toml").read_text()


def test_the_manifest_claims_no_tier() -> None:
    """Hassfest would take one from anybody; but the tiers are awarded to core's integrations alone."""
    assert "quality_scale" not in manifest()
    assert (INTEGRATION / "quality_scale.yaml").exists()


def test_only_numpy_is_required() -> None:
    """Anything with code of its own to compile would not install on Home Assistant OS.

    Nor may numpy be pinned: Home Assistant has a version of its own.
    """
    assert manifest()["requirements"] == ["numpy>=2.0"]


def test_what_is_imported_of_other_integrations_is_declared() -> None:
    """Hassfest refuses an import of a component that is no dependency.

    Allowed are platforms, what a module of ours is a platform of, and a few that register
    things for others without being set up.
    """
    imported = {
        name
        for path in INTEGRATION.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for name in (
            [node.module.split(".")[2]]
            if (node.module or "").startswith("homeassistant.components.")
            and node.module
            else [alias.name for alias in node.names]
            if node.module == "homeassistant.components"
            else []
        )
    }
    allowed = {"media_source", "websocket_api", *Platform}
    platforms_of = {path.stem for path in INTEGRATION.glob("*.py")}
    declared = set(manifest()["dependencies"] + manifest()["after_dependencies"])
    assert imported - platforms_of - allowed <= declared
    assert declared <= imported


@pytest.mark.parametrize(("name", "size"), [("icon", 256), ("icon@2x", 512)])
def test_the_brand_has_its_images(name: str, size: int) -> None:
    """PNG with transparency, of the sizes that the brands of Home Assistant have."""
    content = (INTEGRATION / "brand" / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour_type = struct.unpack(">IIBB", content[16:26])
    assert (width, height) == (size, size)
    assert (depth, colour_type) == (8, 6)


def test_hacs_knows_the_name_and_the_minimum_version() -> None:
    """HACS reads them from the root of the repository."""
    content = json.loads((ROOT / "hacs.json").read_text())
    assert content["name"] == manifest()["name"]
    assert re.fullmatch(r"2026\.\d+\.\d+", content["homeassistant"])


def test_hacs_and_the_ui_are_a_button_away() -> None:
    """The README's buttons lead to this repository, and to this integration."""
    readme = (ROOT / "README.md").read_text()
    my = "https://my.home-assistant.io/redirect"
    owner, repository = _REPOSITORY.split("/")[-2:]
    assert (
        f"]({my}/hacs_repository/?owner={owner}&repository={repository}"
        "&category=integration)"
    ) in readme
    assert f"]({my}/config_flow_start/?domain={manifest()['domain']})" in readme


@pytest.mark.parametrize("kind", ["services", "triggers", "conditions"])
def test_what_the_editors_ask_for_is_known(kind: str) -> None:
    """The selectors and targets of actions, triggers and conditions are Home Assistant's."""
    described = load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
    fields = [
        field
        for name, content in described.items()
        if not name.startswith(".")
        for field in content["fields"].values()
    ]
    assert fields
    for field in fields:
        validate_selector(field["selector"])
        assert set(field) <= {"default", "example", "required", "selector"}
    for content in described.values():
        if target := content.get("target"):
            assert TargetSelector(target).config["entity"]


def _icons(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what has an icon by default, at any depth."""
    if "default" in tree:
        yield tree
    for part in tree.values():
        if isinstance(part, dict):
            yield from _icons(part)


def test_icons_are_needed_and_in_order() -> None:
    """Hassfest refuses a state's icon that is the default's, and ranges that do not ascend."""
    icons = list(_icons(json.loads((INTEGRATION / "icons.json").read_text())))
    assert any("state" in icon for icon in icons)
    assert any("range" in icon for icon in icons)
    for icon in icons:
        assert icon["default"] not in icon.get("state", {}).values()
        starts = [float(start) for start in icon.get("range", {})]
        assert starts == sorted(starts)


def test_translations_are_whole() -> None:
    """A custom integration's translations refer to nothing, are not empty and hold no URL."""

    def strings(tree: dict[str, Any]) -> list[str]:
        return [
            text
            for value in tree.values()
            for text in (strings(value) if isinstance(value, dict) else [value])
        ]

    for text in strings(ENGLISH):
        assert text.strip() == text != ""
        assert "[%key" not in text
        assert not re.search(r"\w+://", text)
        # What stands for something is never in single quotes: they would be shown.
        assert not re.search(r"'{\w+}'", text)


def _called_with(name: str, *modules: str) -> set[str]:
    """Return the first arguments, where they are strings, of calls of a function."""
    return {
        node.args[0].value
        for path in INTEGRATION.glob("*.py")
        if not modules or path.stem in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(name)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def _translation_keys() -> set[str]:
    """Return the keys that errors are raised with."""
    return {
        keyword.value.value
        for path in INTEGRATION.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        for keyword in node.exc.keywords
        if keyword.arg == "translation_key"
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }


def test_every_error_has_its_words() -> None:
    """Those of the code are those of the translations: none is missing, none is left over."""
    dead = {health.value for health in Health if not health.alive}
    raised = (
        _called_with("NoSoundError")
        | _translation_keys()
        | set(ERROR_KEYS.values())
        | dead
    )
    assert set(ENGLISH["exceptions"]) == raised


def test_every_error_of_a_dialog_has_its_words() -> None:
    """What can be wrong with a source; the log says it in the same words."""
    in_forms = ENGLISH["config"]["error"]
    of_sources = _called_with("NoSoundError", "source", "models")
    of_forms = {"invalid_auth", "unknown"}
    assert set(in_forms) == of_sources | set(ERROR_KEYS.values()) | of_forms
    for key in set(in_forms) - of_forms:
        in_log = ENGLISH["exceptions"][key]["message"]
        assert placeholders(in_forms[key]) == placeholders(in_log), key


def test_every_problem_of_the_audio_input_has_its_word() -> None:
    """All that can keep a detector that is set up from hearing, and no more."""
    dead = {health.value for health in Health if not health.alive}
    of_sources = _called_with("NoSoundError", "source", "reconnecting")
    words = ENGLISH["entity"]["binary_sensor"]["audio_input"]["state_attributes"]
    assert (
        set(words["problem"]["state"]) == of_sources | set(ERROR_KEYS.values()) | dead
    )


def placeholders(text: str) -> set[str]:
    """Return what a text leaves open."""
    return set(re.findall(r"{(\w+)}", text))


def test_every_step_of_the_flow_has_its_words() -> None:
    """The steps of the code are those of the translations, also in the menus."""
    methods = {
        name.removeprefix("async_step_")
        for part in CryDetectorConfigFlow.__mro__
        if part.__module__.startswith("custom_components.")
        for name in vars(part)
        if name.startswith("async_step_")
    }
    steps = ENGLISH["config"]["step"]
    # These show nothing: the one goes on to reauth_confirm, the other makes the entry.
    assert set(steps) == methods - {"finish", "reauth"}
    kinds = {kind.value for kind in SourceKind}
    for menu in ("user", "reconfigure"):
        assert set(steps[menu]["menu_options"]) == kinds
