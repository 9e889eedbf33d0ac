#!/usr/bin/env bash
# Package: github.com/advancedclimatesystems/gonnx v1.1.0 (Go), seen with Go 1.26; the networks are made with onnx 1.23.2 and compared with onnxruntime 1.32.0
#   (PyPI, Python 3.11).
# Behaviour: a Conv that leaves its padding to auto_pad is padded for the first two dimensions of its input, which are the number of pictures and of
#   channels, instead of the height and width. Of one picture with three channels (both odd) of an even size, a stride of 2 begins a pixel too early: the shape is right
#   and each number is another. An odd size is right, and a second picture in the batch turns that round for the height. VALID, which means no
#   padding at all, is padded too.
# One would have guessed: what padding there is depends on the size of the picture (ONNX, Conv: ceil(input_shape[i] / strides[i]) over the spatial axes) and not on
#   how many pictures there are; the same with the padding in numbers is right, so a network exported by PyTorch shows nothing.
# Seen: {'1 of 8 x 8, SAME_UPPER': 'other numbers', '1 of 8 x 8, in numbers': 'right', '1 of 7 x 7, SAME_UPPER': 'right', '2 of 7 x 7, SAME_UPPER': [2, 1, 3, 4],
#   '1 of 7 x 7, VALID': [1, 1, 4, 4]} (a shape where that is another; [2, 1, 4, 4] and [1, 1, 3, 3] are right)
set -eu
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
mkdir runs
cat > runs/main.go <<'GO'
package main

import (
	"encoding/json"
	"os"

	"github.com/advancedclimatesystems/gonnx"
	"gorgonia.org/tensor"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A network's file and its input, and what comes of it.
type run struct {
	File   string
	Shape  []int
	Values []float32
}

func main() {
	var runs []run
	text, err := os.ReadFile("runs.json")
	must(err)
	must(json.Unmarshal(text, &runs))
	for i, one := range runs {
		model, err := gonnx.NewModelFromFile(one.File)
		must(err)
		input := tensor.New(tensor.WithShape(one.Shape...), tensor.WithBacking(one.Values))
		outputs, err := model.Run(gonnx.Tensors{"x": input})
		must(err)
		runs[i].Shape = outputs["y"].Shape()
		runs[i].Values = outputs["y"].Data().([]float32)
	}
	text, err = json.Marshal(runs)
	must(err)
	must(os.WriteFile("seen.json", text, 0o644))
}
GO
cat > make.py <<'PY'
import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(1)
weights = random.integers(-4, 5, (1, 3, 3, 3)).astype(np.float32)
cases = {
    "1 of 8 x 8, SAME_UPPER": (1, 8, 4, {"auto_pad": "SAME_UPPER"}),
    "1 of 8 x 8, in numbers": (1, 8, 4, {"pads": [0, 0, 1, 1]}),
    "1 of 7 x 7, SAME_UPPER": (1, 7, 4, {"auto_pad": "SAME_UPPER"}),
    "2 of 7 x 7, SAME_UPPER": (2, 7, 4, {"auto_pad": "SAME_UPPER"}),
    "1 of 7 x 7, VALID": (1, 7, 3, {"auto_pad": "VALID"}),
}
runs, expected = [], {}
for name, (pictures, side, result, padding) in cases.items():
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], strides=[2, 2], **padding)
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, shape)
        for end, shape in (("x", [pictures, 3, side, side]), ("y", [pictures, 1, result, result]))
    ]
    graph = helper.make_graph([node], "graph", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(network, full_check=True)
    file = f"{len(runs)}.onnx"
    onnx.save(network, file)
    pixels = random.integers(0, 10, (pictures, 3, side, side)).astype(np.float32)
    wanted = onnxruntime.InferenceSession(file).run(None, {"x": pixels})[0]
    expected[name] = {"Shape": list(wanted.shape), "Values": wanted.ravel().tolist()}
    runs.append({"File": file, "Shape": list(pixels.shape), "Values": pixels.ravel().tolist()})
with open("runs.json", "w") as file:
    json.dump(runs, file)
with open("expected.json", "w") as file:
    json.dump(expected, file)
PY
venv/bin/python make.py
export GOFLAGS=-mod=mod GOPATH="$folder/go"
(cd runs && go mod init runs && go get github.com/advancedclimatesystems/gonnx@v1.1.0 && go build -o ../run .) 2> log || { cat log; exit 1; }
./run
venv/bin/python - <<'PY'
import json
import sys

expected = json.load(open("expected.json"))
seen = {}
for (name, wanted), came in zip(expected.items(), json.load(open("seen.json")), strict=True):
    if came["Shape"] != wanted["Shape"]:
        seen[name] = came["Shape"]
    else:
        seen[name] = "right" if came["Values"] == wanted["Values"] else "other numbers"
print(seen)
if seen != {
    "1 of 8 x 8, SAME_UPPER": "other numbers",
    "1 of 8 x 8, in numbers": "right",
    "1 of 7 x 7, SAME_UPPER": "right",
    "2 of 7 x 7, SAME_UPPER": [2, 1, 3, 4],
    "1 of 7 x 7, VALID": [1, 1, 4, 4],
}:
    sys.exit("gonnx behaves otherwise than stated above")
PY
