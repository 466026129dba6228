#!/bin/sh
# A dropout layer with a seed drops the same activations in every step in TensorFlow.js.
#
# A seed is given to make a training repeatable. The layer of @tensorflow/tfjs 4.22.0 begins its generator anew at each
# call, so tf.layers.dropout({rate: 0.5, seed: 7}) has one mask for the whole training: half of the units are never
# trained, and at test time, when nothing is dropped, they come in with their first weights.
# Seen: the masks of two calls in training mode are equal with a seed, and differ without.
# ResMoon: rm.manual_seed(7), then each call of nn.Dropout draws on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null
cat >look.js <<'JS'
const tf = require('@tensorflow/tfjs');
tf.setBackend('cpu').then(() => {
  const x = tf.ones([1, 64]);
  const repeats = options => {
    const layer = tf.layers.dropout({ rate: 0.5, ...options });
    const masks = [0, 1, 2, 3].map(() => [...layer.apply(x, { training: true }).dataSync()].join(' '));
    return new Set(masks).size;
  };
  const seen = repeats({ seed: 7 }) + ' with a seed, ' + repeats({}) + ' without';
  console.log('tfjs ' + tf.version.tfjs + ': different masks in four calls of a dropout layer: ' + seen);
  if (seen !== '1 with a seed, 4 without') console.log('changed: 1 with a seed, 4 without were seen');
});
JS
node look.js 2>/dev/null | grep -E '^(tfjs|changed)' >out || true
cat out
grep -q '^tfjs 4.22.0' out && ! grep -q '^changed' out
