#!/bin/sh
# TensorFlow.js gives every one of equal maxima the whole gradient, so that ties count several times.
#
# The gradient of max over 3, 3, 3, 1 is 1/3 for each of the three in PyTorch (amax), and maximum(a, b) gives each
# side a half where they are equal. @tensorflow/tfjs 4.22.0 gives 1, 1, 1, 0, and 1 to both sides of maximum and
# minimum: a step along it is up to three times too long. Equal values are the rule behind a relu, where half of the
# activations are zero. relu6 has gradient 1 at 6, and abs -1 at 0, where PyTorch has 0.
# ResMoon: 0.3333 0.3333 0.3333 0, halves, 0 and 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null
cat >look.js <<'JS'
const tf = require('@tensorflow/tfjs');
const text = tensor => [...tensor.dataSync()].join(' ');
tf.setBackend('cpu').then(() => {
  const same = tf.tensor1d([1]);
  const gradient = (f, ...values) => text(tf.grad(x => f(x).sum())(tf.tensor1d(values)));
  const seen = [
    'max ' + gradient(x => x.max(), 3, 3, 3, 1),
    'maximum ' + tf.grads((a, b) => a.maximum(b).sum())([same, same]).map(text).join(' and '),
    'minimum ' + tf.grads((a, b) => a.minimum(b).sum())([same, same]).map(text).join(' and '),
    'relu6 at 6 ' + gradient(x => x.relu6(), 6),
    'abs at 0 ' + gradient(x => x.abs(), 0),
  ].join(', ');
  console.log('tfjs ' + tf.version.tfjs + ': ' + seen);
  if (seen !== 'max 1 1 1 0, maximum 1 and 1, minimum 1 and 1, relu6 at 6 1, abs at 0 -1') console.log('changed');
});
JS
node look.js 2>/dev/null | grep -E '^(tfjs|changed)' >out || true
cat out
grep -q '^tfjs 4.22.0' out && ! grep -q '^changed' out
