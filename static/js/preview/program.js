/** A program of the graphics processor, with its uniforms and attributes by name. */

export class Program {
  /**
   * @param {WebGLRenderingContext} gl
   * @param {string} vertex @param {string} fragment
   * @param {[string, number][]} layout attributes in the order of a corner's numbers, and how many each has
   * @throws {Error} where the machine cannot run it
   */
  constructor(gl, vertex, fragment, layout) {
    this.gl = gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(/** @type {number} */ (kind));
      if (!program || !shader) throw new Error("WebGL is away");
      gl.shaderSource(shader, String(text));
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    if (!program) throw new Error("WebGL is away");
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) || "WebGL is away");
    this.program = program;
    this.numbers = layout.reduce((sum, [, count]) => sum + count, 0);
    this.layout = layout.map(([name, count]) => ({ at: gl.getAttribLocation(program, name), count }));
    this.corners = gl.createBuffer();
    /** @type {Map<string, WebGLUniformLocation | null>} */
    this.places = new Map();
  }

  /** @param {string} name */
  place(name) {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.program, name));
    return this.places.get(name) ?? null;
  }

  /** @param {Record<string, number | number[]>} values a number, or two to four; vec3[2] are six */
  set(values) {
    const { gl } = this;
    gl.useProgram(this.program);
    for (const [name, value] of Object.entries(values)) {
      const at = this.place(name);
      if (typeof value === "number") gl.uniform1f(at, value);
      else if (value.length === 2) gl.uniform2fv(at, value);
      else if (value.length === 4) gl.uniform4fv(at, value);
      else gl.uniform3fv(at, value);
    }
  }

  /** @param {Record<string, WebGLTexture | null>} textures by the name of their sampler */
  bind(textures) {
    const { gl } = this;
    gl.useProgram(this.program);
    Object.entries(textures).forEach(([name, texture], unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.uniform1i(this.place(name), unit);
    });
  }

  /**
   * @param {Float32Array} corners numbers of every corner, one after the other
   * @param {WebGLBuffer | null} triangles
   * @param {number} count of their corners
   */
  draw(corners, triangles, count) {
    const { gl } = this;
    gl.useProgram(this.program);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.bufferData(gl.ARRAY_BUFFER, corners, gl.DYNAMIC_DRAW);
    let offset = 0;
    for (const { at, count: many } of this.layout) {
      if (at >= 0) {
        gl.enableVertexAttribArray(at);
        gl.vertexAttribPointer(at, many, gl.FLOAT, false, 4 * this.numbers, offset);
      }
      offset += 4 * many;
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, triangles);
    gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 0);
  }
}

/**
 * @param {WebGLRenderingContext} gl
 * @param {TexImageSource | null} picture null: one black pixel
 * @returns {WebGLTexture | null}
 */
export function texture(gl, picture) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  if (picture) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
  else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  return made;
}

/** @param {WebGLRenderingContext} gl @param {Uint16Array} numbers @returns {WebGLBuffer | null} */
export function indices(gl, numbers) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, numbers, gl.STATIC_DRAW);
  return buffer;
}
