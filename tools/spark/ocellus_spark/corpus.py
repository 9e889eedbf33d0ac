"""What Ocellus tells of pictures, as functions of a DataFrame of them."""

import collections
import io
import itertools
import os
import shlex
import shutil
import tarfile
import tempfile

import pyarrow as pa

from .feeder import answer

def detect(df, model=None, threshold=None, threads=1, command=None, keep=(), path="path", content="content"):
    """Finds objects in pictures.

    :param df: Rows of ``path`` and ``content``, as ``spark.read.format("binaryFile")`` makes them. Without ``content``, each executor
        reads the files itself: ``path`` is that of a file which all executors have, on a shared or their own disk.
    :param model: A name of ``ocellus models``, or a path on each executor. Default: the default detector.
    :param threshold: Minimum score, 0 to 1. Default: the model card's.
    :param threads: Of one task's network; as many as ``spark.task.cpus``.
    :param command: How Ocellus is started on an executor, text or list. Default: ``OCELLUS_COMMAND`` of the driver's environment,
        else ``ocellus``.
    :param keep: Names of columns of ``df`` that each row has behind the others, as they are: labels, partitions, keys.
    :param path: Name of the column of paths, texts. It is ``path`` in what is returned.
    :param content: Name of the column of the files' bytes.
    :returns: ``path``, ``model`` (SHA-256), ``width``, ``height`` (pixels), ``detections`` (a list of ``label``, ``score`` from 0 to
        1 and ``box``, [x1, y1, x2, y2] in pixels), ``error``, and what ``keep`` names. A row for each that came; of one that cannot be read
        only ``path``, ``model``, ``error`` and what is kept are set.
    :raises ValueError: when ``df`` has no such column, or one of another type.

    >>> detect(spark.read.format("binaryFile").load("album")).where("error is null").show()
    """
    columns = _Columns(path, content, keep)
    return _mapped(df, columns, command, threads, "detect", model=model, threshold=threshold)


def embed(df, model=None, head=None, threads=1, command=None, keep=(), path="path", content="content"):
    """Computes an embedding of each picture, for heads to learn from: as ``detect``, with ``embedding``, a list of floats.

    :param head: The head that will learn from them: of ``object``, the default, the middle of a picture is shown to the network, of others
        the whole.
    """
    return _mapped(df, _Columns(path, content, keep), command, threads, "embed", model=model, head=head)


def classify(
    df, model=None, store=None, head=None, top=1, threads=1, command=None, keep=(), path="path", content="content"
):
    """Tells what each picture shows: as ``detect``, with ``classes``, a list of ``label``, ``score`` and, of an unknown object,
    ``nearest``, best first.

    :param store: Folder of examples on the driver, which no process has open: labels are those that were taught. It travels with
        the tasks. Default: the network's own classes.
    :param head: Head of the store. Default: ``object``.
    :param top: At most so many of the network's own classes.
    """
    columns = _Columns(path, content, keep)
    if store is None:
        return _mapped(df, columns, command, threads, "classify", model=model, head=head, top=top)
    return _mapped(df, columns, command, threads, "classify", packed=_packed(store), model=model, head=head)


def missing(answers, folder):
    """The files below a folder that have no row: empty ones and those whose names begin with ``_`` or ``.`` have none in
    ``binaryFile``, and others may have been filtered.

    :param answers: A DataFrame with the column ``path``: what ``detect`` returned, or the pictures.
    :param folder: As it was loaded, without wildcards. It is listed by the driver, some thousand files a second.
    :returns: ``path``, ``length`` (bytes), ``why``.
    :raises ValueError: with Spark Connect, whose client cannot list what the cluster sees.
    """
    spark = answers.sparkSession
    if "connect" in type(spark).__module__.split("."):
        raise ValueError(
            "missing: expected a session in the driver, got one of Spark Connect, which cannot list a folder; run it by spark-submit"
        )
    jvm = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(folder)
    system = path.getFileSystem(spark._jsc.hadoopConfiguration())
    # As files are named in the listing: a folder above that is hidden hides none of them.
    start = str(system.makeQualified(path).toString())
    files = system.listFiles(path, True)
    rows = []
    while files.hasNext():
        status = files.next()
        name = status.getPath().toString()
        rows.append((name, status.getLen(), _why(name.removeprefix(start), status.getLen())))
    listed = spark.createDataFrame(rows, "path string, length long, why string")
    return listed.join(answers.select("path").distinct(), "path", "left_anti")


def _why(name, length):
    if length == 0:
        return "it is empty"
    if any(part[:1] in ("_", ".") for part in name.split("/")):
        return "a name that begins with _ or . is hidden"
    return "it was not among the rows"


