#!/usr/bin/python3
"""Writes pictures of every kind that Pillow reads as PNG or JPEG, and beside each what Pillow makes of it.

    pictures.py FOLDER

NAME.png or NAME.jpg with NAME.rgb and NAME.gray, the bytes of convert("RGB") and convert("L"), rows of interleaved
pixels behind a line "width height"; NAME.turned for pictures with an EXIF orientation, exif_transpose(...).convert("RGB").
Of 16-bit gray the upper bytes are written, not Pillow's result, which is clipped to 255.
"""
import io, itertools, os, struct, sys, zlib
import numpy as np
from PIL import Image, ImageOps

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
rng = np.random.RandomState(1)
count = 0


def save(name, pixels):
    with open(os.path.join(folder, name), 'wb') as f:
        f.write(b'%d %d\n' % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes())


def keep(name, suffix, data, gray16=None):
    global count
    path = os.path.join(folder, name + suffix)
    with open(path, 'wb') as f:
        f.write(data)
    image = Image.open(path)
    rgb, gray = np.asarray(image.convert('RGB')), np.asarray(image.convert('L'))
    if gray16 is not None:
        rgb, gray = np.repeat(gray16[:, :, None], 3, 2), gray16
    save(name + '.rgb', rgb)
    save(name + '.gray', gray)
    if image.getexif().get(0x0112):
        save(name + '.turned', np.asarray(ImageOps.exif_transpose(image).convert('RGB')))
    count += 1


# --- PNG, by hand: Pillow writes only some of its kinds

def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def packed(samples, depth):
    """Rows (H, W, channels) of whole numbers below 2^depth as bytes, each row behind its filter, none."""
    out = b''
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            out += b'\0' + row.astype('>u2').tobytes()
        elif depth == 8:
            out += b'\0' + row.astype(np.uint8).tobytes()
        else:
            bits = ''.join(format(int(v), '0%db' % depth) for v in row)
            bits += '0' * (-len(bits) % 8)
            out += b'\0' + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
    return out


def png(samples, depth, color, extra=b'', interlaced=False, last=b''):
    h, w = samples.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [samples[y::dy, x::dx] for y, x, dy, dx in passes]
    raw = b''.join(packed(p, depth) for p in parts if p.size)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, color, 0, 0, int(interlaced))) +
            extra + chunk(b'IDAT', zlib.compress(raw)) + last + chunk(b'IEND', b''))


kinds = {0: ('gray', 1, (1, 2, 4, 8, 16)), 2: ('rgb', 3, (8, 16)), 3: ('palette', 1, (1, 2, 4, 8)),
         4: ('graya', 2, (8, 16)), 6: ('rgba', 4, (8, 16))}
gammas = {'': b'', '_gamma1': chunk(b'gAMA', struct.pack('>I', 100000)),
          '_gamma45': chunk(b'gAMA', struct.pack('>I', 45455)), '_srgb': chunk(b'sRGB', b'\0')}
for color, (name, channels, depths) in kinds.items():
    for depth, interlaced, (gamma, gamma_chunk) in itertools.product(depths, (False, True), gammas.items()):
        samples = rng.randint(0, 1 << depth, (13, 19, channels))
        palette = rng.randint(0, 256, (1 << depth, 3), dtype=np.uint8).tobytes() if color == 3 else b''
        plte = chunk(b'PLTE', palette) if color == 3 else b''
        trns = {'': b''}
        if color == 0:
            trns['_trns'] = chunk(b'tRNS', struct.pack('>H', int(samples[3, 3, 0])))
        if color == 2:
            trns['_trns'] = chunk(b'tRNS', struct.pack('>HHH', *(int(v) for v in samples[3, 3])))
        if color == 3:
            trns['_trns'] = chunk(b'tRNS', bytes([0, 128]))
        for transparent, trns_chunk in trns.items():
            title = '%s%d%s%s%s' % (name, depth, '_interlaced' if interlaced else '', gamma, transparent)
            keep(title, '.png', png(samples, depth, color, gamma_chunk + plte + trns_chunk, interlaced),
                 (samples[..., 0] >> 8).astype(np.uint8) if color == 0 and depth == 16 else None)

picture = np.zeros((29, 37, 3), np.uint8)
picture[..., 0] = np.arange(37) * 6
picture[..., 1] = (np.arange(29) * 8)[:, None]
picture[..., 2] = (np.arange(37)[None, :] * 5 + np.arange(29)[:, None] * 3) % 256
picture[8:20, 5:17] = rng.randint(0, 256, (12, 12, 3))
image = Image.fromarray(picture)

short = rng.randint(0, 256, (9, 9, 1))     # palette of fewer colors than the pixels name
keep('palette8_short', '.png', png(short, 8, 3, chunk(b'PLTE', bytes(range(60)))))
profile = io.BytesIO()
from PIL import ImageCms
image.save(profile, 'PNG', icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes())
keep('rgb8_profile', '.png', profile.getvalue())
for w, h in ((1, 1), (1, 9), (9, 1), (3, 2), (5, 5)):   # passes of interlacing that are empty
    keep('rgb8_interlaced_%dx%d' % (w, h), '.png', png(rng.randint(0, 256, (h, w, 3)), 8, 2, interlaced=True))


