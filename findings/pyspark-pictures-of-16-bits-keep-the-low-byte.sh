#!/usr/bin/env bash
# Package: pyspark 4.3.0 (PyPI), seen with Python 3.11 and Java 17; the pictures are made with Pillow 13.0.0 and numpy 2.4.6.
# Behaviour: `spark.read.format("image")` accepts a grey PNG of 16 bits, which is how cameras for depth and heat store theirs, and gives the
#   lower byte of each value as a picture of 8 bits: 255, 256, 511 and 512 become 255, 0, 255 and 0, so that a smooth surface has a jump every 256
#   steps. Mode and size are those of a proper grey picture; nothing is dropped or warned of. A coloured PNG of 16 bits is scaled down as expected.
# One would have guessed: the upper byte, as for colours, or a row that is dropped as invalid, as for a TIFF.
# Seen: {'grey, 8 bits': [0, 100, 200, 255], 'grey, 16 bits': [255, 0, 255, 0], 'colour, 16 bits': [4, 78, 233]}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyspark==4.3.0 pillow==13.0.0 numpy==2.4.6
cat > check.py <<'PY'
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image
from pyspark.sql import SparkSession

GREY = 0  # OpenCV's numbers of the modes: one channel of 8 bits, and three
BGR = 16


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_16_bits(values, colour):
    """One row; Pillow reads colours of 16 bits and does not write them."""
    width = len(values) // (3 if colour else 1)
    row = b"\0" + struct.pack(f">{len(values)}H", *values)
    header = struct.pack(">IIBBBBB", width, 1, 16, 2 if colour else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")


os.mkdir("pictures")
deep = [255, 256, 511, 512]
Image.fromarray(np.array([[0, 100, 200, 255]], np.uint8)).save("pictures/grey, 8 bits.png")
for name, values in (("grey, 16 bits", deep), ("colour, 16 bits", [60000, 20000, 1000])):
    with open(f"pictures/{name}.png", "wb") as file:
        file.write(png_of_16_bits(values, name.startswith("colour")))
# The file is what it should be.
if np.asarray(Image.open("pictures/grey, 16 bits.png")).tolist() != [deep]:
    sys.exit("expected a grey picture of 16 bits")

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
for end in ("host", "bindAddress"):
    builder = builder.config(f"spark.driver.{end}", "127.0.0.1")
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")
read = spark.read.format("image").option("dropInvalid", True).load(os.path.abspath("pictures")).collect()
by_name = {os.path.basename(row.image.origin).replace("%20", " ")[: -len(".png")]: row.image for row in read}
names = ("grey, 8 bits", "grey, 16 bits", "colour, 16 bits")
modes = [by_name[name].mode for name in names]
seen = {name: list(by_name[name].data) for name in names}
print(seen)
if modes != [GREY, GREY, BGR] or list(seen.values()) != [[0, 100, 200, 255], [255, 0, 255, 0], [4, 78, 233]]:
    sys.exit("Spark behaves otherwise than stated above")
PY
PYSPARK_PYTHON="$folder/venv/bin/python" venv/bin/python check.py 2> err || { tail -n 20 err >&2; exit 1; }
