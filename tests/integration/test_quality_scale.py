"""The Integration Quality Scale: all of its rules are answered, and what is called done is there.

For each rule there is a test of its name, here or in the two modules beside (documentation,
entities): of a rule that is done it looks for what the rule asks for, of an exempt one for
what the exemption says. What a program cannot tell, such as whether a text is any good, is
left to the reader.
"""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import tomllib
from typing import Any

from homeassistant import components
from homeassistant.config_entries import ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.cry_detector.config_flow import CryDetectorConfigFlow
from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.coordinator import CryDetectorCoordinator
from custom_components.cry_detector.entity import CryDetectorEntity
from custom_components.cry_detector.issues import FIXABLE, Problem
from tests.integration import test_quality_scale_docs, test_quality_scale_entities
from tests.integration.helpers import async_set_up, async_start_flow, file_entry

ROOT = Path(__file__).parent.parent.parent
INTEGRATION = ROOT / "custom_components" / DOMAIN
MODULES = {
    path.stem: ast.parse(path.read_text()) for path in sorted(INTEGRATION.glob("*.py"))
}
ENGLISH: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())
MANIFEST: dict[str, Any] = json.loads((INTEGRATION / "manifest.json").read_text())
RULES: dict[str, str | dict[str, str]] = load_yaml_dict(
    str(INTEGRATION / "quality_scale.yaml")
)["rules"]

EXEMPT = {
    "appropriate-polling",
    "async-dependency",
    "discovery",
    "discovery-update-info",
    "dynamic-devices",
    "inject-websession",
    "stale-devices",
}


def core_rules() -> set[str]:
    """Return the rules that core's integrations answer, in the Home Assistant that is installed."""
    return {
        rule
        for path in Path(components.__file__).parent.glob("*/quality_scale.yaml")
        for rule in load_yaml_dict(str(path))["rules"]
    }


def status(rule: str) -> str:
    """Return what is said of a rule."""
    said = RULES[rule]
    return said if isinstance(said, str) else said["status"]


def test_every_rule_is_answered() -> None:
    """The 54 that core's integrations answer, and no others."""
    assert set(RULES) == core_rules()
    assert len(RULES) == 54
    assert {status(rule) for rule in RULES} == {"done", "exempt"}
    assert {rule for rule in RULES if status(rule) == "exempt"} == EXEMPT


def test_what_is_not_simply_done_is_explained() -> None:
    """In a sentence or two; and nothing else is said of a rule."""
    for rule, said in RULES.items():
        if isinstance(said, str):
            assert said == "done", rule
            continue
        assert set(said) == {"status", "comment"}, rule
        assert len(said["comment"].split()) >= 8, rule
        assert said["comment"].strip().endswith("."), rule


def test_the_rules_stand_in_their_tiers_and_in_order() -> None:
    """As in core: bronze, silver, gold, platinum, each by the alphabet."""
    text = (INTEGRATION / "quality_scale.yaml").read_text()
    tiers = re.split(r"^  # (\w+)$", text, flags=re.MULTILINE)
    assert tiers[1::2] == ["Bronze", "Silver", "Gold", "Platinum"]
    rules = [re.findall(r"^  ([a-z-]+):", tier, re.MULTILINE) for tier in tiers[2::2]]
    assert [len(tier) for tier in rules] == [20, 10, 21, 3]
    assert all(tier == sorted(tier) for tier in rules)


def test_every_rule_has_its_test() -> None:
    """None can be called done without one."""
    tests = {
        name
        for names in (
            globals(),
            vars(test_quality_scale_docs),
            vars(test_quality_scale_entities),
        )
        for name in names
    }
    assert {f"test_{rule.replace('-', '_')}" for rule in RULES} <= tests


def calls(name: str, *modules: str) -> Iterator[ast.Call]:
    """Yield the calls of a function or method, in some modules or in all."""
    for module in modules or MODULES:
        for node in ast.walk(MODULES[module]):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                yield node


def functions(module: str) -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    """Return the functions at the top of a module."""
    return {
        node.name: node
        for node in MODULES[module].body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    }


def steps() -> set[str]:
    """Return the steps of the config flow, without those that every flow has."""
    return {
        name.removeprefix("async_step_")
        for part in CryDetectorConfigFlow.__mro__
        if part.__module__.startswith("custom_components.")
        for name in vars(part)
        if name.startswith("async_step_")
    }


