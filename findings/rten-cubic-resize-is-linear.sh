#!/usr/bin/env bash
# Package: rten 0.27.0 (Cargo), seen with Rust 1.95; the networks are made with onnx 1.23.2 and compared with onnxruntime 1.32.0 (PyPI, Python 3.11).
# Behaviour: a Resize of mode "cubic" loads, runs and is a linear one, value for value, enlarging and reducing. No error, no warning. The same
#   loader does refuse the attributes that it leaves out, among them a cubic coefficient other than the usual one, so that the one that it accepts
#   seems to be understood. Sharpness is lost and nothing overshoots: what the cubic filter is taken for.
# One would have guessed: an operator that is refused as unsupported, like others, or the cubic filter.
# Seen: a step enlarged twice in both directions
#   onnxruntime cubic  [0, -0.035, -0.105, 0.227, 0.773, 1.105, 1.035, 1, 1, 1]
#   onnxruntime linear [0, 0, 0, 0.25, 0.75, 1, 1, 1, 1, 1]
#   rten cubic         [0, 0, 0, 0.25, 0.75, 1, 1, 1, 1, 1]
#   rten linear        [0, 0, 0, 0.25, 0.75, 1, 1, 1, 1, 1]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cargo init --quiet --vcs none --name runs runs
cargo add --quiet --manifest-path runs/Cargo.toml rten@=0.27.0 rten-tensor@=0.27.0
cat > runs/src/main.rs <<'RS'
use rten::{Model, Value};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

/// Runs each network on a step of 5 x 5 pixels and prints the middle row of the result.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let model = Model::load_file(&path)?;
        let step: Vec<f32> = (0..25).map(|at| if at % 5 < 2 { 0. } else { 1. }).collect();
        let picture: Value = Tensor::from_data(&[1, 1, 5, 5], step).into();
        let result: Tensor<f32> = model.run_one(picture.into(), None)?.try_into()?;
        let width = result.size(3);
        let row: Vec<f32> = result.iter().copied().skip(width * (result.size(2) / 2)).take(width).collect();
        println!("{row:?}");
    }
    Ok(())
}
RS
cat > make.py <<'PY'
import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

step = np.tile(np.array([0, 0, 1, 1, 1], np.float32), (1, 1, 5, 1))
expected = {}
for factor in (2, 0.6):
    for mode in ("cubic", "linear"):
        side = int(5 * factor)
        scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, factor, factor])
        node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode=mode, coordinate_transformation_mode="half_pixel")
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, edge, edge]) for name, edge in (("x", 5), ("y", side))]
        graph = helper.make_graph([node], "graph", ends[:1], ends[1:], [scales])
        network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(network, full_check=True)
        name = f"{mode}-{factor}.onnx"
        onnx.save(network, name)
        expected[name] = onnxruntime.InferenceSession(name).run(None, {"x": step})[0][0, 0, side // 2].tolist()
with open("expected.json", "w") as file:
    json.dump(expected, file)
PY
venv/bin/python make.py
cargo run --quiet --manifest-path runs/Cargo.toml -- cubic-2.onnx linear-2.onnx cubic-0.6.onnx linear-0.6.onnx > seen
venv/bin/python - <<'PY'
import json
import sys

import numpy as np

expected = json.load(open("expected.json"))
names = ("cubic-2.onnx", "linear-2.onnx", "cubic-0.6.onnx", "linear-0.6.onnx")
seen = dict(zip(names, map(json.loads, open("seen")), strict=True))
for runtime, rows in (("onnxruntime", expected), ("rten", seen)):
    for name in names:
        print(f"{runtime:12}{name:16}{np.round(rows[name], 3).tolist()}")
for factor in ("2", "0.6"):
    cubic, linear = f"cubic-{factor}.onnx", f"linear-{factor}.onnx"
    if np.abs(np.subtract(expected[cubic], expected[linear])).max() < 0.02:
        sys.exit("expected filters that differ")
    if not np.allclose(seen[linear], expected[linear], atol=1e-5) or not np.allclose(seen[cubic], expected[linear], atol=1e-5):
        sys.exit("rten behaves otherwise than stated above")
PY
