"""What Ocellus tells of pictures, as functions of a DataFrame of them."""

import io
import os
import shlex
import shutil
import tarfile
import tempfile

from .feeder import answer

_START = "path string, model string, width int, height int"
_DETECT = f"{_START}, detections array<struct<label: string, score: float, box: array<float>>>, error string"
_EMBED = f"{_START}, embedding array<float>, error string"
_CLASSIFY = f"{_START}, classes array<struct<label: string, score: float, nearest: string>>, error string"


def detect(df, model=None, threshold=None, threads=1, command=None):
    """Finds objects in pictures.

    :param df: Rows of ``path`` and ``content``, as ``spark.read.format("binaryFile")`` makes them. Without ``content``, each executor
        reads the files itself: ``path`` is that of a file which all executors have, on a shared or their own disk.
    :param model: A name of ``ocellus models``, or a path on each executor. Default: the default detector.
    :param threshold: Minimum score, 0 to 1. Default: the model card's.
    :param threads: Of one task's network; as many as ``spark.task.cpus``.
    :param command: How Ocellus is started on an executor, text or list. Default: ``OCELLUS_COMMAND`` of the driver's environment,
        else ``ocellus``.
    :returns: ``path``, ``model`` (SHA-256), ``width``, ``height`` (pixels), ``detections`` (a list of ``label``, ``score`` from 0 to
        1 and ``box``, [x1, y1, x2, y2] in pixels), ``error``. A row for each that came; of one that cannot be read only ``path``,
        ``model`` and ``error`` are set.

    >>> detect(spark.read.format("binaryFile").load("album")).where("error is null").show()
    """
    return _mapped(df, _DETECT, command, threads, "detect", model=model, threshold=threshold)


def embed(df, model=None, head=None, threads=1, command=None):
    """Computes an embedding of each picture, for heads to learn from: as ``detect``, with ``embedding``, a list of floats.

    :param head: The head that will learn from them: of ``object``, the default, the middle of a picture is shown to the network, of others
        the whole.
    """
    return _mapped(df, _EMBED, command, threads, "embed", model=model, head=head)


def classify(df, model=None, store=None, head=None, top=1, threads=1, command=None):
    """Tells what each picture shows: as ``detect``, with ``classes``, a list of ``label``, ``score`` and, of an unknown object,
    ``nearest``, best first.

    :param store: Folder of examples on the driver, which no process has open: labels are those that were taught. It travels with
        the tasks. Default: the network's own classes.
    :param head: Head of the store. Default: ``object``.
    :param top: At most so many of the network's own classes.
    """
    if store is None:
        return _mapped(df, _CLASSIFY, command, threads, "classify", model=model, head=head, top=top)
    return _mapped(df, _CLASSIFY, command, threads, "classify", packed=_packed(store), model=model, head=head)


def missing(answers, folder):
    """The files below a folder that have no row: empty ones and those whose names begin with ``_`` or ``.`` have none in
    ``binaryFile``, and others may have been filtered.

    :param answers: A DataFrame with the column ``path``: what ``detect`` returned, or the pictures.
    :param folder: As it was loaded, without wildcards. It is listed by the driver, some thousand files a second.
    :returns: ``path``, ``length`` (bytes), ``why``.
    """
    spark = answers.sparkSession
    jvm = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(folder)
    files = path.getFileSystem(spark._jsc.hadoopConfiguration()).listFiles(path, True)
    rows = []
    while files.hasNext():
        status = files.next()
        name = status.getPath().toString()
        rows.append((name, status.getLen(), _why(name[len(str(path)) :] if name.startswith(str(path)) else name, status.getLen())))
    listed = spark.createDataFrame(rows, "path string, length long, why string")
    return listed.join(answers.select("path").distinct(), "path", "left_anti")


def _why(name, length):
    if length == 0:
        return "it is empty"
    if any(part[:1] in ("_", ".") for part in name.split("/")):
        return "a name that begins with _ or . is hidden"
    return "it was not among the rows"


def _mapped(df, schema, command, threads, task, packed=None, **options):
    start = os.environ.get("OCELLUS_COMMAND", "ocellus") if command is None else command
    args = [*(shlex.split(start) if isinstance(start, str) else start), "worker", "--arrow", "--task", task]
    args += ["--threads", str(threads)]
    for name, value in options.items():
        if value is not None:
            args += [f"--{name}", str(value)]

    def answers(batches):
        if packed is None:
            yield from answer(batches, args)
            return
        # A copy for each task: a store is open in one process at a time.
        folder = tempfile.mkdtemp(prefix="ocellus-store-")
        try:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(folder, filter="data")
            yield from answer(batches, [*args, "--store", os.path.join(folder, "store")])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    columns = [name for name in ("path", "content") if name == "path" or name in df.columns]
    return df.select(*columns).mapInArrow(answers, schema)


def _packed(store):
    if not os.path.isdir(store):
        raise ValueError(f"store: expected a folder of examples, there is none at {store}; `ocellus teach` makes one")
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        archive.add(store, "store")
    return target.getvalue()
