/** Tabs after the ARIA pattern: arrow keys move, the chosen panel shows, one tab stop. */

/**
 * @param {HTMLElement} list the element with role=tablist
 * @param {(id: string) => void} onChange called with the panel's id
 * @returns {{choose: (panelId: string) => void}}
 */
export function tabs(list, onChange) {
  const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('[role="tab"]')]);

  /** @param {HTMLElement} tab */
  function choose(tab) {
    for (const other of all) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(other.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !chosen;
    }
    onChange(tab.getAttribute("aria-controls") ?? "");
  }

  for (const tab of all) tab.addEventListener("click", () => choose(tab));
  list.addEventListener("keydown", (event) => {
    const here = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (here < 0) return;
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    let next = -1;
    if (event.key in steps) next = (here + steps[/** @type {"ArrowRight"} */ (event.key)] + all.length) % all.length;
    if (event.key === "Home") next = 0;
    if (event.key === "End") next = all.length - 1;
    if (next < 0) return;
    event.preventDefault();
    all[next].focus();
    choose(all[next]);
  });
  return {
    choose(panelId) {
      const tab = all.find((one) => one.getAttribute("aria-controls") === panelId);
      if (tab) choose(tab);
    },
  };
}