def services() -> dict[str, Any]:
    """Return the actions that are described."""
    return load_yaml_dict(str(INTEGRATION / "services.yaml"))


# Bronze


async def test_action_setup(hass: HomeAssistant) -> None:
    """Actions are there before any detector is, and described, every field of them."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(services())
    icons = json.loads((INTEGRATION / "icons.json").read_text())["services"]
    assert set(icons) == set(ENGLISH["services"]) == set(services())
    for name, service in services().items():
        words = ENGLISH["services"][name]
        assert words["name"]
        assert words["description"]
        assert set(words["fields"]) == set(service["fields"])
        assert all(
            field["name"] and field["description"] for field in words["fields"].values()
        )


def test_appropriate_polling() -> None:
    """Nothing is polled."""
    assert MANIFEST["iot_class"] == "local_push"
    source = "".join(ast.unparse(module) for module in MODULES.values())
    for polling in ("update_interval", "SCAN_INTERVAL", "should_poll"):
        assert polling not in source
    # Whoever asks an entity to update is given nothing: there is no more than words in it.
    for module in MODULES.values():
        for node in ast.walk(module):
            if getattr(node, "name", "") == "async_update":
                assert isinstance(node, ast.AsyncFunctionDef)
                assert len(node.body) == 1
                assert ast.get_docstring(node)


def test_brands() -> None:
    """The images of a custom integration are its own; their shape is test_manifest's."""
    assert {path.name for path in (INTEGRATION / "brand").iterdir()} >= {
        "icon.png",
        "icon@2x.png",
    }


def test_common_modules() -> None:
    """The coordinator and the base of the entities are where everybody looks for them."""
    assert CryDetectorCoordinator.__module__.endswith(".coordinator")
    assert issubclass(CryDetectorCoordinator, DataUpdateCoordinator)
    assert CryDetectorEntity.__module__.endswith(".entity")
    assert issubclass(CryDetectorEntity, CoordinatorEntity)
    classes = [
        node
        for platform in test_quality_scale_entities.platforms()
        for node in MODULES[platform].body
        if isinstance(node, ast.ClassDef) and "Description" not in node.name
    ]
    known = {"CryDetectorEntity", *(node.name for node in classes)}
    assert len(classes) >= 7
    for node in classes:
        assert known & {ast.unparse(base) for base in node.bases}, node.name


