"""Ocellus' compiled programs in Python: the C library (sdk/clib/ocellus.h) by ctypes, without any other package.

    with Program("yolox-nano-416-int8.ocp") as program:
        program.run(pixels)                  # bytes, or what has a buffer: a numpy array of uint8, for example
        rows = program.outputs[0].values     # a ctypes array of floats; numpy.asarray takes it without a copy
"""

import ctypes
import os

MOST_DIMENSIONS = 6


class _Options(ctypes.Structure):
    _fields_ = [("threads", ctypes.c_uint32), ("instruction_set", ctypes.c_char_p)]


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("element", ctypes.c_int32),
        ("rank", ctypes.c_uint32),
        ("dims", ctypes.c_uint32 * MOST_DIMENSIONS),
        ("bytes", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
    ]


def _library():
    """The file that OCELLUS_LIBRARY names, else the one that `npm run kernels` builds in a checkout."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.environ.get("OCELLUS_LIBRARY") or os.path.join(here, "..", "..", "build", "libocellus.so")
    library = ctypes.CDLL(path)
    program, options, tensor = ctypes.c_void_p, ctypes.POINTER(_Options), ctypes.POINTER(_Tensor)
    for name, result, arguments in (
        ("load_file", program, [ctypes.c_char_p, options]),
        ("load_bytes", program, [ctypes.c_char_p, ctypes.c_size_t, options]),
        ("input_count", ctypes.c_size_t, [program]),
        ("output_count", ctypes.c_size_t, [program]),
        ("input", ctypes.c_int, [program, ctypes.c_size_t, tensor]),
        ("output", ctypes.c_int, [program, ctypes.c_size_t, tensor]),
        ("run", ctypes.c_int, [program, ctypes.POINTER(ctypes.c_void_p), ctypes.c_size_t]),
        ("close", None, [program]),
        ("error", ctypes.c_char_p, []),
        ("instruction_set", ctypes.c_char_p, [program]),
    ):
        function = getattr(library, f"ocellus_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class Tensor:
    """What goes in or comes out: `name`, `shape`, and of an output its `values`, which each run writes anew."""

    def __init__(self, described):
        self.name = described.name.decode()
        self.shape = tuple(described.dims[: described.rank])
        self.bytes = described.bytes
        element = ctypes.c_float if described.element == 1 else ctypes.c_uint8
        array = element * (described.bytes // ctypes.sizeof(element))
        self.values = array.from_address(described.data) if described.data else None


class Program:
    """A compiled program, loaded from a file. For one thread at a time; values are gone after `close`."""

    def __init__(self, path, threads=1, instruction_set=None):
        self._library = _library()
        options = _Options(threads, instruction_set.encode() if instruction_set else None)
        self._handle = self._library.ocellus_load_file(os.fsencode(path), ctypes.byref(options))
        if not self._handle:
            raise ValueError(self._error())
        self.inputs = self._tensors(self._library.ocellus_input_count, self._library.ocellus_input)
        self.outputs = self._tensors(self._library.ocellus_output_count, self._library.ocellus_output)
        self.instruction_set = self._library.ocellus_instruction_set(self._handle).decode()

    def run(self, *pictures):
        """Runs it on one picture for each input: bytes or a buffer of uint8, contiguous, of the input's shape."""
        if not self._handle:
            raise ValueError("the program was closed")
        if len(pictures) != len(self.inputs):
            raise ValueError(f"expected {len(self.inputs)} pictures, got {len(pictures)}")
        addresses = (ctypes.c_void_p * len(pictures))()
        kept = []
        for i, (picture, tensor) in enumerate(zip(pictures, self.inputs)):
            size = memoryview(picture).nbytes
            if size != tensor.bytes:
                raise ValueError(f"{tensor.name}: expected {tensor.bytes} bytes, got {size}")
            memory = ctypes.c_char_p(picture) if isinstance(picture, bytes) else (ctypes.c_char * size).from_buffer(picture)
            kept.append(memory)
            addresses[i] = ctypes.cast(memory, ctypes.c_void_p)
        if self._library.ocellus_run(self._handle, addresses, len(pictures)):
            raise ValueError(self._error())
        return self.outputs

    def close(self):
        self._library.ocellus_close(self._handle)
        self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _error(self):
        return self._library.ocellus_error().decode(errors="replace")

    def _tensors(self, count, describe):
        described = []
        for index in range(count(self._handle)):
            tensor = _Tensor()
            if describe(self._handle, index, ctypes.byref(tensor)):
                raise ValueError(self._error())
            described.append(Tensor(tensor))
        return described
