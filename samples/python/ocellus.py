"""Ocellus' compiled networks in Python: the C library (sdk/clib/ocellus.h) by ctypes, without any other package. One file, to be copied.

    with Detector("yolox-nano-416-int8.card.json") as detector:
        for found in detector.detect(frame):     # a cv::Mat of OpenCV, another array of numpy, a picture of Pillow
            print(found.label, found.score, found.box)

    with Program("yolox-nano-416-int8.ocp") as program:
        program.run(pixels)                  # bytes, or what has a buffer: a numpy array of uint8, for example
        rows = program.outputs[0].values     # a ctypes array of floats; numpy.asarray takes it without a copy
"""

import collections
import ctypes
import os

MOST_DIMENSIONS = 6
FORMATS = ("I420", "NV12", "BGR24", "RGB24", "GRAY8")
BT709, FULL_RANGE = 1, 2


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


class _Picture(ctypes.Structure):
    _fields_ = [
        ("format", ctypes.c_int32),
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("planes", ctypes.c_void_p * 3),
        ("strides", ctypes.c_size_t * 3),
        ("colour", ctypes.c_uint32),
    ]


class _Detection(ctypes.Structure):
    _fields_ = [
        ("box", ctypes.c_float * 4),
        ("score", ctypes.c_float),
        ("class_id", ctypes.c_int32),
        ("label", ctypes.c_char_p),
    ]


def _open():
    """The file that OCELLUS_LIBRARY names, else the one that `npm run kernels` builds in a checkout, else one that is installed."""
    named = os.environ.get("OCELLUS_LIBRARY")
    if named:
        return ctypes.CDLL(named)
    here = os.path.dirname(os.path.abspath(__file__))
    built = os.path.join(here, "..", "..", "build", "libocellus.so")
    try:
        return ctypes.CDLL(built if os.path.exists(built) else "libocellus.so")
    except OSError as error:
        raise OSError(f"expected the C library of Ocellus: OCELLUS_LIBRARY names its file ({error})") from error


def _library():
    library = _open()
    handle, options, tensor = ctypes.c_void_p, ctypes.POINTER(_Options), ctypes.POINTER(_Tensor)
    size, text = ctypes.c_size_t, ctypes.c_char_p
    found = ctypes.POINTER(ctypes.POINTER(_Detection))
    for name, result, arguments in (
        ("load_file", handle, [text, options]),
        ("load_bytes", handle, [text, size, options]),
        ("input_count", size, [handle]),
        ("output_count", size, [handle]),
        ("input", ctypes.c_int, [handle, size, tensor]),
        ("output", ctypes.c_int, [handle, size, tensor]),
        ("run", ctypes.c_int, [handle, ctypes.POINTER(ctypes.c_void_p), size]),
        ("close", None, [handle]),
        ("detector_load", handle, [text, options]),
        ("detect", ctypes.c_int, [handle, ctypes.POINTER(_Picture), ctypes.c_float, found, ctypes.POINTER(size)]),
        ("label_count", size, [handle]),
        ("label", text, [handle, size]),
        ("detector_close", None, [handle]),
        ("error", text, []),
        ("instruction_set", text, [handle]),
    ):
        try:
            function = getattr(library, f"ocellus_{name}")
        except AttributeError:
            raise OSError(f"expected a newer library of Ocellus, got one without ocellus_{name}: {library._name}") from None
        function.restype, function.argtypes = result, arguments
    return library


class _Handle:
    """What the library loaded, freed when nobody needs it any more: the arrays of its outputs keep it, too."""

    def __init__(self, library, value, close):
        self.library, self.value, self._close = library, value, close
        if not value:
            raise ValueError(library.ocellus_error().decode(errors="replace"))

    def __del__(self):
        if getattr(self, "value", None):
            self._close(self.value)


class _Loaded:
    _handle = None

    def close(self):
        """Its memory is freed, once no array of its outputs is used any more."""
        self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _open(self):
        if not self._handle:
            raise ValueError(f"the {type(self).__name__.lower()} was closed")
        return self._handle

    @staticmethod
    def _check(handle, failed):
        if failed:
            raise ValueError(handle.library.ocellus_error().decode(errors="replace"))


def _options(threads, instruction_set):
    return ctypes.byref(_Options(threads, instruction_set.encode() if instruction_set else None))


