#!/usr/bin/env bash
# Package: github.com/advancedclimatesystems/gonnx v1.1.0 (Go), seen with Go 1.26; the networks are made with onnx 1.23.2 and compared with onnxruntime 1.32.0
#   (PyPI, Python 3.11).
# Behaviour: a Slice with steps loses the last row where the step does not divide the number of rows: of 5 rows every second one is rows 0 and 2, and row 4 is
#   missing. Of 6 rows it is right. So is what a Slice of one row has, but not its shape: [1, 3] is [3], a dimension less, which the next layer takes for
#   something else: a Concat of it joins columns, a Shape tells another rank.
# One would have guessed: rows 0, 2 and 4 (ONNX, Slice: as NumPy's start:end:step), and a tensor of as many dimensions as before; even
#   sizes, which networks mostly have, show nothing.
# Seen: {'5 rows by 2': ([2, 3], [0, 2]), '6 rows by 2': ([3, 3], [0, 2, 4]), '8 rows by 3': ([2, 3], [0, 3]), '1 of 5 rows': ([3], [1])} (shape, rows)
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
from onnx import TensorProto, helper

cases = {"5 rows by 2": (5, 0, 5, 2), "6 rows by 2": (6, 0, 6, 2), "8 rows by 3": (8, 0, 8, 3), "1 of 5 rows": (5, 1, 2, 1)}
runs, expected = [], {}
for name, (rows, start, end, step) in cases.items():
    given = [
        helper.make_tensor(what, TensorProto.INT64, [1], [value])
        for what, value in (("start", start), ("end", end), ("axis", 0), ("step", step))
    ]
    node = helper.make_node("Slice", ["x", "start", "end", "axis", "step"], ["y"])
    left = len(range(start, end, step))
    ends = [helper.make_tensor_value_info(tensor, TensorProto.FLOAT, [size, 3]) for tensor, size in (("x", rows), ("y", left))]
    graph = helper.make_graph([node], "graph", ends[:1], ends[1:], given)
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(network, full_check=True)
    file = f"{len(runs)}.onnx"
    onnx.save(network, file)
    values = np.repeat(np.arange(rows, dtype=np.float32), 3).reshape(rows, 3)
    wanted = onnxruntime.InferenceSession(file).run(None, {"x": values})[0]
    expected[name] = [list(wanted.shape), wanted[:, 0].tolist()]
    runs.append({"File": file, "Shape": list(values.shape), "Values": values.ravel().tolist()})
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
seen = {
    name: (came["Shape"], [int(value) for value in came["Values"][::3]])
    for name, came in zip(expected, json.load(open("seen.json")), strict=True)
}
print(seen)
if list(expected.values()) != [[[3, 3], [0, 2, 4]], [[3, 3], [0, 2, 4]], [[3, 3], [0, 3, 6]], [[1, 3], [1]]]:
    sys.exit("expected onnxruntime to go by the format")
if seen != {
    "5 rows by 2": ([2, 3], [0, 2]),
    "6 rows by 2": ([3, 3], [0, 2, 4]),
    "8 rows by 3": ([2, 3], [0, 3]),
    "1 of 5 rows": ([3], [1]),
}:
    sys.exit("gonnx behaves otherwise than stated above")
PY
