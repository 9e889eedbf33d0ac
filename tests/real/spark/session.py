"""What scripts that run Spark share: a session on the loopback address, and a file where workers leave their process ids."""

import json
import os
import sys
import time

asked = json.load(sys.stdin)
sys.path.insert(0, asked["wheel"])

from pyspark.sql import SparkSession  # noqa: E402


def session(master, **settings):
    # Small batches, as docs/scale.md says.
    given = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "8",
        "spark.sql.warehouse.dir": asked["scratch"],
        **settings,
    }
    builder = SparkSession.builder.master(master).appName("ocellus")
    for name, value in given.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def pictures_in(spark, folder):
    return spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folder)


def rows_of(frame):
    """As plain values, sorted by path."""
    return sorted((row.asDict(recursive=True) for row in frame.collect()), key=lambda row: row["path"])


class Noted:
    """Starts Ocellus by way of a shell that notes which process it becomes."""

    def __init__(self, name):
        self.file = os.path.join(asked["scratch"], name)
        note = f'echo $$ >> "{self.file}"; exec {os.environ["OCELLUS_COMMAND"]} "$@"'
        self.command = ["sh", "-c", note, "sh"]

    def pids(self):
        try:
            with open(self.file) as lines:
                return [int(line) for line in lines]
        except FileNotFoundError:
            return []

    def until_started(self, count):
        while len(self.pids()) < count:
            time.sleep(0.1)

    def until_gone(self):
        """Waits until none is left. Returns how many there have been."""
        while any(is_alive(pid) for pid in self.pids()):
            time.sleep(0.1)
        return len(self.pids())


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def tell(**values):
    # What Spark prints may be on stdout as well: this is its last line.
    print("\n" + json.dumps(values), flush=True)
