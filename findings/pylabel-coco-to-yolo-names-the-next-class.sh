#!/usr/bin/env bash
# Package: pylabel 0.1.55 (PyPI), with pandas 2.3.3 and numpy 2.4.6.
# Behaviour: ImportCoco and then ExportToYoloV5 writes the ids of COCO's categories as YOLO's class numbers, and beside them a dataset.yaml whose list of names
#   begins with the first class. Ids of COCO begin with 1, so each box has the name of the class behind its own, and the last class a number that is no
#   class at all. Where ids have gaps, as in COCO itself, they drift further. Nothing warns; `cat_id_index=0`, an option of the export, puts it right.
# One would have guessed: numbers and names of one export belong together: a YOLO class number is an index of `names`, and `nc` says how many there are.
# Seen: {'boxes': {'cat': 'dog', 'dog': 'bird', 'bird': None}, 'nc': 3, 'with cat_id_index=0': {'cat': 'cat', 'dog': 'dog', 'bird': 'bird'}}
#   (what the boxes are in COCO, and what in YOLO)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: pylabel==0.1.55 pandas==2.3.3 numpy==2.4.6 2> pip.log || {
  cat pip.log >&2
  exit 1
}
cat > check.py <<'PY'
import json
import sys

import yaml
from pylabel import importer

names = ["cat", "dog", "bird"]
# One box for each class, told apart by where it begins.
boxes = {name: [10 + 20 * at, 20, 10, 10] for at, name in enumerate(names)}
coco = {
    "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 100}],
    "categories": [{"id": at + 1, "name": name} for at, name in enumerate(names)],
    "annotations": [
        {"id": at + 1, "image_id": 1, "category_id": at + 1, "bbox": boxes[name], "area": 100, "iscrowd": 0}
        for at, name in enumerate(names)
    ],
}
with open("coco.json", "w") as file:
    json.dump(coco, file)


def exported(folder, **options):
    """What each box of COCO is by the numbers and names of the export, and how many classes there are."""
    dataset = importer.ImportCoco("coco.json", path_to_images=".")
    dataset.export.ExportToYoloV5(output_path=f"{folder}/labels", yaml_file="dataset.yaml", **options)
    with open(f"{folder}/dataset.yaml") as file:
        listed = yaml.safe_load(file)
    with open(f"{folder}/labels/a.txt") as file:
        lines = [line.split() for line in file]
    classes = {}
    for name, (left, _, width, _) in boxes.items():
        (number,) = (int(line[0]) for line in lines if abs(100 * float(line[1]) - left - width / 2) < 1)
        classes[name] = listed["names"][number] if number < len(listed["names"]) else None
    return classes, listed["nc"]


plain, count = exported("plain")
indexed, _ = exported("indexed", cat_id_index=0)
seen = {"boxes": plain, "nc": count, "with cat_id_index=0": indexed}
print(seen)
if seen != {"boxes": {"cat": "dog", "dog": "bird", "bird": None}, "nc": 3, "with cat_id_index=0": {n: n for n in names}}:
    sys.exit("pylabel behaves otherwise than stated above")
PY
venv/bin/python check.py 2> log || {
  cat log >&2
  exit 1
}
