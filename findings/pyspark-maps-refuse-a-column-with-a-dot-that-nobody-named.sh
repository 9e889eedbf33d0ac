#!/usr/bin/env bash
# Package: pyspark 4.3.0 with pyarrow 26.0.1, pandas 2.3.3 (PyPI), seen with Python 3.11 and Java 17.
# Behaviour: a DataFrame has the columns `a.b` and c, and can be collected, counted and written. `mapInArrow` and `mapInPandas`, to which no
#   column is named, since they get all, refuse it: "A column with name `a`.`b` cannot be resolved. Did you mean one of the following?
#   [`a`.`b`, `c`]". They look up each name that `columns` says once more, as a path, and the point leads into a struct that is not there.
#   `applyInPandas` does so with a column that is not even the key.
# One would have guessed: back quotes are for who writes such a name; what takes whole rows does not care what columns are called.
# Seen: {'collect': 1, 'mapInArrow': 'UNRESOLVED_COLUMN', 'mapInPandas': 'UNRESOLVED_COLUMN', 'applyInPandas': 'UNRESOLVED_COLUMN', 'renamed': 1}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyspark==4.3.0 pyarrow==26.0.1 pandas==2.3.3
cat > check.py <<'PY'
import re
import sys

from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
for end in ("host", "bindAddress"):
    builder = builder.config(f"spark.driver.{end}", "127.0.0.1")
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")
frame = spark.createDataFrame([(1, 2)], ["a.b", "c"])
renamed = frame.toDF("a_b", "c")


def same(batches):
    yield from batches


def outcome(work):
    try:
        return len(work().collect())
    except Exception as error:
        return re.search(r"UNRESOLVED_COLUMN|$", str(error)).group() or repr(error)


seen = {
    "collect": outcome(lambda: frame),
    "mapInArrow": outcome(lambda: frame.mapInArrow(same, frame.schema)),
    "mapInPandas": outcome(lambda: frame.mapInPandas(same, frame.schema)),
    "applyInPandas": outcome(lambda: frame.groupBy("c").applyInPandas(lambda group: group, frame.schema)),
    # What is returned may have the point.
    "renamed": outcome(lambda: renamed.mapInArrow(lambda rows: (r.rename_columns(["a.b", "c"]) for r in rows), frame.schema)),
}
print(seen)
refused = "UNRESOLVED_COLUMN"
if list(seen.values()) != [1, refused, refused, refused, 1]:
    sys.exit("pyspark behaves otherwise than stated above")
PY
PYSPARK_PYTHON="$folder/venv/bin/python" venv/bin/python check.py 2> err || { tail -n 20 err >&2; exit 1; }
