/** A mouth that is nobody's, drawn with a few lines: what moves before there is a consent for the face in the photo. */

const SIZE = 300;

export class DrawnFace {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    canvas.width = SIZE;
    canvas.height = Math.round(0.7 * SIZE);
    this.ink = canvas.getContext("2d");
  }

  /** @param {(name: string) => number} of the value of a control */
  draw(of) {
    const { ink } = this;
    if (!ink) return;
    const [width, height] = [this.canvas.width, this.canvas.height];
    ink.clearRect(0, 0, width, height);
    const shut = of("close");
    const open = Math.max(0, of("jaw") * 62 + (of("lower_depress") + of("upper_raise")) * 9) * (1 - shut);
    const half = 72 * (1 - 0.42 * of("pucker") + 0.16 * of("stretch"));
    const top = height * 0.42 - 0.25 * open;
    const bottom = height * 0.42 + 0.75 * open;
    const lip = 13 * (1 - 0.5 * of("press")) + 6 * of("pucker");
    const middle = width / 2;
    const curve = (/** @type {number} */ up, /** @type {number} */ y) => {
      ink.beginPath();
      ink.moveTo(middle - half, height * 0.42);
      ink.quadraticCurveTo(middle, 2 * up - height * 0.42, middle + half, height * 0.42);
      ink.quadraticCurveTo(middle, 2 * y - height * 0.42, middle - half, height * 0.42);
      ink.closePath();
    };
    ink.fillStyle = "#a4524a";
    curve(top - lip, bottom + lip);
    ink.fill();
    if (open > 1.5) {
      ink.fillStyle = "#3a1414";
      curve(top, bottom);
      ink.fill();
      ink.save();
      curve(top, bottom);
      ink.clip();
      ink.fillStyle = "#f3ece0";
      ink.fillRect(middle - half * 0.7, top - 12, half * 1.4, 12 + Math.min(13, 0.35 * open));
      ink.fillStyle = "#b9625c";
      const tongue = bottom - 0.3 * open * (0.6 + of("tongue_up"));
      ink.beginPath();
      ink.ellipse(middle, tongue + 18, half * 0.55, 20, 0, 0, 2 * Math.PI);
      ink.fill();
      ink.restore();
    } else {
      ink.strokeStyle = "#6e2f2b";
      ink.lineWidth = 2.5;
      ink.beginPath();
      ink.moveTo(middle - half, height * 0.42);
      ink.quadraticCurveTo(middle, height * 0.42 + 3, middle + half, height * 0.42);
      ink.stroke();
    }
  }
}
