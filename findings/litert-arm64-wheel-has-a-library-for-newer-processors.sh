#!/usr/bin/env bash
# Package: ai-edge-litert 2.1.2 (PyPI), the wheel for Linux on arm64, tagged manylinux_2_27_aarch64; read with pyelftools 0.32 and numpy 2.2.6.
# Behaviour: its libraries are compiled for ARMv8.0 and ask at run time for the atomic instructions of ARMv8.1 (a dozen of them, in helpers of the
#   compiler), but libLiteRtWebGpuAccelerator.so, which came with 2.1.2, has them everywhere. The wheel before, 2.1.1, has no such
#   library. Emulated as a Cortex-A53 or A72 (Raspberry Pi 3 and 4), programs that use 2.1.2, 2.1.3, 2.1.6, 2.2.0 or 2.3.0 were ended by the signal
#   for an illegal instruction; those that use 2.1.1 were not.
# One would have guessed: a wheel with this tag runs on each 64-bit ARM with that glibc, the Pi 4 as well.
# Seen: {"2.1.1":{"libLiteRt.so":"few"},"2.1.2":{"libLiteRt.so":"few","libLiteRtWebGpuAccelerator.so":"many"}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyelftools==0.32 numpy==2.2.6
for version in 2.1.1 2.1.2; do
  venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform manylinux_2_27_aarch64 \
    --python-version 3.11 --implementation cp --dest "$version" "ai-edge-litert==$version"
done
cat > check.py <<'PY'
import glob, io, json, sys, zipfile

import numpy
from elftools.elf.elffile import ELFFile


def atomics(library):
    """Instructions of ARMv8.1's atomics in what is executed: load and change, swap, compare and swap."""
    text = ELFFile(io.BytesIO(library)).get_section_by_name(".text").data()
    words = numpy.frombuffer(text[: len(text) // 4 * 4], "<u4")
    changes = (words & 0x3F208C00) == 0x38200000
    swaps = (words & 0x3F20FC00) == 0x38208000
    compares = (words & 0x3FA07C00) == 0x08A07C00
    return int((changes | swaps | compares).sum())


seen = {}
for version in ("2.1.1", "2.1.2"):
    wheel = zipfile.ZipFile(glob.glob(version + "/*.whl")[0])
    names = sorted(name for name in wheel.namelist() if name.split("/")[-1].startswith("libLiteRt"))
    counts = {name.split("/")[-1]: atomics(wheel.read(name)) for name in names}
    print(version, counts, file=sys.stderr)
    seen[version] = {name: "many" if count > 500 else "few" if count < 50 else "some" for name, count in counts.items()}
found = json.dumps(seen, separators=(",", ":"))
print(found)
stated = '{"2.1.1":{"libLiteRt.so":"few"},"2.1.2":{"libLiteRt.so":"few","libLiteRtWebGpuAccelerator.so":"many"}}'
if found != stated:
    sys.exit("the wheels are otherwise than stated above")
PY
venv/bin/python check.py
