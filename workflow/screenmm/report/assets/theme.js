// Light or dark: as the system says, until the reader chooses.
(() => {
  const KEY = "screenmm-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const listeners = [];

  // A page from a file may not be allowed to keep anything: then the choice lasts as long as it.
  const kept = (value) => {
    try {
      if (value) localStorage.setItem(KEY, value);
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };

  const dark = () =>
    (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

  const tell = () => {
    const button = document.getElementById("theme");
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Use light colours" : "Use dark colours");
    for (const listener of listeners) listener(dark());
  };

  ScreenMM.dark = dark;
  ScreenMM.onTheme = (listener) => listeners.push(listener);

  const chosen = kept();
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  document.getElementById("theme").addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    kept(next);
    tell();
  });
  system.addEventListener("change", tell);
  tell();
})();
