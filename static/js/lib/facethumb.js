/** A small picture of one face, cut out of its photo by the browser. */

const SPACE = "http://www.w3.org/2000/svg";

/**
 * @param {string} url of the whole photo
 * @param {{width: number, height: number}} photo
 * @param {[number, number, number, number]} box of the face, as fractions of the photo
 * @param {string} label what a screen reader says; empty where a text beside it says so
 * @returns {SVGSVGElement}
 */
export function faceThumb(url, photo, box, label = "") {
  const [x, y, width, height] = [box[0] * photo.width, box[1] * photo.height, box[2] * photo.width, box[3] * photo.height];
  const side = 1.35 * Math.max(width, height);
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("class", "face-thumb");
  svg.setAttribute("viewBox", `${x + width / 2 - side / 2} ${y + height / 2 - side / 2} ${side} ${side}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const image = document.createElementNS(SPACE, "image");
  image.setAttribute("href", url);
  image.setAttribute("width", String(photo.width));
  image.setAttribute("height", String(photo.height));
  svg.append(image);
  return svg;
}
