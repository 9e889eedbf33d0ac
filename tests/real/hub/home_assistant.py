"""Runs Home Assistant with its MQTT integration alone, for a test to look into.

Arguments: the broker's port on the loopback address, a folder, a free port for its page. An empty folder is filled as
its own dialog would have done it, with all defaults; one of an earlier run is gone on with. Twice a second it prints what
it knows, as JSON; calls of services come on standard input, as JSON: [domain, service, data]. At the end of the input it
stops as at a restart.
"""

import asyncio
import json
import os
import sys

from homeassistant import bootstrap, runner
from homeassistant.components.device_automation import DeviceAutomationType, async_get_device_automations
from homeassistant.components.mqtt import const
from homeassistant.helpers import device_registry, entity_registry

try:
    from homeassistant.components.http import config as http_config
except ImportError:
    http_config = None

# The MQTT integration is what is looked at; the page and what belongs to it are not installed.
bootstrap.CRITICAL_INTEGRATIONS = set()
bootstrap.DEFAULT_INTEGRATIONS = set()


def configure(folder: str, port: int) -> None:
    if os.path.exists(f"{folder}/.storage"):
        return
    os.makedirs(f"{folder}/.storage")
    with open(f"{folder}/configuration.yaml", "w") as file:
        file.write("homeassistant:\nhttp:\n  server_host: 127.0.0.1\n  server_port: " + sys.argv[3] + "\n")
    now = "2026-01-01T00:00:00+00:00"
    entry = {
        "created_at": now, "modified_at": now, "disabled_by": None,
        "data": {"broker": "127.0.0.1", "port": port, "protocol": const.DEFAULT_PROTOCOL},
        "discovery_keys": {}, "domain": "mqtt", "entry_id": "mqtt", "minor_version": 1, "options": {},
        "pref_disable_new_entities": False, "pref_disable_polling": False, "source": "user", "subentries": [],
        "title": "broker", "unique_id": None, "version": 1,
    }
    store(folder, "core.config_entries", {"entries": [entry]}, minor_version=5)
    if hasattr(http_config, "STORAGE_VERSION"):
        # From 2026 on the page's address is kept here, and the YAML is only tried.
        address = {"server_host": ["127.0.0.1"], "server_port": int(sys.argv[3])}
        stable = http_config.HTTP_STORAGE_SCHEMA(address) | {"created_at": now, "error": None, "error_message": None}
        data = {"stable": stable, "pending": None, "yaml_migration_done": True}
        store(folder, "http", data, version=http_config.STORAGE_VERSION)


def store(folder: str, key: str, data: dict, version: int = 1, minor_version: int = 1) -> None:
    with open(f"{folder}/.storage/{key}", "w") as file:
        json.dump({"version": version, "minor_version": minor_version, "key": key, "data": data}, file)


async def call_services(hass) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        domain, service, data = json.loads(line)
        await hass.services.async_call(domain, service, data, blocking=True)


async def describe(hass) -> dict:
    devices = device_registry.async_entries_for_config_entry(device_registry.async_get(hass), "mqtt")
    names = {device.id: device.name for device in devices}
    entities = entity_registry.async_entries_for_config_entry(entity_registry.async_get(hass), "mqtt")
    triggers = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, list(names))
    states = {entity.entity_id: hass.states.get(entity.entity_id) for entity in entities}
    [entry] = hass.config_entries.async_entries("mqtt")
    return {
        "protocol": entry.data["protocol"],
        "devices": {
            device.name: {
                "via": names.get(device.via_device_id),
                "triggers": sorted(
                    f"{trigger['subtype']} {trigger['type']}"
                    for trigger in triggers.get(device.id, [])
                    if trigger["domain"] == "mqtt"
                ),
            }
            for device in devices
            if device.manufacturer == "Ocellus"
        },
        "states": {entity_id: state and state.state for entity_id, state in states.items()},
    }


async def main() -> None:
    configure(sys.argv[2], int(sys.argv[1]))
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=sys.argv[2], skip_pip=True, verbose=False, log_no_color=True)
    )
    await hass.async_start()
    services = asyncio.create_task(call_services(hass))
    while not services.done():
        print(json.dumps(await describe(hass)), flush=True)
        await asyncio.wait([services], timeout=0.5)
    services.result()
    await hass.async_stop()
    # What it keeps is written, and nothing else of it is waited for.
    os._exit(0)


asyncio.run(main())
