"""Detections, embeddings and classes of pictures in Apache Spark, by Ocellus.

>>> pictures = spark.read.format("binaryFile").load("album")
>>> detect(pictures).write.parquet("found")
"""

import sys

from .corpus import classify, detect, embed, missing
from .feeder import WorkerError, answer, answer_table

__all__ = ["WorkerError", "answer", "answer_table", "classify", "detect", "embed", "missing"]


def _travel_by_value():
    """Tasks carry this code with them, so that executors do not have to have the package."""
    try:
        from pyspark import cloudpickle
    except ImportError:
        return  # Without Spark there are `answer` and `answer_table`.
    for name in (__name__, corpus.__name__, feeder.__name__):
        cloudpickle.register_pickle_by_value(sys.modules[name])


from . import corpus, feeder  # noqa: E402

_travel_by_value()
