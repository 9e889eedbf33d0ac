#!/usr/bin/env bash
# Package: tfrecord 1.14.4 (PyPI), which reads TFRecord files without TensorFlow; protobuf 3.20.3, numpy 1.26.4. It imports torch for its loaders, of which
#   nothing is used here: a module that only has the name stands in for it.
# Behaviour: of a feature that holds several texts, the reader gives the first and drops the rest; of numbers it gives all. In a record of object detection, as
#   TensorFlow's tools write it, `image/object/class/text` has one text for each box: with three boxes there are three labels, three left sides and a single name.
# One would have guessed: a list for each of the three kinds of list that the format has (BytesList, FloatList, Int64List), or an error. The writer of the
#   package accepts a list of texts, and all three are in its file.
# Seen: {'image/object/class/text': 'cat', 'image/object/class/label': [1, 2, 3], 'image/object/bbox/xmin': [0.25, 0.5, 0.75]}, in the file: ['cat', 'dog', 'person']
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tfrecord==1.14.4 protobuf==3.20.3 numpy==1.26.4
mkdir -p torch/utils
touch torch/__init__.py torch/utils/__init__.py
echo 'class IterableDataset: pass' > torch/utils/data.py
cat > check.py <<'PY'
import struct
import sys

import tfrecord
from tfrecord import example_pb2

writer = tfrecord.TFRecordWriter("boxes.tfrecord")
writer.write(
    {
        "image/object/class/text": ([b"cat", b"dog", b"person"], "byte"),
        "image/object/class/label": ([1, 2, 3], "int"),
        "image/object/bbox/xmin": ([0.25, 0.5, 0.75], "float"),
    }
)
writer.close()
with open("boxes.tfrecord", "rb") as file:
    data = file.read()
(length,) = struct.unpack("<Q", data[:8])
example = example_pb2.Example.FromString(data[12 : 12 + length])
texts = [text.decode() for text in example.features.feature["image/object/class/text"].bytes_list.value]

(record,) = tfrecord.tfrecord_loader("boxes.tfrecord", None)
seen = {name: bytes(value).decode() if name.endswith("text") else value.tolist() for name, value in record.items()}
print(f"{seen}, in the file: {texts}")
stated = {"image/object/class/text": "cat", "image/object/class/label": [1, 2, 3], "image/object/bbox/xmin": [0.25, 0.5, 0.75]}
if seen != stated or texts != ["cat", "dog", "person"]:
    sys.exit("tfrecord behaves otherwise than stated above")
PY
PYTHONPATH=. venv/bin/python check.py
