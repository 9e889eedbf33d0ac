"""Reads metrics with the parsers of Prometheus' own client library, and prints the families as JSON."""

import json
import sys

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text

request = json.load(sys.stdin)
parser = openmetrics if request["openMetrics"] else text
families = [
    {
        "name": family.name,
        "type": family.type,
        "help": family.documentation,
        "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples],
    }
    for family in parser.text_string_to_metric_families(request["text"])
]
print(json.dumps(families))
