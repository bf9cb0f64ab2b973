"""What hassfest and HACS check of a custom integration, checked here first."""

import ast
import json
from pathlib import Path
import re
import struct
from typing import Any

import pytest

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


def test_only_numpy_is_required() -> None:
    """Anything with code of its own to compile would not install on Home Assistant OS.

    Nor may numpy be pinned: Home Assistant has a version of its own.
    """
    assert manifest()["requirements"] == ["numpy>=2.0"]


def test_what_is_imported_of_other_integrations_is_declared() -> None:
    """Hassfest refuses an import of a component that is no dependency."""
    imported = {
        node.module.split(".")[2]
        for path in INTEGRATION.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("homeassistant.components.")
        and node.module
    }
    platforms = {"binary_sensor", "sensor"}
    declared = set(manifest()["dependencies"] + manifest()["after_dependencies"])
    assert imported - platforms == declared


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


def test_every_field_of_every_step_is_described() -> None:
    """Each has a name and a word of help, and no help is left over."""
    for step, content in ENGLISH["config"]["step"].items():
        assert content["title"], step
        assert set(content.get("data", {})) == set(content.get("data_description", {}))


def _called_with(name: str) -> set[str]:
    """Return the first arguments, where they are strings, of calls of a function."""
    return {
        node.args[0].value
        for path in INTEGRATION.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(name)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_error_has_its_words() -> None:
    """Those of the code are those of the translations: none is missing, none is left over."""
    from custom_components.cry_detector.errors import ERROR_KEYS

    raised = _called_with("NoSoundError") | set(ERROR_KEYS.values())
    assert set(ENGLISH["exceptions"]) == raised
    # A source that is tried does not end: it is heard, or it gives no sound.
    assert set(ENGLISH["config"]["error"]) == raised - {"source_ended"}


def test_the_words_of_an_error_use_the_placeholders_that_it_has() -> None:
    """The same ones in the form and in the log."""

    def placeholders(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    for key, in_form in ENGLISH["config"]["error"].items():
        in_log = ENGLISH["exceptions"][key]["message"]
        # The form of an unexpected error points to the log, where the rest is.
        if key != "unknown":
            assert placeholders(in_form) == placeholders(in_log), key


def test_every_entity_has_a_name_and_an_icon() -> None:
    """By the keys of the descriptions."""
    from custom_components.cry_detector.binary_sensor import BINARY_SENSORS
    from custom_components.cry_detector.sensor import SENSORS

    expected = {
        "binary_sensor": {item.translation_key for item in BINARY_SENSORS},
        "sensor": {item.translation_key for item in SENSORS},
    }
    icons = json.loads((INTEGRATION / "icons.json").read_text())["entity"]
    names = ENGLISH["entity"]
    assert {platform: set(keys) for platform, keys in icons.items()} == expected
    assert {platform: set(keys) for platform, keys in names.items()} == expected
    assert all(item["name"] for keys in names.values() for item in keys.values())


def test_every_step_of_the_flow_has_its_words() -> None:
    """The steps of the code are those of the translations, also in the menus."""
    tree = ast.parse((INTEGRATION / "config_flow.py").read_text())
    methods = {
        node.name.removeprefix("async_step_")
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
        and node.name.startswith("async_step_")
    }
    steps = ENGLISH["config"]["step"]
    # The last step shows nothing: it adds the entry.
    assert set(steps) == methods - {"finish"}
    kinds = {"camera", "file", "microphone", "stream"}
    assert set(steps["user"]["menu_options"]) == kinds
    assert set(steps["silent"]["menu_options"]) == kinds | {"finish", "listen"}
