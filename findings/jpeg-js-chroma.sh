#!/bin/sh
# jpeg-js decodes ordinary photographs to pixels that differ from libjpeg's by up to a fifth of the scale.
#
# Most JPEG files keep color at half the resolution (4:2:0). libjpeg, and with it Pillow, torchvision and ResMoon,
# interpolates it; jpeg-js 0.4.4, which JavaScript image pipelines use, repeats each value four times. A network that
# was trained on the one and is served with the other sees other images along every colored edge. With 4:4:4 both
# agree to rounding.
# Seen for a red disc on blue of 32 x 32 pixels at quality 75: mean difference 6.03, largest 52 with 4:2:0; 0.79
# and 2 with 4:4:4.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit sharp@0.35.5 jpeg-js@0.4.4 >/dev/null
cat >look.js <<'JS'
const sharp = require('sharp'), jpeg = require('jpeg-js');
const side = 32, raw = { width: side, height: side, channels: 3 };
const pixels = Buffer.alloc(side * side * 3);
for (let y = 0; y < side; y++)
  for (let x = 0; x < side; x++)
    pixels.set((x - 16) ** 2 + (y - 16) ** 2 < 81 ? [200, 60, 40] : [40, 90, 180], (y * side + x) * 3);

async function difference(chromaSubsampling) {
  const file = await sharp(pixels, { raw }).jpeg({ quality: 75, chromaSubsampling }).toBuffer();
  const one = await sharp(file).raw().toBuffer();
  const other = jpeg.decode(file, { useTArray: true, formatAsRGBA: false }).data;
  const distances = Array.from(one, (value, i) => Math.abs(value - other[i]));
  return [distances.reduce((a, b) => a + b) / distances.length, Math.max(...distances)];
}

(async () => {
  const [mean, largest] = await difference('4:2:0'), [meanFull, largestFull] = await difference('4:4:4');
  console.log(`jpeg-js ${require('jpeg-js/package.json').version} against libjpeg (sharp `
              + `${require('./node_modules/sharp/package.json').version}): 4:2:0 mean ${mean.toFixed(2)}, largest `
              + `${largest}; 4:4:4 mean ${meanFull.toFixed(2)}, largest ${largestFull}`);
  if (mean < 4 || largest < 40 || meanFull > 1 || largestFull > 3) {
    console.log('changed: 6.03, 52; 0.79, 2 were seen');
    process.exit(1);
  }
})();
JS
node look.js
