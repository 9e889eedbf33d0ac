"""A worker process of Ocellus that answers batches of Arrow with batches of Arrow."""

import atexit
import subprocess
import tempfile
import threading

import pyarrow as pa

try:
    import fcntl
except ImportError:
    fcntl = None  # Windows: a client of a cluster, or a worker with the pipe that it has.

# Of a larger batch so many rows are sent at a time: the worker begins with the first ones while others are on their way.
ROWS = 32
# So long a worker has, in seconds, to end after its last row.
PATIENCE = 300
TAIL = 2000
# Bytes that may be on their way to the worker.
PIPE = 1 << 20


class WorkerError(RuntimeError):
    """A worker ended before it had answered all, or could not be started. Says its exit code and its last words."""


def answer(batches, command):
    """Answers record batches by a worker process, which ends with the last one, or with the generator.

    :param batches: Iterable of ``pyarrow.RecordBatch`` with the columns ``path`` (texts) and ``content`` (bytes). Without ``content``
        the worker reads the files itself.
    :param command: What to run, a list such as ``["ocellus", "worker", "--arrow"]``.
    :returns: A generator of ``pyarrow.RecordBatch``, one row for each that came, in their order.
    :raises WorkerError: when the worker fails; what ``batches`` raises is raised as it is.

    >>> for batch in answer(reader, ["ocellus", "worker", "--arrow"]):
    ...     print(batch["detections"])
    """
    told = _told(batches, command)
    next(told, None)
    yield from told


def answer_table(table, command):
    """Answers a table by a worker process of its own, for engines that hand on whole tables: Dask, Ray Data, Polars, pandas.

    :param table: ``pyarrow.Table`` or ``pyarrow.RecordBatch`` with the columns ``path`` (texts) and ``content`` (bytes), of any layout;
        others are left out. Without ``content`` the worker reads the files itself.
    :param command: As of ``answer``.
    :returns: ``pyarrow.Table``, one row for each that came, in their order; of no rows one of the same columns.
    :raises WorkerError: when the worker fails.

    >>> polars.from_arrow(answer_table(pictures.to_arrow(), ["ocellus", "worker", "--arrow"]))
    """
    batches = table.to_batches() if isinstance(table, pa.Table) else [table]
    schema, *told = _told(batches or [pa.RecordBatch.from_pylist([], table.schema)], command)
    return pa.Table.from_batches(told, schema)


def _told(batches, command):
    """The schema of what the worker tells, then its batches."""
    with tempfile.TemporaryFile() as words:
        try:
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words)
        except OSError as error:
            raise WorkerError(
                f"{command[0]} cannot be started here: {error}. Expected `ocellus` on the PATH of each executor, or its path as `command`"
            ) from error
        _widen(child.stdin)
        feeder = _Feeder(batches, child.stdin)

        def stop():
            if child.poll() is None:
                child.kill()
                child.wait()
            feeder.stop()

        # Python ends while a generator is left open, too. A thread that would come back from Arrow's C++ then ends the
        # whole process with "terminate called without an active exception".
        atexit.register(stop)
        try:
            # Both at once: who feeds all first waits for ever, once the answers fill the pipe.
            feeder.start()
            rows = 0
            trouble = None
            reader = None
            while True:
                try:
                    if reader is None:
                        reader = pa.ipc.open_stream(child.stdout)
                        yield reader.schema
                    batch = reader.read_next_batch()
                except StopIteration:
                    break
                except (pa.ArrowInvalid, OSError) as error:
                    trouble = error
                    break
                rows += batch.num_rows
                yield batch
            if trouble is not None:
                child.stdout.close()
            _end(child, feeder, rows, trouble, words)
        finally:
            atexit.unregister(stop)
            stop()
            child.stdout.close()


def _widen(pipe):
    """A pipe of 64 KiB has both sides wait for each other three times a picture."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
    except (AttributeError, OSError):
        pass  # Not Linux, Python before 3.10, or more than this user may have.


def _end(child, feeder, rows, trouble, words):
    try:
        code = child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        code = None
    # One that reads a stream that does not end would never be done.
    if code == 0:
        feeder.join()
    else:
        feeder.join(1)
    if feeder.error is not None:
        raise feeder.error
    if code == 0 and trouble is None and rows == feeder.rows:
        return
    words.seek(0, 2)
    words.seek(max(0, words.tell() - TAIL))
    tail = words.read().decode("utf-8", "replace").strip()
    ended = f"ended with {code}" if code is not None else f"did not end within {PATIENCE} s"
    counted = f"{rows} rows came back of {feeder.rows} that were sent"
    # Of one that ended badly its exit code says more.
    why = f" ({trouble})" if trouble is not None and code == 0 else ""
    raise WorkerError(f"the worker {ended}; {counted}{why}. Its last words: {tail or 'none'}")


class _Feeder(threading.Thread):
    """Writes batches into a pipe, and closes it."""

    def __init__(self, batches, pipe):
        super().__init__(name="ocellus-feeder", daemon=True)
        self.rows = 0
        # What the source of the batches raised.
        self.error = None
        self._batches = batches
        self._pipe = pipe
        self._stopped = False

    def stop(self):
        """Nothing more is written. The worker is to be gone, so that no write waits.

        One that waits for its source cannot be woken, and ends when the source answers: without a call of Arrow.
        """
        self._stopped = True
        if self.is_alive():
            self.join(1)

    def run(self):
        stream = None
        try:
            for batch in self._sent():
                if stream is None:
                    stream = pa.ipc.new_stream(self._pipe, batch.schema)
                self.rows += batch.num_rows
                stream.write_batch(batch)
                self._pipe.flush()
            if not self._stopped:
                (stream or pa.ipc.new_stream(self._pipe, _COLUMNS)).close()
        except (BrokenPipeError, ConnectionError):
            pass  # The worker is gone, and its exit code says why.
        finally:
            try:
                self._pipe.close()
            except OSError:
                pass

    def _sent(self):
        """The batches in pieces, with the columns that are sent: those that the first batch has."""
        source = iter(self._batches)
        columns = None
        while True:
            try:
                batch = next(source, None)
                if batch is None or self._stopped:
                    return
                if columns is None:
                    columns = [field for field in _COLUMNS if field.name == "path" or field.name in batch.schema.names]
                    columns = pa.schema(columns)
                # What is not sent may be of a type that the worker cannot read.
                arrays = [batch.column(field.name) for field in columns]
            except BaseException as error:
                self.error = error
                return
            for start in range(0, batch.num_rows, ROWS):
                try:
                    # One by one: batches of pyarrow 15 have no `cast`. A piece, since it is copied.
                    piece = [array.slice(start, ROWS).cast(field.type) for array, field in zip(arrays, columns)]
                    piece = pa.RecordBatch.from_arrays(piece, schema=columns)
                except BaseException as error:
                    self.error = error
                    return
                yield piece


# Offsets of 64 bits: views of more than 2 GiB that are cast to ones of 32 wrap, without an error.
_COLUMNS = pa.schema([("path", pa.string()), ("content", pa.large_binary())])
