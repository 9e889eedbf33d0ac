#!/usr/bin/env bash
# Package: pyspark 4.3.0 with pyarrow 26.0.1, pandas 2.3.3, numpy 2.2.6 (PyPI), seen with Python 3.11 and Java 17.
# Behaviour: the type that `pyspark.ml.functions.predict_batch_udf` returns may be a `DataType` or a text, says its documentation, as of
#   `udf` and `pandas_udf`. With a name ("float", "string") the function is made and the query is planned, and then each task fails after the
#   network has run, with "ValueError: Unsupported return type": the name never becomes the object that results are compared with.
# One would have guessed: both do the same; or a name is refused where the function is made.
# Seen: {'float': 'ValueError: Unsupported return type', 'FloatType()': 'row', 'string': 'ValueError: Unsupported return type', 'StringType()': 'row'}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyspark==4.3.0 pyarrow==26.0.1 pandas==2.3.3 numpy==2.2.6
cat > check.py <<'PY'
import re
import sys

import numpy as np
from pyspark.ml.functions import predict_batch_udf
from pyspark.sql import SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import FloatType, StringType

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
for end in ("host", "bindAddress"):
    builder = builder.config(f"spark.driver.{end}", "127.0.0.1")
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("OFF")
rows = spark.range(3).select(col("id").cast("double").alias("x"))


def outcome(value, kind):
    try:
        # Valid results of the type that is named: one of each row.
        made = predict_batch_udf(lambda: lambda x: np.full(len(x), value), return_type=kind, batch_size=2)
        found = [row[0] for row in rows.select(made("x")).collect()]
        return "row" if found == [value] * 3 else f"{found}"
    except Exception as error:
        return re.search(r"ValueError: Unsupported return type|$", str(error)).group() or repr(error)


seen = {
    "float": outcome(0.5, "float"),
    "FloatType()": outcome(0.5, FloatType()),
    "string": outcome("cat", "string"),
    "StringType()": outcome("cat", StringType()),
}
print(seen)
refused = "ValueError: Unsupported return type"
if list(seen.values()) != [refused, "row", refused, "row"]:
    sys.exit("predict_batch_udf behaves otherwise than stated above")
PY
PYSPARK_PYTHON="$folder/venv/bin/python" venv/bin/python check.py 2> err || { tail -n 20 err >&2; exit 1; }