def forms() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the forms of the flows, their sections too, with the words for them."""
    for flow in ("config", "options"):
        for step, words in ENGLISH[flow]["step"].items():
            yield f"{flow} {step}", words
            for section, inner in words.get("sections", {}).items():
                yield f"{flow} {step} {section}", inner


def test_config_flow() -> None:
    """It is set up in the UI, with a word of help for every field."""
    assert MANIFEST["config_flow"] is True
    assert issubclass(CryDetectorConfigFlow, ConfigFlow)
    assert any("data" in words for _, words in forms())
    for name, words in forms():
        data, help_ = words.get("data", {}), words.get("data_description", {})
        assert set(data) == set(help_), name
        assert all(text.strip() for text in (*data.values(), *help_.values())), name


def test_config_flow_test_coverage() -> None:
    """Every step is taken in a test, and all of their code is run each time all tests run."""
    script = (ROOT / "scripts" / "test").read_text()
    assert f'covered 100 "Its flows" "custom_components/{DOMAIN}/*_flow.py"' in script
    tests = "".join(
        path.read_text()
        for path in (ROOT / "tests" / "integration").glob("*.py")
        if path.name != Path(__file__).name
    )
    # The last step shows nothing: the entry that it makes is what a test sees.
    for step in steps() - {"finish"}:
        assert re.search(rf"[\"'_]{step}\b", tests), step
    assert "CREATE_ENTRY" in tests


def test_dependency_transparency() -> None:
    """What is installed is on PyPI, free, and built in the open: numpy."""
    assert [re.split(r"\W", name)[0] for name in MANIFEST["requirements"]] == ["numpy"]


def test_entity_event_setup() -> None:
    """Entities subscribe when they are added, and end that when they are removed."""
    subscribing = ("async_subscribe_cries", "async_listen_to_observations")
    platforms = test_quality_scale_entities.platforms()
    for name in subscribing:
        inside = list(calls(name, *platforms))
        ended = [
            call
            for removal in calls("self.async_on_remove", *platforms)
            for call in ast.walk(removal)
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(name)
        ]
        assert len(inside) == len(ended), name
    added = [
        node
        for platform in platforms
        for node in ast.walk(MODULES[platform])
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "async_added_to_hass"
    ]
    subscribed = [
        call
        for node in added
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith("self.async_on_remove")
    ]
    assert len(subscribed) == len(list(calls("self.async_on_remove", *platforms))) > 0


def test_runtime_data() -> None:
    """What a detector needs while it runs is kept in its entry, which is typed."""
    setup = functions("__init__")["async_setup_entry"]
    assert any(
        ast.unparse(target) == "entry.runtime_data"
        for node in ast.walk(setup)
        if isinstance(node, ast.Assign)
        for target in node.targets
    )
    assert not any(
        "hass.data[DOMAIN]" in ast.unparse(module) for module in MODULES.values()
    )
    typed = [
        (module, function)
        for module in MODULES
        for name, function in functions(module).items()
        if name
        in {
            "async_get_config_entry_diagnostics",
            "async_remove_entry",
            "async_setup_entry",
            "async_unload_entry",
        }
    ]
    assert len(typed) > 5
    for module, function in typed:
        annotation = function.args.args[1].annotation
        assert annotation is not None
        assert ast.unparse(annotation) == "CryDetectorConfigEntry", module


@pytest.mark.usefixtures("quick_trial")
async def test_test_before_configure(hass: HomeAssistant, media: Path) -> None:
    """What gives no sound is not added."""
    form = await async_start_flow(hass, "file")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"],
        {"name": "Nursery", "path": str(media / "missing.wav"), "loop": True},
    )
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done()
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert result["type"] is FlowResultType.FORM
    assert result["errors"]
    assert not hass.config_entries.async_entries(DOMAIN)


def test_test_before_setup() -> None:
    """What cannot be set up says so by an error of Home Assistant's."""
    raised = {
        ast.unparse(node.exc.func)
        for node in ast.walk(functions("__init__")["async_setup_entry"])
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    }
    assert raised == {"ConfigEntryError"}


async def test_unique_config_entry(hass: HomeAssistant, room_file: Path) -> None:
    """A source that another detector listens to is refused."""
    file_entry(room_file).add_to_hass(hass)
    form = await async_start_flow(hass, "file")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"name": "Parents", "path": str(room_file), "loop": True}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


# Silver


@pytest.mark.parametrize(
    ("service", "data"),
    [
        ("listen", {"listening": False, "entity_id": "light.none"}),
        ("classify", {"path": "/etc/passwd"}),
        ("report", {"start": "2026-11-22 19:00:00", "end": "2026-11-22 18:00:00"}),
    ],
)
async def test_action_exceptions(
    hass: HomeAssistant, room_file: Path, service: str, data: dict[str, Any]
) -> None:
    """What cannot be done is an error, in words that can be translated."""
    assert {"classify", "listen", "report"} == set(services())
    await async_set_up(hass, file_entry(room_file))
    with pytest.raises((HomeAssistantError, ServiceValidationError)) as raised:
        await hass.services.async_call(
            DOMAIN, service, data, blocking=True, return_response=service != "listen"
        )
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key in ENGLISH["exceptions"]


def test_integration_owner() -> None:
    """Somebody answers for it."""
    assert MANIFEST["codeowners"] == ["@cry-detector"]


def test_reauthentication_flow() -> None:
    """A password that has changed is asked for, when the stream has refused the old one."""
    assert {"reauth", "reauth_confirm"} <= steps()
    assert ENGLISH["config"]["step"]["reauth_confirm"]["data"]
    assert list(calls("async_start_reauth"))


