#!/bin/sh
# TensorFlow.js has NaN for the logarithm of a sum of exponentials whose largest term is infinite.
#
# Masked scores are set to minus infinity; where all of a row are masked, log sum exp is minus infinity, as in
# PyTorch, and it is plus infinity where one term is. The usual way subtracts the maximum, and
# infinity minus infinity is NaN: @tensorflow/tfjs 4.22.0 has no case for it, and one masked row makes the mean loss of
# a whole batch NaN.
# ResMoon: logsumexp gives -inf and inf.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null
cat >look.js <<'JS'
const tf = require('@tensorflow/tfjs');
tf.setBackend('cpu').then(() => {
  const of = (...values) => tf.logSumExp(tf.tensor1d(values)).dataSync()[0];
  const seen = [of(-Infinity, -Infinity), of(Infinity, 0), of(-Infinity, 0)].join(' ');
  console.log('tfjs ' + tf.version.tfjs + ': logSumExp of (-inf, -inf), (inf, 0) and (-inf, 0): ' + seen);
  if (seen !== 'NaN NaN 0') console.log('changed: NaN NaN 0 were seen');
});
JS
node look.js 2>/dev/null | grep -E '^(tfjs|changed)' >out || true
cat out
grep -q '^tfjs 4.22.0' out && ! grep -q '^changed' out
