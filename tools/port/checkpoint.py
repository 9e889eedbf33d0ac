"""Reads the tensors of a PyTorch checkpoint without PyTorch, and without running what a pickle may ask for."""

import collections
import io
import pickle
import struct

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class Storage:
    """The memory of one or more tensors; its data comes after the pickles."""

    def __init__(self, dtype, size):
        self.dtype, self.size, self.data = dtype, size, None


class Tensor:
    """PyTorch's arguments of a tensor, kept until the storages are read."""

    def __init__(self, storage, offset, size, stride, *_):
        self.storage, self.offset, self.size, self.stride = storage, offset, size, stride

    def array(self):
        data = self.storage.data[self.offset :]
        last = sum((side - 1) * step for side, step in zip(self.size, self.stride))
        if min([last, self.offset, *self.size, *self.stride]) < 0 or last >= len(data):
            raise ValueError(f"expected a tensor within its {len(data)} elements, got shape {self.size}, strides {self.stride}")
        return np.lib.stride_tricks.as_strided(data, self.size, [step * data.itemsize for step in self.stride]).copy()


class Restricted(pickle.Unpickler):
    """Knows the few names a state dict needs, and refuses any other."""

    KNOWN = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): Tensor,
        **{("torch", name): dtype for name, dtype in TYPES.items()},
    }

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(f"expected the names of a state dict, got {module}.{name}")
        return self.KNOWN[module, name]

    def persistent_load(self, saved):
        kind, dtype, key, _location, size, _view = saved
        if kind != "storage":
            raise pickle.UnpicklingError(f"expected a storage, got {kind}")
        return self.storages.setdefault(key, Storage(dtype, size))


def read(data):
    """The state dict of a file as PyTorch up to 1.5 wrote it: name -> array.

    Five pickles one after the other (magic number, protocol, sizes, the state dict, the keys of its storages), then
    each storage: its number of elements in 8 bytes, and its elements.
    """
    file = io.BytesIO(data)
    magic, protocol = Restricted(file).load(), Restricted(file).load()
    if (magic, protocol) != (MAGIC, 1001):
        raise ValueError(f"expected a checkpoint of PyTorch's older form (not a zip), got magic {magic}, protocol {protocol}")
    Restricted(file).load()
    state = Restricted(file)
    tensors = state.load()
    for key in Restricted(file).load():
        storage = state.storages[key]
        (size,) = struct.unpack("<q", file.read(8))
        if size != storage.size:
            raise ValueError(f"storage {key}: expected {storage.size} elements, got {size}")
        storage.data = np.frombuffer(file.read(size * storage.dtype.itemsize), storage.dtype)
    return {name: tensor.array() for name, tensor in tensors.items()}
