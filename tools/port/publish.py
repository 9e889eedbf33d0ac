"""Writes a ported model and its card."""

import hashlib
import json
import subprocess
from pathlib import Path

import onnx
import onnxruntime
from onnx import helper

COMMAND = Path(__file__).resolve().parents[2] / "bin" / "ocellus.js"


def finish(model, card, author, facts, folder):
    """Writes the model, with its card and `facts` for other tools in its metadata, and the card beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    del model.metadata_props[:]
    # Without the accuracy, which is measured on the finished file.
    inside = {k: v for k, v in card.items() if k != "accuracy"}
    helper.set_model_props(model, {
        "description": card["title"], "author": author, "license": card["source"]["licence"], "task": card["task"], **facts,
        "imgsz": str([card["input"]["height"], card["input"]["width"]]), "names": str(dict(enumerate(card["labels"]))),
        "ocellus": json.dumps(inside, separators=(",", ":")),
    })
    model.producer_name, model.producer_version, model.doc_string = "ocellus", "", ""
    # tf2onnx notes there where its input lay.
    model.graph.doc_string = ""
    onnx.checker.check_model(model)
    path = folder / f"{card['name']}.onnx"
    data = model.SerializeToString(deterministic=True)
    path.write_bytes(data)
    whole = {**card, "file": path.name, "sha256": hashlib.sha256(data).hexdigest()}
    (folder / f"{card['name']}.card.json").write_text(json.dumps(whole, indent=2) + "\n")
    print(f"{path}: {len(data)} bytes, sha256 {whole['sha256']}")


def compile_program(folder, name):
    """Has `ocellus compile` (after `npm run build`) make the program of a quantised model; it writes its sha256 into the card."""
    path, program = folder / f"{name}.card.json", f"{name}.ocp"
    card = json.loads(path.read_text())
    card["program"] = {"file": program}
    path.write_text(json.dumps(card, indent=2) + "\n")
    command = Path(__file__).resolve().parents[2] / "bin" / "ocellus.js"
    subprocess.run(["node", command, "compile", path, "--out", folder / program], check=True)


def measured_before(folder, name):
    """The accuracy of the card that is there: it was measured on the file, and porting again keeps it."""
    previous = folder / f"{name}.card.json"
    return json.loads(previous.read_text()).get("accuracy") if previous.exists() else None


def quantisation_nodes_left(path, work):
    """Q and DQ nodes after onnxruntime's optimisation: what is left is done in float."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(work / "optimised.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(options.optimized_model_filepath).graph.node
    return sum(node.op_type in ("QuantizeLinear", "DequantizeLinear") for node in nodes)


def compile_beside(folder, name, accuracy=None, calibration=None):
    """Compiles the network of the card NAME in this folder into NAME.ocp, which the card names then. `ocellus` is built first."""
    path = folder / f"{name}.card.json"
    card = {**json.loads(path.read_text()), "program": {"file": f"{name}.ocp"}, **({"accuracy": accuracy} if accuracy else {})}
    path.write_text(json.dumps(card, indent=2) + "\n")
    pictures = ["--calibrate", calibration] if calibration else []
    # It writes the program's sha256 into the card.
    subprocess.run(["node", COMMAND, "compile", path, *pictures, "--out", folder / f"{name}.ocp"], check=True)
