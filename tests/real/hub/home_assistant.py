"""Runs Home Assistant with its MQTT integration alone, for a test to look into.

Arguments: the broker's port on the loopback address, an empty folder. Twice a second it prints what it knows, as JSON;
calls of services come on standard input, as JSON: [domain, service, data].
"""

import asyncio
import json
import os
import sys

from homeassistant import bootstrap, runner
from homeassistant.components.device_automation import DeviceAutomationType, async_get_device_automations
from homeassistant.helpers import device_registry, entity_registry

# The MQTT integration is what is looked at; the page and what belongs to it are not installed.
bootstrap.CRITICAL_INTEGRATIONS = set()
bootstrap.DEFAULT_INTEGRATIONS = set()


def configure(folder: str, port: int) -> None:
    os.makedirs(f"{folder}/.storage")
    with open(f"{folder}/configuration.yaml", "w") as file:
        file.write("homeassistant:\nhttp:\n  server_host: 127.0.0.1\n  server_port: " + sys.argv[3] + "\n")
    now = "2026-01-01T00:00:00+00:00"
    entry = {
        "created_at": now, "modified_at": now, "data": {"broker": "127.0.0.1", "port": port}, "disabled_by": None,
        "discovery_keys": {}, "domain": "mqtt", "entry_id": "mqtt", "minor_version": 1, "options": {},
        "pref_disable_new_entities": False, "pref_disable_polling": False, "source": "user", "subentries": [],
        "title": "broker", "unique_id": None, "version": 1,
    }
    with open(f"{folder}/.storage/core.config_entries", "w") as file:
        json.dump({"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}, file)


async def call_services(hass) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        domain, service, data = json.loads(line)
        await hass.services.async_call(domain, service, data, blocking=True)


async def describe(hass) -> dict:
    devices = device_registry.async_get(hass).devices
    entities = entity_registry.async_get(hass).entities.values()
    triggers = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, list(devices))
    states = {entity.entity_id: hass.states.get(entity.entity_id) for entity in entities if entity.platform == "mqtt"}
    return {
        "devices": {
            device.name: {
                "via": devices[device.via_device_id].name if device.via_device_id else None,
                "triggers": sorted(
                    f"{trigger['subtype']} {trigger['type']}"
                    for trigger in triggers.get(device.id, [])
                    if trigger["domain"] == "mqtt"
                ),
            }
            for device in devices.values()
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
    hass.async_create_background_task(call_services(hass), "services")
    while True:
        print(json.dumps(await describe(hass)), flush=True)
        await asyncio.sleep(0.5)


asyncio.run(main())
