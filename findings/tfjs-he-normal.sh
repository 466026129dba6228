#!/bin/sh
# TensorFlow.js draws "He normal" and "Glorot normal" weights that are 12 % narrower than their formulas.
#
# He et al. 2015 (arXiv:1502.01852, eq. 10) ask for a standard deviation of sqrt(2 / fan_in). The initializers of
# @tensorflow/tfjs 4.22.0 draw from a normal distribution that is cut off at two standard deviations and give it the
# standard deviation of the formula as that of the uncut one; the cut leaves 0.8796 of it. (Keras in Python divides by
# that number first, so that a model that is defined alike in both starts differently.) Thirty relu layers lose a
# factor of 0.8796^30 = 0.02 of their signal in this way.
# Seen: 0.0393 where sqrt(2 / 1000) = 0.0447 is asked, 0.0321 where sqrt(2 / 1500) = 0.0365 is.
# ResMoon: nn.init.kaiming_normal_ and xavier_normal_ draw the uncut distribution, as PyTorch does.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @tensorflow/tfjs@4.22.0 >/dev/null
cat >look.js <<'JS'
const tf = require('@tensorflow/tfjs');
const std = t => Math.sqrt(tf.moments(t).variance.dataSync()[0]);
tf.setBackend('cpu').then(() => {
  const shape = [1000, 500];
  const ratios = [
    std(tf.initializers.heNormal({seed: 1}).apply(shape)) / Math.sqrt(2 / 1000),
    std(tf.initializers.glorotNormal({seed: 1}).apply(shape)) / Math.sqrt(2 / 1500),
  ];
  console.log('tfjs ' + tf.version.tfjs + ': of the standard deviation asked for, heNormal gives '
              + ratios[0].toFixed(3) + ', glorotNormal ' + ratios[1].toFixed(3));
  if (ratios.some(r => Math.abs(r - 0.8796) > 0.005)) {
    console.log('changed: 0.880 was seen');
    process.exit(1);
  }
});
JS
node look.js 2>/dev/null | grep -E '^(tfjs|changed)' >out || true
cat out
grep -q '^tfjs 4.22.0' out && ! grep -q '^changed' out
