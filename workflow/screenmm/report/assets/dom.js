// Elements and texts.
(() => {
  // el("td.n", { title: "x" }, "text", node): text is never read as HTML.
  ScreenMM.el = (kind, attributes = {}, ...children) => {
    const [tag, ...classes] = kind.split(".");
    const element = document.createElement(tag);
    if (classes.length) element.className = classes.join(" ");
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false)
        element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  // A number with a true minus sign; empty for none.
  ScreenMM.number = (value, decimals = 2) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "";
    const text = value.toFixed(decimals);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
  };

  // A whole number with thin spaces between thousands.
  ScreenMM.grouped = (value) => value.toLocaleString("en-US").replaceAll(",", "\u202f");

  ScreenMM.plural = (count, one, many = `${one}s`) =>
    `${ScreenMM.grouped(count)} ${count === 1 ? one : many}`;

  // Offer text or an image as a file.
  ScreenMM.download = (name, content, type) => {
    const url = typeof content === "string" && content.startsWith("data:image/")
      ? content
      : URL.createObjectURL(new Blob([content], { type }));
    const link = ScreenMM.el("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 60000);
  };
})();
