// Reads the place out of a picture's EXIF data, in the browser. Returns { latitude, longitude } or null; never throws.

const READ = 512 * 1024; // the data stands near the beginning
const GPS_POINTER = 0x8825;
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8];

function tiffStart(bytes) {
  for (let at = 0; at + 8 < bytes.length; at += 1) {
    // "Exif", two zeros, then "II" or "MM": alike in JPEG, HEIC and WebP.
    if (bytes[at] === 0x45 && bytes[at + 1] === 0x78 && bytes[at + 2] === 0x69 && bytes[at + 3] === 0x66
      && bytes[at + 4] === 0 && bytes[at + 5] === 0) {
      const order = bytes[at + 6];
      if ((order === 0x49 || order === 0x4d) && bytes[at + 7] === order) return at + 6;
    }
  }
  return -1;
}

function entries(view, little, start, offset) {
  const found = new Map();
  const count = view.getUint16(start + offset, little);
  for (let index = 0; index < Math.min(count, 200); index += 1) {
    const at = start + offset + 2 + index * 12;
    const kind = view.getUint16(at + 2, little);
    const length = view.getUint32(at + 4, little) * (SIZES[kind] || 1);
    found.set(view.getUint16(at, little), length > 4 ? start + view.getUint32(at + 8, little) : at + 8);
  }
  return found;
}

function degrees(view, little, at) {
  const part = (index) => view.getUint32(at + index * 8, little) / view.getUint32(at + index * 8 + 4, little);
  return part(0) + (part(1) || 0) / 60 + (part(2) || 0) / 3600;
}

function parse(buffer) {
  const start = tiffStart(new Uint8Array(buffer));
  if (start < 0) return null;
  const view = new DataView(buffer);
  const little = view.getUint16(start) === 0x4949;
  const main = entries(view, little, start, view.getUint32(start + 4, little));
  if (!main.has(GPS_POINTER)) return null;
  const gps = entries(view, little, start, view.getUint32(main.get(GPS_POINTER), little));
  if (!gps.has(2) || !gps.has(4)) return null;
  const sign = (tag, negative) => (gps.has(tag) && view.getUint8(gps.get(tag)) === negative.charCodeAt(0) ? -1 : 1);
  const latitude = sign(1, "S") * degrees(view, little, gps.get(2));
  const longitude = sign(3, "W") * degrees(view, little, gps.get(4));
  const known = Number.isFinite(latitude) && Number.isFinite(longitude) && (latitude || longitude);
  return known && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

export async function placeOf(file) {
  try {
    return parse(await file.slice(0, READ).arrayBuffer());
  } catch {
    return null;
  }
}
