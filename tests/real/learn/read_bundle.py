"""Reads a safetensors file (base64 in JSON), says what is in it, and writes the same content again."""

import base64
import json
import sys

from safetensors import safe_open
from safetensors.numpy import save

request = json.load(sys.stdin)
with open(request["scratch"], "wb") as file:
    file.write(base64.b64decode(request["file"]))
with safe_open(request["scratch"], framework="numpy") as opened:
    metadata = opened.metadata()
    tensors = {name: opened.get_tensor(name) for name in opened.keys()}
print(json.dumps({
    "metadata": metadata,
    "tensors": {name: {"dtype": str(t.dtype), "shape": t.shape, "values": t.ravel().tolist()} for name, t in tensors.items()},
    "file": base64.b64encode(save(tensors, metadata)).decode(),
}))
