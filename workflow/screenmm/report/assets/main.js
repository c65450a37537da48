// Start the page: the first receptor's table at once, another one when its tab is chosen.
(() => {
  const panels = [...document.querySelectorAll(".panel[data-receptor]")];
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const opened = new Map();

  const open = (panel) => {
    const number = panel.dataset.receptor;
    if (opened.has(number) || !panel.querySelector('[data-part="table"]')) return opened.get(number);
    const started = ScreenMM.openTable(panel)
      .then((table) => ScreenMM.openScene(table).then(() => table))
      .catch((error) => {
        const note = panel.querySelector('[data-part="problem"]');
        note.textContent = `The table could not be shown (${error.message}). The same rows are in ranking.csv.`;
        note.hidden = false;
        throw error;
      });
    opened.set(number, started);
    return started;
  };

  const choose = (tab, focus = false) => {
    for (const each of tabs) {
      const on = each === tab;
      each.setAttribute("aria-selected", String(on));
      each.tabIndex = on ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !on;
    }
    if (focus) tab.focus();
    open(document.getElementById(tab.getAttribute("aria-controls")));
  };

  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(tabs[(to + tabs.length) % tabs.length], true);
    });
  });
  if (panels.length) open(panels[0]);

  // A menu closes with Escape or a click elsewhere.
  const menus = [...document.querySelectorAll("details.menu")];
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  for (const menu of menus)
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
})();