def _address(view):
    """Where a contiguous buffer is, and what has to be kept until it was read: what may not be written is copied."""
    if view.readonly:
        copy = ctypes.create_string_buffer(view.tobytes(), max(1, view.nbytes))
        return ctypes.addressof(copy), copy
    memory = (ctypes.c_char * view.nbytes).from_buffer(view)
    return ctypes.addressof(memory), memory


def _bytes_of(value, what):
    """A view of values of uint8. Whatever else has a buffer would be read as bytes of something else."""
    try:
        view = memoryview(value)
    except TypeError:
        raise ValueError(f"{what}: expected an array or bytes, got {type(value).__name__}") from None
    if view.format not in ("B", "c", "<B", "=B", "@B"):
        raise ValueError(f"{what}: expected values of uint8, got the type {view.format!r}: convert it, with its values in 0 to 255")
    return view


class Tensor:
    """What goes in or comes out: `name`, `shape`, and of an output its `values`, which each run writes anew."""

    def __init__(self, described, handle):
        self.name = described.name.decode()
        self.shape = tuple(described.dims[: described.rank])
        self.bytes = described.bytes
        self.values = None
        if described.data:
            element = ctypes.c_float if described.element == 1 else ctypes.c_uint8
            self.values = (element * (described.bytes // ctypes.sizeof(element))).from_address(described.data)
            # Whoever has the array, or a view of it, has the memory.
            self.values.handle = handle


class Program(_Loaded):
    """A compiled program, loaded from a file. For one thread at a time."""

    def __init__(self, path, threads=1, instruction_set=None):
        library = _library()
        handle = _Handle(library, library.ocellus_load_file(os.fsencode(path), _options(threads, instruction_set)), library.ocellus_close)
        self._handle = handle
        self.inputs = self._tensors(handle, library.ocellus_input_count, library.ocellus_input)
        self.outputs = self._tensors(handle, library.ocellus_output_count, library.ocellus_output)
        self.instruction_set = library.ocellus_instruction_set(handle.value).decode()

    def run(self, *pictures):
        """Runs it on one picture for each input: bytes or a buffer of uint8 of the input's shape. One that is not contiguous is copied."""
        handle = self._open()
        if len(pictures) != len(self.inputs):
            raise ValueError(f"expected {len(self.inputs)} pictures, got {len(pictures)}")
        addresses = (ctypes.c_void_p * len(pictures))()
        kept = []
        for i, (picture, tensor) in enumerate(zip(pictures, self.inputs)):
            view = _bytes_of(picture, tensor.name)
            if view.nbytes != tensor.bytes:
                raise ValueError(f"{tensor.name}: expected {tensor.bytes} bytes, got {view.nbytes}")
            addresses[i], memory = _address(view if view.c_contiguous else memoryview(bytearray(view.tobytes())))
            kept.append(memory)
        self._check(handle, handle.library.ocellus_run(handle.value, addresses, len(pictures)))
        return self.outputs

    def close(self):
        super().close()
        for tensor in self.outputs:
            tensor.values = None

    def _tensors(self, handle, count, describe):
        described = []
        for index in range(count(handle.value)):
            tensor = _Tensor()
            self._check(handle, describe(handle.value, index, ctypes.byref(tensor)))
            described.append(Tensor(tensor, handle))
        return described


Detection = collections.namedtuple("Detection", "label score box class_id")
Detection.__doc__ = "A label, a score of 0 to 1, `(x1, y1, x2, y2)` in pixels, and the number of the class."


class Picture:
    """Pixels in memory. `format` is one of FORMATS; `planes` is a buffer, or one for each plane of I420 and NV12.

    `strides` are bytes from one row to the next, where rows have gaps; `colour`, of I420 and NV12, BT709 | FULL_RANGE.
    """

    def __init__(self, format, width, height, *planes, strides=(), colour=0):
        if format not in FORMATS:
            raise ValueError(f"format: expected {', '.join(FORMATS)}, got {format!r}")
        self.format, self.width, self.height = format, width, height
        self.planes, self.strides, self.colour = planes, strides, colour

    def _described(self):
        pixel = {"BGR24": 3, "RGB24": 3}.get(self.format, 1)
        halves = ((self.width + 1) // 2, (self.height + 1) // 2)
        sizes = [(self.width * pixel, self.height)]
        sizes += {"I420": [halves, halves], "NV12": [(halves[0] * 2, halves[1])]}.get(self.format, [])
        if len(self.planes) != len(sizes):
            raise ValueError(f"{self.format}: expected {len(sizes)} planes, got {len(self.planes)}")
        described = _Picture(FORMATS.index(self.format), self.width, self.height, colour=self.colour)
        kept = []
        for i, (plane, (row, rows)) in enumerate(zip(self.planes, sizes)):
            view = _bytes_of(plane, f"plane {i}")
            stride = self.strides[i] if i < len(self.strides) and self.strides[i] else row
            needed = stride * (rows - 1) + row
            if stride < row or rows < 1 or view.nbytes < needed:
                raise ValueError(f"plane {i}: expected {rows} rows of {row} bytes every {max(stride, row)}, got {view.nbytes} bytes every {stride}")
            if not view.c_contiguous:
                raise ValueError(f"plane {i}: expected contiguous memory, with its stride given")
            described.planes[i], memory = _address(view)
            described.strides[i] = stride
            kept.append(memory)
        return described, kept


def _described(picture, order):
    if isinstance(picture, Picture):
        return picture._described()
    if hasattr(picture, "getbands") and hasattr(picture, "tobytes"):
        # Of Pillow.
        grey = picture.mode == "L"
        rgb = picture if grey or picture.mode == "RGB" else picture.convert("RGB")
        return Picture("GRAY8" if grey else "RGB24", *picture.size, rgb.tobytes())._described()
    view = _bytes_of(picture, "picture")
    channels = 1 if view.ndim == 2 else view.shape[2] if view.ndim == 3 else 0
    if channels not in (1, 3):
        raise ValueError(
            f"picture: expected an array [height, width, 3] or [height, width], got {list(view.shape)}"
            + (": leave out its alpha, array[:, :, :3]" if channels == 4 else "")
        )
    height, width = view.shape[:2]
    if 0 in view.shape:
        raise ValueError(f"picture: expected pixels, got an array {list(view.shape)}")
    format = "GRAY8" if channels == 1 else f"{order}24"
    # Rows with gaps, as those of a part of a picture, are taken as they lie; what lies otherwise is copied.
    data = getattr(picture, "__array_interface__", {}).get("data")
    is_rows = view.strides[1:] == (channels, 1)[3 - view.ndim :] and view.strides[0] >= width * channels
    if not isinstance(data, tuple) or not is_rows:
        return Picture(format, width, height, view.tobytes())._described()
    described = _Picture(FORMATS.index(format), width, height)
    described.planes[0], described.strides[0] = data[0], view.strides[0]
    return described, picture


class Detector(_Loaded):
    """A model with its card: a picture in, detections out. For one thread at a time."""

    def __init__(self, path, threads=1, instruction_set=None):
        library = _library()
        value = library.ocellus_detector_load(os.fsencode(path), _options(threads, instruction_set))
        self._handle = handle = _Handle(library, value, library.ocellus_detector_close)
        self.labels = [library.ocellus_label(handle.value, i).decode() for i in range(library.ocellus_label_count(handle.value))]

    def detect(self, picture, threshold=None, order="BGR"):
        """The detections in a picture, best first.

        picture: an array [height, width, 3] of uint8, as OpenCV has it (`order`: BGR, or RGB), or [height, width], grey; a picture of
        Pillow; or a `Picture`. threshold: 0 to 1; None: the card's.
        """
        handle = self._open()
        if order not in ("BGR", "RGB"):
            raise ValueError(f"order: expected BGR or RGB, got {order!r}")
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f"threshold: expected 0 to 1, got {threshold}")
        described, kept = _described(picture, order)
        found, count = ctypes.POINTER(_Detection)(), ctypes.c_size_t()
        least = -1 if threshold is None else threshold
        failed = handle.library.ocellus_detect(
            handle.value, ctypes.byref(described), least, ctypes.byref(found), ctypes.byref(count)
        )
        del kept
        self._check(handle, failed)
        return [Detection(self.labels[one.class_id], one.score, tuple(one.box), one.class_id) for one in found[: count.value]]
