/** Talking to /api/: session cookie, CSRF token, errors with a code, a sentence and a hint. */

/** An answer that is an error. `code` is stable (docs/errors.md); `message` and `hint` are meant for people. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when there was no answer at all
   * @param {string} code
   * @param {string} message
   * @param {string} [hint]
   */
  constructor(status, code, message, hint = "") {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

const OFFLINE = () =>
  new ApiError(0, "offline", "The site could not be reached.", "Check your connection and try again. Nothing is lost.");

/** @returns {string} */
function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/**
 * @param {number} status
 * @param {string} text
 * @returns {ApiError}
 */
function errorFrom(status, text) {
  try {
    const body = JSON.parse(text);
    if (body && typeof body.error === "string") return new ApiError(status, body.error, body.message, body.hint);
  } catch {
    // not JSON: a proxy's page, or ours when something broke
  }
  if (status === 401 || status === 403) {
    return new ApiError(status, "not_signed_in", "You are signed out.", "Sign in again in another tab, then retry.");
  }
  if (status === 413) {
    return new ApiError(status, "file_too_large", "The file is too large.", "Choose a smaller one.");
  }
  return new ApiError(status, "server_error", "Something broke on our side.", "Please try again in a minute.");
}

/**
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} json sent as JSON when given
 * @param {string} accept
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>} a good answer
 * @throws {ApiError}
 */
async function send(method, path, json, accept, signal) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    const body = json === undefined ? undefined : JSON.stringify(json);
    response = await fetch(path, { method, headers, credentials: "same-origin", body, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw OFFLINE();
  }
  if (!response.ok) throw errorFrom(response.status, await response.text().catch(() => ""));
  return response;
}

/**
 * Sends a request and reads the JSON that comes back.
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [json] sent as JSON when given
 * @returns {Promise<any>} null for an empty answer
 * @throws {ApiError}
 */
export async function request(method, path, json) {
  const response = await send(method, path, json, "application/json");
  const text = await response.text().catch(() => {
    throw OFFLINE();
  });
  return text ? JSON.parse(text) : null;
}

/**
 * Sends JSON and gets a file back.
 * @param {string} path
 * @param {unknown} json
 * @param {AbortSignal} [signal]
 * @returns {Promise<Blob>}
 * @throws {ApiError}
 */
export async function requestFile(path, json, signal) {
  return (await send("POST", path, json, "*/*", signal)).blob();
}

/**
 * Sends JSON and gets packed numbers back (`packed.js`), and the header of that name.
 * @param {string} path
 * @param {unknown} json
 * @param {string} [header]
 * @returns {Promise<{packed: ArrayBuffer, told: string}>}
 * @throws {ApiError}
 */
export async function requestPacked(path, json, header = "") {
  const response = await send("POST", path, json, "*/*");
  return { packed: await response.arrayBuffer(), told: (header && response.headers.get(header)) || "" };
}

/**
 * Sends a form with a file and reports how much of it has gone.
 * @param {string} path
 * @param {FormData} form
 * @param {{onProgress?: (fraction: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export function upload(path, form, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", path);
    xhr.setRequestHeader("X-CSRFToken", csrfToken());
    xhr.setRequestHeader("Accept", "application/json");
    xhr.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress?.(event.loaded / event.total);
    });
    xhr.addEventListener("load", () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText));
      else reject(errorFrom(xhr.status, xhr.responseText));
    });
    xhr.addEventListener("error", () => reject(OFFLINE()));
    xhr.addEventListener("abort", () => reject(new DOMException("Upload cancelled", "AbortError")));
    signal?.addEventListener("abort", () => xhr.abort());
    xhr.send(form);
  });
}

/**
 * Asks for an object until it is no longer being checked.
 * @template {{state: string}} T
 * @param {string} path
 * @param {{signal?: AbortSignal, onSlow?: () => void}} [options] `onSlow` is called once, after eight seconds
 * @returns {Promise<T>}
 * @throws {ApiError}
 */
export async function untilChecked(path, { signal, onSlow } = {}) {
  const started = Date.now();
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await request("GET", path);
    if (answer.state !== "checking") return answer;
    const waited = Date.now() - started;
    if (waited > 8000 && !told) {
      told = true;
      onSlow?.();
    }
    await new Promise((resume) => window.setTimeout(resume, waited < 5000 ? 250 : 1000));
  }
}