def test_test_coverage() -> None:
    """Every module is under test, and the coverage of all is enough each time all tests run."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    coverage = pyproject["tool"]["coverage"]
    assert f"custom_components/{DOMAIN}" in coverage["run"]["source"]
    assert "omit" not in coverage["run"]
    script = (ROOT / "scripts" / "test").read_text()
    assert "--cov" in script
    assert f'covered 97 "The integration" "custom_components/{DOMAIN}/*"' in script
    # Nothing is kept out of it line by line.
    assert not [
        path
        for path in INTEGRATION.rglob("*.py")
        if re.search(r"pragma:\s*no\s*(cover|branch)", path.read_text())
    ]


# Gold


def test_diagnostics() -> None:
    """They can be downloaded; test_diagnostics says what is in them."""
    assert "async_get_config_entry_diagnostics" in functions("diagnostics")


def discovering() -> set[str]:
    """Return the ways in which this can be discovered."""
    keys = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}
    return keys & set(MANIFEST) | {*keys, "discovery", "hassio"} & steps()


def test_discovery() -> None:
    """Nothing is discovered."""
    assert discovering() == set()


def test_discovery_update_info() -> None:
    """So there is nothing to update by it: cameras and streams are looked up at every start."""
    assert discovering() == set()
    assert list(calls("async_get_stream_source", "source"))


def test_dynamic_devices() -> None:
    """An entry has one device: nothing adds another one later."""
    assert not list(calls("async_get_or_create"))
    assert MANIFEST["integration_type"] == "device"


def raised_here() -> Iterator[tuple[str, ast.Call]]:
    """Yield what is raised with a class, by module."""
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                yield module, node.exc


def test_exception_translations() -> None:
    """All that a user may see of an error has its words, and is raised with them."""
    translated = 0
    for module, error in raised_here():
        kind = ast.unparse(error.func)
        keywords = {keyword.arg: keyword.value for keyword in error.keywords}
        if kind == "NoSoundError":
            translated += 1
            continue
        # What never leaves its module: a damaged record, a dialog that is closed.
        if kind in {"AbortFlow", "ValueError", "KeyError", "no_sound_error"}:
            continue
        assert {"translation_domain", "translation_key"} <= set(keywords), (
            f"{module}: {kind}"
        )
        translated += 1
        key = keywords["translation_key"]
        if isinstance(key, ast.Constant):
            assert key.value in ENGLISH["exceptions"], f"{module}: {key.value}"
    assert translated > 5


def test_reconfiguration_flow() -> None:
    """The source can be changed."""
    assert "reconfigure" in steps()


def test_repair_issues() -> None:
    """What lasts is an issue, which can be fixed where a program can; test_repairs tries them."""
    assert "async_create_fix_flow" in functions("repairs")
    assert {problem.value for problem in Problem} == set(ENGLISH["issues"])
    fixable = {key for key, words in ENGLISH["issues"].items() if "fix_flow" in words}
    assert fixable == {problem.value for problem in FIXABLE}
    assert list(calls("async_watch", "__init__"))


def test_stale_devices() -> None:
    """An entry has one device, which Home Assistant removes with the entry."""
    assert MANIFEST["integration_type"] == "device"


# Platinum


def test_async_dependency() -> None:
    """The engine is not async, and runs in a thread of its own that nothing waits for."""
    engine = "".join(path.read_text() for path in (INTEGRATION / "engine").glob("*.py"))
    assert "asyncio" not in engine
    assert list(calls("ThreadPoolExecutor"))
    assert list(calls("call_soon_threadsafe"))


def test_inject_websession() -> None:
    """Nothing is fetched over HTTP but by ffmpeg."""
    imported = {
        (node.module or "").split(".")[0]
        if isinstance(node, ast.ImportFrom)
        else node.names[0].name.split(".")[0]
        for path in INTEGRATION.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not imported & {"aiohttp", "httpx", "requests", "urllib3", "http"}


def test_strict_typing() -> None:
    """Mypy checks all of it, strictly; nothing is excused from that."""
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert mypy["strict"] is True
    assert "exclude" not in mypy
    for override in mypy["overrides"]:
        ours = [name for name in override["module"] if "cry_" in name]
        assert not ours
        assert not override.get("ignore_errors")
    lint = (ROOT / "scripts" / "lint").read_text()
    assert re.search(rf"mypy .*custom_components/{DOMAIN}", lint)
    assert (INTEGRATION / "engine" / "py.typed").exists()
    excused = [
        f"{path.name}: {line.strip()}"
        for path in INTEGRATION.rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"type: ignore(?!\[)|mypy: ", line)
    ]
    assert excused == []
