/** Numbers and files in one piece, as `gpu_worker/packed.py` makes them. */

const MAGIC = 0x31505450; // "PTP1", little-endian

/** @type {Record<string, any>} */
const TYPES = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  float32: Float32Array, bytes: Uint8Array,
};

/**
 * @param {ArrayBuffer} buffer
 * @returns {{head: any, parts: Record<string, any>}} parts are typed arrays over the buffer
 * @throws {TypeError} for anything else
 */
export function unpack(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new TypeError("These are no packed numbers");
  const length = view.getUint32(4, true);
  const { parts: described, ...head } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  /** @type {Record<string, any>} */
  const parts = {};
  for (const [name, { type, at, count }] of Object.entries(described)) {
    parts[name] = new TYPES[type](buffer, 8 + length + at, count);
  }
  return { head, parts };
}
