#!/usr/bin/env bash
# Ports a network and measures it, after npm run build. See README.md.
#   tools/port/port.sh nanodet            --calibration FOLDER [--out FOLDER] [--float-out FOLDER]
#   tools/port/port.sh efficientnet_lite  --calibration FOLDER [--variant lite0|lite1] [--out FOLDER] [--float-out FOLDER] [--check]
#   tools/port/port.sh efficientnet_lite2 [--out FOLDER]
#   tools/port/port.sh yolox_nano         --calibration FOLDER [--out FOLDER]
#   tools/port/port.sh movenet            --out FOLDER
#   tools/port/port.sh blazeface          --out FOLDER
#   tools/port/port.sh evaluate           --pictures FOLDER MODEL.card.json [OTHER.card.json ...]
#   tools/port/port.sh evaluate_embedding --pictures FOLDER FLOAT.card.json INT8.card.json
#   tools/port/port.sh batches            MODEL.onnx
#   tools/port/port.sh embed              CARD.card.json OUT PICTURE...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${OCELLUS_PORT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ocellus-port}
python=${PYTHON:-python3.11}
tasks='nanodet efficientnet_lite efficientnet_lite2 yolox_nano movenet blazeface evaluate evaluate_embedding batches embed'
task=${1:?what to do: one of $tasks}; shift
[[ " $tasks " == *" $task "* ]] || { echo "expected one of $tasks; got $task" >&2; exit 2; }
mkdir -p "$cache"
if ! cmp -s "$here/requirements.txt" "$cache/venv/requirements.txt"; then
  echo "Making a Python environment in $cache/venv (once) ..." >&2
  rm -rf "$cache/venv"
  "$python" -m venv "$cache/venv"
  "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$cache/venv/requirements.txt"
fi
OCELLUS_PORT_CACHE=$cache TF_CPP_MIN_LOG_LEVEL=2 exec "$cache/venv/bin/python" "$here/$task.py" "$@"
