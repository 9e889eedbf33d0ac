"""What the ports have in common before they begin."""

import argparse
import os
from pathlib import Path

import pictures


def parser(description):
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--calibration", required=True, help="folder with at least 64 photographs")
    arguments.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[2] / "sdk" / "models")
    arguments.add_argument("--float-out", type=Path, help="where the fp32 port goes (default: the cache)")
    return arguments


def calibration_pictures(folder):
    names = pictures.find(folder)
    if len(names) < 64:
        raise SystemExit(f"{folder}: expected at least 64 pictures, found {len(names)}")
    return names


def cache_folders():
    """The cache, and the folder in it for what is needed only while a port runs."""
    cache = Path(os.environ["OCELLUS_PORT_CACHE"])
    work = cache / "work"
    work.mkdir(exist_ok=True)
    return cache, work