class _Columns:
    """Which columns of a DataFrame are sent, and which go back beside the answers."""

    def __init__(self, path, content, keep):
        if isinstance(keep, str):
            raise ValueError(f'keep: expected a list of names, got the text "{keep}"; [{keep!r}] is one')
        self.path = path
        self.content = content
        self.keep = list(keep)

    def of(self, df, told):
        """The DataFrame of ``path``, ``content`` if it has one, and those that are kept; what these are called when they are back."""
        from pyspark.sql.types import BinaryType, StringType

        wanted = [(self.path, "path", StringType, "texts")]
        # By another name than the usual one it was asked for.
        if self.content != "content" or _has(df, self.content):
            wanted.append((self.content, "content", BinaryType, "bytes"))
        chosen = []
        for name, called, kind, words in wanted:
            _check_there(df, called, name)
            column = df.select(df[name].alias(called))
            got = column.schema[0].dataType
            if not isinstance(got, kind):
                raise ValueError(f"{called}: expected a column of {words}, {name} is one of {got.simpleString()}")
            chosen.append(df[name].alias(called))
        for name in self.keep:
            _check_there(df, "keep", name)
        fields = df.select(*(df[name] for name in self.keep)).schema if self.keep else []
        taken = set(told)
        for name in (field.name for field in fields):
            if name.casefold() in taken:
                raise ValueError(f"keep: expected other names than {', '.join(sorted(taken))}; rename {name} before: withColumnRenamed")
            taken.add(name.casefold())
        # By number on the way: `mapInArrow` takes a point in a name for a struct.
        numbered = [df[name].alias(f"kept_{i}") for i, name in enumerate(self.keep)]
        return df.select(*chosen, *numbered), fields


def _has(df, name):
    return name.casefold() in (one.casefold() for one in df.columns)


def _check_there(df, what, name):
    # A point leads into a struct, unless the name is in back quotes.
    top = name[1:].partition("`")[0] if name.startswith("`") else name.partition(".")[0]
    if not _has(df, top):
        raise ValueError(f"{what}: expected a column {name}, got {', '.join(df.columns) or 'none'}")


def _told_fields(task):
    """What is told of each picture."""
    from pyspark.sql.types import ArrayType, FloatType, IntegerType, StringType, StructField, StructType

    def struct(**fields):
        return ArrayType(StructType([StructField(name, kind) for name, kind in fields.items()]))

    own = {
        "detect": ("detections", struct(label=StringType(), score=FloatType(), box=ArrayType(FloatType()))),
        "embed": ("embedding", ArrayType(FloatType())),
        "classify": ("classes", struct(label=StringType(), score=FloatType(), nearest=StringType())),
    }[task]
    size = [("width", IntegerType()), ("height", IntegerType())]
    return [StructField(*one) for one in [("path", StringType()), ("model", StringType()), *size, own, ("error", StringType())]]


def _mapped(df, columns, command, threads, task, packed=None, **options):
    from pyspark.sql.types import StructType

    start = os.environ.get("OCELLUS_COMMAND", "ocellus") if command is None else command
    args = [*(shlex.split(start) if isinstance(start, str) else start), "worker", "--arrow", "--task", task]
    args += ["--threads", str(threads)]
    for name, value in options.items():
        if value is not None:
            args += [f"--{name}", str(value)]
    fields = _told_fields(task)
    sent, kept = columns.of(df, [field.name for field in fields])
    first = len(sent.columns) - len(kept)
    names = [field.name for field in kept]

    def answers(batches):
        # After a shuffle most partitions have no rows, and to start a worker takes longer than a picture.
        batches = _with_rows(batches)
        if batches is None:
            return
        if packed is None:
            yield from _beside(batches, first, names, lambda pictures: answer(pictures, args))
            return
        # A copy for each task: a store is open in one process at a time.
        folder = tempfile.mkdtemp(prefix="ocellus-store-")
        try:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(folder, filter="data")
            with_store = [*args, "--store", os.path.join(folder, "store")]
            yield from _beside(batches, first, names, lambda pictures: answer(pictures, with_store))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return sent.mapInArrow(answers, StructType([*fields, *kept]))


def _with_rows(batches):
    """None where there is no row."""
    filled = (batch for batch in batches if batch.num_rows > 0)
    first = next(filled, None)
    return None if first is None else itertools.chain([first], filled)


def _beside(batches, first, names, told):
    """Answers, and by these names the columns from ``first`` on of the rows that they are of: both come in the same order."""
    kept = collections.deque()

    def noted():
        for batch in batches:
            # Before it is sent, so that it is there when the first answer is.
            kept.append((batch.columns[first:], batch.num_rows))
            yield pa.RecordBatch.from_arrays(batch.columns[:first], batch.schema.names[:first])

    for batch in told(noted()):
        columns = _next_rows(kept, batch.num_rows)
        yield pa.RecordBatch.from_arrays([*batch.columns, *columns], [*batch.schema.names, *names])


def _next_rows(kept, count):
    parts = []
    while count > 0:
        columns, rows = kept.popleft()
        taken = min(count, rows)
        parts.append([column.slice(0, taken) for column in columns])
        if taken < rows:
            kept.appendleft(([column.slice(taken) for column in columns], rows - taken))
        count -= taken
    return [pa.concat_arrays(column) for column in zip(*parts)]


def _packed(store):
    if not os.path.isdir(store):
        raise ValueError(f"store: expected a folder of examples, there is none at {store}; `ocellus teach` makes one")
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        archive.add(store, "store")
    return target.getvalue()
