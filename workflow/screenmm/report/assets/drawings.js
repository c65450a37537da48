// 2D structures: packed in blocks, unpacked for the rows that the table shows.
(() => {
  const WIDTH = 190;
  const HEIGHT = 120;
  const SVG = "http://www.w3.org/2000/svg";

  const fill = async (svg, index, size) => {
    // paths and letters that RDKit made of atoms and bonds: no user's text is among them
    svg.innerHTML = await ScreenMM.item("drawings", index, size);
  };

  // An <svg> that fills itself. `label` is its text for those who do not see it.
  ScreenMM.drawing = (index, size, label) => {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "mol");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    fill(svg, index, size);
    return svg;
  };
})();
