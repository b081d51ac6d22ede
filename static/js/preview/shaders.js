/** What the graphics processor does: the skin, an eye, the mouth. As `mouth_layer.py` and `eye_layer.py` compose them. */

const HEAD = `
precision highp float;
uniform vec4 view; // the part of the photo that is shown: x, y, width, height in its pixels
`;

/** Pixels of the photo to the canvas; the photo's own place of a point goes along. */
export const SKIN_VERTEX = `${HEAD}
attribute vec2 place;
attribute vec2 source;
varying vec2 at;
void main() {
  at = (source - view.xy) / view.zw;
  vec2 shown = (place - view.xy) / view.zw;
  gl_Position = vec4(2.0 * shown.x - 1.0, 1.0 - 2.0 * shown.y, 0.0, 1.0);
}`;

export const SKIN_FRAGMENT = `${HEAD}
uniform sampler2D photo;
varying vec2 at;
void main() {
  gl_FragColor = vec4(texture2D(photo, at).rgb, 1.0);
}`;

export const STRIP_VERTEX = `${HEAD}
attribute vec2 place;
attribute vec3 across; // below the upper contour, above the lower one (pixels), along (-1 to 1)
attribute vec2 source;
varying vec2 pixel;
varying vec3 inside;
varying vec2 at;
void main() {
  pixel = place;
  inside = across;
  at = (source - view.xy) / view.zw;
  vec2 shown = (place - view.xy) / view.zw;
  gl_Position = vec4(2.0 * shown.x - 1.0, 1.0 - 2.0 * shown.y, 0.0, 1.0);
}`;

const STRIP = `${HEAD}
uniform sampler2D photo;
uniform float softness;
uniform float shown; // share of this drawing against the photo's own content as it moves with the contours
varying vec2 pixel;
varying vec3 inside;
varying vec2 at;
float coverage() {
  float a = smoothstep(-softness, softness, inside.x);
  float b = smoothstep(-softness, softness, inside.y);
  return max(0.0, a + b - 1.0);
}
vec3 photo_at(vec2 where) { return texture2D(photo, (where - view.xy) / view.zw).rgb; }
// Near rest an opening shows what the photo shows there, so that rest is the photo itself.
vec4 blended(vec3 ink) {
  float share = coverage();
  vec3 own = texture2D(photo, at).rgb;
  float drawn = share * shown;
  float total = drawn + (1.0 - shown);
  return vec4(total > 0.0 ? (ink * drawn + own * (1.0 - shown)) / total : ink, total);
}`;

export const EYE_FRAGMENT = `${STRIP}
uniform vec3 to_photo[2]; // frame to photo, fixed to the skull
uniform vec3 iris; // centre and radius in the photo
uniform vec2 gaze;
uniform float blink;
uniform float unit;
void main() {
  vec3 p = vec3(pixel, 1.0);
  vec2 where = vec2(dot(to_photo[0], p), dot(to_photo[1], p));
  float away = length(where - iris.xy - gaze) / iris.z;
  float follow = 1.0 - smoothstep(0.98, 2.0, away);
  float shadow = 1.0 - smoothstep(0.0, 0.7, blink) * (0.10 + 0.32 * (1.0 - smoothstep(0.0, 0.020 * unit, inside.x)));
  vec4 colour = blended(photo_at(where - gaze * follow) * shadow);
  // lashes darken the line along which the lids meet
  float ends = smoothstep(0.03, 0.35, 1.0 - abs(inside.z));
  float line = (inside.x - 0.001 * unit) / (0.0055 * unit + 0.35);
  float dark = 0.45 * smoothstep(0.2, 0.9, blink) * ends * exp(-line * line);
  float alpha = colour.a + dark * (1.0 - colour.a);
  gl_FragColor = vec4(colour.rgb * (1.0 - dark) * colour.a / max(alpha, 1e-4), alpha);
}`;

export const MOUTH_FRAGMENT = `${STRIP}
uniform sampler2D upper;
uniform sampler2D lower;
uniform sampler2D tongue;
uniform sampler2D own;
uniform vec3 to_mm[2]; // frame to millimetres from the lip line
uniform vec3 to_photo[2];
uniform vec4 sprite; // scale (pixels a millimetre), origin (pixels), unused
uniform vec2 sprite_size;
uniform vec4 own_box; // x, y, width, height in the photo; no width: none
uniform vec2 jaw; // millimetres
uniform vec4 tongue_at; // x, y (millimetres), light, how far forward
uniform vec3 cavity;
uniform vec3 mucosa;
uniform float per_mm;
uniform float opening_mm;
vec4 read(sampler2D from, vec2 place) {
  vec2 where = (place + 0.5) / sprite_size;
  if (any(lessThan(where, vec2(0.0))) || any(greaterThan(where, vec2(1.0)))) return vec4(0.0);
  return texture2D(from, where); // its colour is premultiplied
}
vec3 over(vec3 below, vec4 above, float light, float share) {
  return below * (1.0 - share * above.a) + share * above.rgb * light;
}
void main() {
  vec3 p = vec3(pixel, 1.0);
  vec2 mm = vec2(dot(to_mm[0], p), dot(to_mm[1], p));
  vec2 place = mm * sprite.x + sprite.yz;
  vec4 lies = read(tongue, place - tongue_at.xy * sprite.x);
  float near = 1.0 - smoothstep(0.12, 0.70, 1.0 - abs(inside.z));
  float cheek = near * smoothstep(19.0, 28.0, abs(mm.x)) * smoothstep(0.8, 4.5, (inside.x + inside.y) / per_mm);
  vec3 ink = over(mix(cavity, 1.35 * mucosa, cheek), lies, tongue_at.z, 1.0);
  ink = over(ink, read(lower, place - jaw * sprite.x), 0.84, 1.0);
  ink = over(ink, lies, tongue_at.z, smoothstep(0.35, 0.75, tongue_at.w));
  ink = over(ink, read(upper, place), 1.0, 1.0);
  float wide = smoothstep(1.0, 9.0, opening_mm);
  float light = (0.62 + 0.38 * smoothstep(-0.5, 1.8 + 2.0 * wide, max(inside.x, 0.0) / per_mm))
    * (0.76 + 0.24 * smoothstep(-0.3, 1.8, max(inside.y, 0.0) / per_mm));
  float corner = 1.0 - smoothstep(0.02, 0.34, 1.0 - abs(inside.z));
  light += 0.4 * cheek * (1.0 - light);
  light *= 1.0 - 0.55 * corner * (1.0 - cheek);
  ink = ink * light + mucosa * (0.75 * corner * (1.0 - 0.5 * wide) * (1.0 - 0.75 * cheek) + 0.10 * (1.0 - light));
  if (own_box.z > 0.0) {
    vec2 where = vec2(dot(to_photo[0], p), dot(to_photo[1], p));
    vec2 mask = (where - own_box.xy + 0.5) / own_box.zw;
    if (all(greaterThan(mask, vec2(0.0))) && all(lessThan(mask, vec2(1.0)))) {
      ink = mix(ink, photo_at(where), texture2D(own, mask).r);
    }
  }
  gl_FragColor = blended(ink);
}`;
