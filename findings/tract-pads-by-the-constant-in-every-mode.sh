#!/usr/bin/env bash
# Package: tract-onnx 0.23.9 (Cargo), seen with Rust 1.95; the networks are made with onnx 1.23.2 and compared with onnxruntime 1.32.0 (PyPI, Python 3.11).
# Behaviour: a Pad of mode "reflect" or "edge" that has a third input, the constant, is carried out in mode "constant": the border is filled with
#   that value. The input is allowed in every mode and is to be looked at only in mode "constant". Without it reflect and edge are right.
# One would have guessed: the mode decides.
# Seen: [1, 2, 3] padded by 2 on either side
#   onnxruntime reflect [3, 2, 1, 2, 3, 2, 1], edge [1, 1, 1, 2, 3, 3, 3], each with and without a constant of 0
#   tract       reflect [3, 2, 1, 2, 3, 2, 1], edge [1, 1, 1, 2, 3, 3, 3] without, [0, 0, 1, 2, 3, 0, 0] both with it
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
export CARGO_PROFILE_DEV_DEBUG=0 # which nothing here reads
cargo init --quiet --vcs none --name runs runs
cargo add --quiet --manifest-path runs/Cargo.toml tract-onnx@=0.23.9
cat > runs/src/main.rs <<'RS'
use tract_onnx::prelude::*;

/// Runs each network on three values.
fn main() -> TractResult<()> {
    for path in std::env::args().skip(1) {
        let network = tract_onnx::onnx().model_for_path(&path)?.into_optimized()?.into_runnable()?;
        let result = network.run(tvec!(tensor1(&[1f32, 2., 3.]).into()))?;
        println!("{:?}", result[0].to_plain_array_view::<f32>()?.iter().collect::<Vec<_>>());
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

given = [helper.make_tensor("pads", TensorProto.INT64, [2], [2, 2]), helper.make_tensor("constant", TensorProto.FLOAT, [], [0])]
expected = {}
for mode in ("reflect", "edge"):
    for count in (1, 2):
        node = helper.make_node("Pad", ["x", "pads", "constant"][: 1 + count], ["y"], mode=mode)
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [length]) for name, length in (("x", 3), ("y", 7))]
        graph = helper.make_graph([node], "graph", ends[:1], ends[1:], given[:count])
        network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(network, full_check=True)
        name = f"{mode}{' and constant' if count == 2 else ''}"
        onnx.save(network, f"{name}.onnx")
        expected[name] = onnxruntime.InferenceSession(f"{name}.onnx").run(None, {"x": np.array([1, 2, 3], np.float32)})[0].tolist()
with open("expected.json", "w") as file:
    json.dump(expected, file)
PY
venv/bin/python make.py
cargo run --quiet --manifest-path runs/Cargo.toml -- reflect.onnx "reflect and constant.onnx" edge.onnx "edge and constant.onnx" > seen
venv/bin/python - <<'PY'
import json
import sys

expected = json.load(open("expected.json"))
seen = dict(zip(expected, map(json.loads, open("seen")), strict=True))
print("onnxruntime", expected)
print("tract      ", seen)
reflected = [3, 2, 1, 2, 3, 2, 1]
edge = [1, 1, 1, 2, 3, 3, 3]
filled = [0, 0, 1, 2, 3, 0, 0]
if list(expected.values()) != [reflected, reflected, edge, edge]:
    sys.exit("expected onnxruntime to go by the mode")
if list(seen.values()) != [reflected, filled, edge, filled]:
    sys.exit("tract behaves otherwise than stated above")
PY