def exif(orientation, order='<'):
    mark = b'II*\0' if order == '<' else b'MM\0*'
    return (mark + struct.pack(order + 'I', 8) + struct.pack(order + 'H', 1) +
            struct.pack(order + 'HHIHH', 0x0112, 3, 1, orientation, 0) + struct.pack(order + 'I', 0))


for o in range(1, 9):
    out = io.BytesIO()
    image.save(out, 'JPEG', quality=90, exif=b'Exif\0\0' + exif(o, '<>'[o % 2]))
    keep('exif%d' % o, '.jpg', out.getvalue())
    keep('exif%d_png' % o, '.png', png(picture, 8, 2, chunk(b'eXIf', exif(o, '<>'[o % 2]))))
keep('exif_behind', '.png', png(picture, 8, 2, last=chunk(b'eXIf', exif(6))))


# --- JPEG

def jpeg(name, im, edit=None, **options):
    out = io.BytesIO()
    im.save(out, 'JPEG', **options)
    keep(name, '.jpg', edit(out.getvalue()) if edit else out.getvalue())


for sampling, progressive, quality in itertools.product(('4:4:4', '4:2:2', '4:2:0', '4:1:1'), (False, True), (30, 75, 95)):
    if sampling == '4:1:1' and Image.core.jpeglib_version < '0':
        continue
    try:
        jpeg('color_%s_%d%s' % (sampling.replace(':', ''), quality, '_progressive' if progressive else ''), image,
             quality=quality, subsampling=sampling, progressive=progressive)
    except (TypeError, ValueError):
        pass
for quality in (30, 75, 95):
    jpeg('gray_%d' % quality, image.convert('L'), quality=quality)
    jpeg('gray_%d_progressive' % quality, image.convert('L'), quality=quality, progressive=True)
    jpeg('cmyk_%d' % quality, image.convert('CMYK'), quality=quality)
    jpeg('cmyk_%d_progressive' % quality, image.convert('CMYK'), quality=quality, progressive=True)


def adobe(transform):
    """The Adobe marker says how the components are to be understood: 0 as they are, 1 YCbCr, 2 YCCK."""
    def edit(data):
        data = data.replace(b'\xff\xee\x00\x0eAdobe', b'\xff\xee\x00\x0eNoneb')
        return data[:2] + b'\xff\xee\x00\x0eAdobe\0d\0\0\0\0' + bytes([transform]) + data[2:]
    return edit


noise = Image.fromarray(rng.randint(0, 256, (24, 24, 4), dtype=np.uint8), 'CMYK')
for transform in (0, 1, 2):
    jpeg('cmyk_adobe%d' % transform, noise, adobe(transform), quality=90)
    jpeg('color_adobe%d' % transform, image, lambda d: adobe(transform)(d[:2] + d[20:]), quality=90)
jpeg('cmyk_plain', noise, lambda d: d.replace(b'\xff\xee\x00\x0eAdobe', b'\xff\xee\x00\x0eNoneb'), quality=90)
jpeg('color_no_jfif', image, lambda d: d[:2] + d[20:], quality=90)

# kinds that Pillow does not write; cjpeg is in Debian's libjpeg-turbo-progs
import shutil, subprocess
if shutil.which('cjpeg'):
    ppm, pgm = io.BytesIO(), io.BytesIO()
    image.save(ppm, 'PPM')
    image.convert('L').save(pgm, 'PPM')
    for name, options in (('440', '-sample 1x2'), ('441', '-sample 1x4'), ('411', '-sample 4x1'), ('410', '-sample 4x2'),
                          ('444_arithmetic', '-sample 1x1 -arithmetic'), ('420_arithmetic', '-sample 2x2 -arithmetic'),
                          ('420_arithmetic_progressive', '-sample 2x2 -arithmetic -progressive'),
                          ('restart_rows', '-restart 1 -sample 2x2'), ('restart_blocks', '-restart 3B -sample 2x1'),
                          ('restart_progressive', '-restart 1 -progressive'), ('rgb', '-rgb'),
                          ('smooth', '-smooth 30'), ('fast', '-dct fast'), ('optimized', '-optimize'),
                          ('quality1', '-quality 1'), ('quality100', '-quality 100'),
                          ('mixed', '-sample 2x2,1x2,2x1'), ('luma_low', '-sample 1x1,2x2,2x2')):
        done = subprocess.run(['cjpeg'] + options.split(), input=ppm.getvalue(), stdout=subprocess.PIPE, check=False)
        if done.returncode == 0:
            keep('cjpeg_' + name, '.jpg', done.stdout)
    for name, options in (('gray_arithmetic', '-arithmetic'), ('gray_restart', '-restart 2B')):
        keep('cjpeg_' + name, '.jpg',
             subprocess.run(['cjpeg'] + options.split(), input=pgm.getvalue(), stdout=subprocess.PIPE, check=True).stdout)
print(count)
