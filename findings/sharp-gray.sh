#!/bin/sh
# Gray pixels made by sharp (libvips) are not those that image data sets are usually read with.
#
# A network that was trained on gray images made by Pillow or torchvision (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B of
# the stored values) sees other pixels when sharp 0.35.5 prepares them: its greyscale() weighs in linear light, so pure
# red becomes 127 instead of 76, green 220 instead of 150, blue 76 instead of 29; a 16-bit gray PNG comes out with
# three channels.
# ResMoon: data.read_image(path, 1) gives 76, 150, 29 for PNG and JPEG alike.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit sharp@0.35.5 >/dev/null
cat >look.js <<'JS'
const sharp = require('sharp');
const version = require('./node_modules/sharp/package.json').version;
(async () => {
  const primaries = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255]);
  const png = await sharp(primaries, {raw: {width: 3, height: 1, channels: 3}}).png().toBuffer();
  const gray = [...await sharp(png).greyscale().raw().toBuffer()].join(' ');
  const deep = await sharp(Buffer.alloc(8, 0x80), {raw: {width: 4, height: 1, channels: 1, depth: 'ushort'}})
    .toColourspace('grey16').png().toBuffer();
  const read = await sharp(deep).raw().toBuffer({resolveWithObject: true});
  console.log(`sharp ${version}: red, green and blue are ${gray} in gray (BT.601: 76 150 29); `
              + `a 16-bit gray PNG is read with ${read.info.channels} channels`);
  if (gray !== '127 220 76' || read.info.channels !== 3) {
    console.log('changed: 127 220 76 and 3 channels were seen');
    process.exit(1);
  }
})();
JS
node look.js
