"""What the feeder of ocellus-spark does with workers that behave in many ways: prints the outcomes as JSON."""

import json
import sys

asked = json.load(sys.stdin)
sys.path.insert(0, asked["wheel"])

import pyarrow as pa  # noqa: E402
from ocellus_spark import WorkerError, answer, answer_table  # noqa: E402
import pyarrow.compute  # noqa: E402
from ocellus_spark.corpus import _beside, _with_rows  # noqa: E402
from ocellus_spark.feeder import _COLUMNS, _Feeder  # noqa: E402

schema = pa.schema([("path", pa.string()), ("content", pa.binary())])


def batches(count, rows=3, size=10):
    for batch in range(count):
        paths = pa.array([f"{batch}-{row}" for row in range(rows)])
        yield pa.record_batch([paths, pa.array([b"x" * size] * rows, pa.binary())], schema=schema)


# Answers each batch with as many bytes as came, so pipes fill in both directions.
echo = """
import sys, pyarrow as pa
reader = pa.ipc.open_stream(sys.stdin.buffer)
with pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as out:
    for batch in reader:
        {each}
        out.write_batch(batch)
{after}
"""


def worker(each="", after=""):
    return [sys.executable, "-c", echo.format(each=each, after=after)]


def outcome(source, command):
    rows = []
    try:
        for batch in answer(source, command):
            rows += batch.column("path").to_pylist()
        return {"rows": len(rows), "ordered": rows == sorted(rows, key=lambda path: [int(n) for n in path.split("-")])}
    except WorkerError as error:
        return {"worker_error": str(error)}
    except Exception as error:
        return {"error": repr(error)}


def torn():
    yield from batches(2)
    raise ValueError("the source is torn")


def left_early():
    """Is a worker that waits for more gone, once nobody takes its answers?"""
    import os
    import threading

    more = threading.Event()

    def endless():
        yield from batches(1)
        more.wait(60)

    told = answer(endless(), [sys.executable, "-c", echo.format(each="print(__import__('os').getpid(), file=open(sys.argv[1], 'w'))", after=""), asked["pid_file"]])
    next(told)
    pid = int(open(asked["pid_file"]).read())
    told.close()
    more.set()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def left_open():
    """The code of a script that ends while rows are on their way. One that aborts has -6."""
    import subprocess

    # The worker takes all and answers once. The script takes a while to end, so that the feeder would meet that.
    script = f"""
import itertools, sys, time
sys.path.insert(0, {asked["wheel"]!r})
import pyarrow as pa
from ocellus_spark import answer

class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(0.3)

slow = Slow()
rows = pa.record_batch({{"path": pa.array(["a"]), "content": pa.array([b"x" * 100_000], pa.binary())}})
told = answer(itertools.repeat(rows), {worker(each="if reader.stats.num_record_batches > 1: continue")!r})
next(told)
"""
    return subprocess.run([sys.executable, "-c", script], timeout=120).returncode


def tables():
    """As other engines have them: what goes is told by its columns' types, what comes back by its rows."""
    command = worker(each="assert str(batch.schema.types) == \"[DataType(string), DataType(large_binary)]\", batch.schema")
    paths, contents = ["0-0", "0-1", None], [b"x", None, b"y"]
    texts = {"large_string": pa.array(paths, pa.large_string()), "dictionary": pa.array(paths).dictionary_encode()}
    told = {}
    for name, column in texts.items():
        content = pa.array(contents, pa.large_binary()) if name == "large_string" else pa.array(contents).dictionary_encode()
        table = pa.table({"other": [1, 2, 3], "content": content, "path": column})
        told[name] = answer_table(table, command).column("path").to_pylist()
    told["batch"] = answer_table(next(batches(1)), command).num_rows
    for name, empty in {"empty": schema.empty_table(), "no_batch": pa.Table.from_batches([], schema)}.items():
        found = answer_table(empty, command)
        told[name] = [found.num_rows, found.schema.equals(_COLUMNS)]
    return told


def large():
    """Views of 2.1 GiB in all, which share one: in pieces, with what each row has."""
    one = pa.array([b"x" * (64 << 20), b"last"], pa.binary_view())
    views = pa.concat_arrays([one.slice(0, 1)] * 34 + [one.slice(1)])
    feeder = _Feeder([pa.record_batch([pa.array(["a"] * 35), views], ["path", "content"])], None)
    sizes = [size for piece in feeder._sent() for size in pa.compute.binary_length(piece.column("content")).to_pylist()]
    return [repr(feeder.error), sizes == [64 << 20] * 34 + [4]]


def with_rows():
    some = [batch for count in (0, 2, 0, 1) for batch in batches(1, rows=count)]
    return [_with_rows(iter(some[:1])), [batch.num_rows for batch in _with_rows(iter(some))]]


def beside():
    """Columns that are kept, where answers come in other batches than the pictures went."""

    def told(pictures):
        rows = pa.Table.from_batches(pictures)
        assert rows.column_names == ["path", "content"]
        for start, count in [(0, 1), (1, 5), (6, 3), (9, 2)]:
            yield from rows.slice(start, count).combine_chunks().to_batches()

    sent = []
    for number, batch in enumerate(batches(4)):
        kept = [pa.array([f"{path} {i}" for path in batch["path"].to_pylist()]) for i in range(2)]
        one = pa.RecordBatch.from_arrays([*batch.columns, *kept], ["path", "content", "kept_0", "kept_1"])
        sent.append(one.slice(1) if number == 0 else one)
    found = pa.Table.from_batches(_beside(iter(sent), 2, ["first", "a.b"], told))
    return [found.column_names, [row["first"] == f"{row['path']} 0" and row["a.b"] == f"{row['path']} 1" for row in found.to_pylist()]]


print(
    json.dumps(
        {
            "tables": tables(),
            "beside": beside(),
            "large": large(),
            "with_rows": with_rows(),
            "much": outcome(batches(8, rows=100, size=20_000), worker()),
            "paths": outcome((batch.select(["path"]) for batch in batches(3)), worker(each="assert batch.schema.names == ['path']")),
            "changed": outcome((batch.select(["path"]) if number else batch for number, batch in enumerate(batches(3))), worker()),
            "nothing": outcome(iter(()), worker()),
            "failed": outcome(batches(3), worker(after="sys.exit('it is broken')")),
            "crashed": outcome(batches(3), worker(each="sys.stderr.write('a' * 5000 + 'the end\\n'); sys.exit(7)")),
            "silent": outcome(batches(3), worker(each="if batch['path'][0].as_py() == '1-0': continue")),
            "torn": outcome(torn(), worker()),
            "absent": outcome(batches(1), ["no-such-program"]),
            "left_early": left_early(),
            "left_open": left_open(),
        }
    )
)
