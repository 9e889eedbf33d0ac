#!/usr/bin/env bash
# Package: @tensorflow-models/knn-classifier 1.2.6 with @tensorflow/tfjs 4.22.0 (npm).
# Behaviour: the classifier that teaching pages put on a network's embeddings names the very picture that it was taught as another thing: with
#   one example of "my cat" and three of "dog", that same embedding of the cat is a "dog" with a confidence of 0.67. The
#   three nearest examples vote, each as much as the others, however near it is: an exact match has one vote of three.
# One would have guessed: what was shown once is known again, at least itself; votes count by similarity, or k follows the
#   smallest class.
# Seen: {"label":"dog","confidences":{"my cat":0.3333333333333333,"dog":0.6666666666666666}}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund @tensorflow/tfjs@4.22.0 @tensorflow-models/knn-classifier@1.2.6
cat > check.mjs <<'JS'
import * as knn from '@tensorflow-models/knn-classifier';
import * as tf from '@tensorflow/tfjs';

await tf.setBackend('cpu');
const embedding = (angle) => tf.tensor1d([Math.cos(angle), Math.sin(angle)]);
const classifier = knn.create();
classifier.addExample(embedding(0), 'my cat');
for (const angle of [1.2, 1.3, 1.4]) classifier.addExample(embedding(angle), 'dog');
const { label, confidences } = await classifier.predictClass(embedding(0));
console.log(JSON.stringify({ label, confidences }));
if (label !== 'dog') {
  console.error('knn-classifier behaves otherwise than stated above');
  process.exit(1);
}
JS
node check.mjs 2> /dev/null | grep -v -e '^=' -e '^Hi,'
