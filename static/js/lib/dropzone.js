/** A place to drop a file on; the file input inside it stays the way in for keyboard, phone and screen reader. */

/**
 * @param {HTMLElement} zone holds one or more `input[type=file]`
 * @param {(file: File) => void} onFile
 */
export function dropzone(zone, onFile) {
  let depth = 0;
  /** @param {boolean} over */
  const show = (over) => zone.classList.toggle("is-over", over);

  zone.addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    show(true);
  });
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    show(false);
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (zone.querySelectorAll('input[type="file"]'))) {
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      input.value = ""; // so that the same file can be chosen again after an error
      if (file) onFile(file);
    });
  }
}

/** A file dropped beside the place must not make the browser leave the page. */
export function ignoreStrayDrops() {
  for (const type of ["dragover", "drop"]) {
    window.addEventListener(type, (event) => {
      if (!event.defaultPrevented) event.preventDefault();
    });
  }
}
