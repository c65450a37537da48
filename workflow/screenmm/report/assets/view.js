// What the page's 3D views share: 3Dmol.js, where they look from, their keys, labels and colours.
(() => {
  const ELEMENTS = { N: "#3a5bd0", O: "#d03a3a", S: "#b59a1c", P: "#d07a1c", F: "#3a9a8a",
    CL: "#3a9a3a", BR: "#8a4a2a", I: "#7a3aa0", H: "#c8ccd0" };

  const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y, a.z - b.z);
  const middle = (points) => ({
    x: points.reduce((sum, p) => sum + p.x, 0) / points.length,
    y: points.reduce((sum, p) => sum + p.y, 0) / points.length,
    z: points.reduce((sum, p) => sum + p.z, 0) / points.length,
  });

  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => a.map((v) => v / Math.hypot(...a));

  // Direction in which points spread most, square to `not`: power iteration.
  const longAxis = (points, not) => {
    let axis = not ? unit(cross(not, Math.abs(not[0]) < 0.8 ? [1, 0, 0] : [0, 1, 0])) : unit([1, 0.7, 0.4]);
    for (let round = 0; round < 60; round += 1) {
      const next = [0, 0, 0];
      for (const p of points) {
        const along = dot(p, axis);
        for (let k = 0; k < 3; k += 1) next[k] += along * p[k];
      }
      if (not) {
        const along = dot(next, not);
        for (let k = 0; k < 3; k += 1) next[k] -= along * not[k];
      }
      if (Math.hypot(...next) < 1e-9) break;
      axis = unit(next);
    }
    return axis;
  };

  // Right, up and towards the reader, so that the ligand lies flat and its pocket's mouth is open.
  const orientation = (ligand, receptor) => {
    const centre = middle(ligand);
    const from = (atom) => [atom.x - centre.x, atom.y - centre.y, atom.z - centre.z];
    const points = ligand.map(from);
    const right = longAxis(points);
    const up = longAxis(points, right);
    const towards = cross(right, up);
    // receptor atoms within a cone before and behind the ligand
    let before = 0;
    for (const atom of receptor) {
      const way = from(atom);
      const cosine = dot(way, towards) / Math.hypot(...way);
      if (Math.abs(cosine) > 0.8) before += Math.sign(cosine);
    }
    return before > 0 ? [right, up.map((v) => -v), towards.map((v) => -v)] : [right, up, towards];
  };

  // Quaternion (x, y, z, w) of the rotation that turns three axes into x, y and z.
  const quaternion = ([[a, b, c], [d, e, f], [g, h, i]]) => {
    const trace = a + e + i;
    if (trace > 0) {
      const s = 2 * Math.sqrt(trace + 1);
      return [(h - f) / s, (c - g) / s, (d - b) / s, s / 4];
    }
    if (a > e && a > i) {
      const s = 2 * Math.sqrt(1 + a - e - i);
      return [s / 4, (b + d) / s, (c + g) / s, (h - f) / s];
    }
    if (e > i) {
      const s = 2 * Math.sqrt(1 + e - a - i);
      return [(b + d) / s, s / 4, (f + h) / s, (c - g) / s];
    }
    const s = 2 * Math.sqrt(1 + i - a - e);
    return [(c + g) / s, (f + h) / s, s / 4, (d - b) / s];
  };

  // Residues that a predicted model is unsure of; page.css has the same colours.
  const doubtful = () => (ScreenMM.dark() ? "#ff7ad1" : "#b5127f");

  const view = ScreenMM.view = { ELEMENTS, distance, middle, doubtful };

  // Start 3Dmol.js in an element; raises where the browser cannot draw.
  view.open = async (stage) => {
    const canvas = document.createElement("canvas");
    if (!(canvas.getContext("webgl2") ?? canvas.getContext("webgl")))
      throw new Error("this browser offers no WebGL");
    await ScreenMM.library("3dmol");
    // surfaces here and now: the page may start no worker
    $3Dmol.setSyncSurface(true);
    return $3Dmol.createViewer(stage, {
      antialias: true, disableFog: false, lowerZoomLimit: 5, upperZoomLimit: 250 });
  };

  view.paper = (viewer) => viewer.setBackgroundColor(ScreenMM.dark() ? "#14171a" : "#ffffff", 1);

  view.labelLook = () => {
    const dark = ScreenMM.dark();
    return { fontSize: 12, inFront: true, showBackground: true, backgroundOpacity: 0.75,
      backgroundColor: dark ? "#14171a" : "#ffffff", fontColor: dark ? "#e4e6e3" : "#1d2125",
      borderThickness: 0 };
  };

  // From where the ligand lies flat and least of the receptor stands before it.
  view.look = (viewer, selection, ligand, receptor) => {
    viewer.zoomTo(selection);
    const [x, y, z, zoom] = viewer.getView();
    viewer.setView([x, y, z, zoom, ...quaternion(orientation(ligand, receptor))]);
    const centre = middle(ligand);
    const reach = Math.max(...ligand.map((atom) => distance(atom, centre)));
    // a fragment would fill the picture and leave no room for its pocket
    viewer.zoom(0.68 * Math.min(1, Math.max(0.55, reach / 6)));
    // what is far before the ligand hides it
    viewer.setSlab(-(reach + 5), reach + 30);
    viewer.render();
  };

  // Turn and zoom by keyboard; false for a key that does neither.
  view.key = (viewer, event) => {
    const turn = { ArrowLeft: ["y", -10], ArrowRight: ["y", 10], ArrowUp: ["x", -10], ArrowDown: ["x", 10] }[event.key];
    const zoom = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 }[event.key];
    if (!turn && !zoom) return false;
    event.preventDefault();
    if (!viewer) return true;
    if (turn) viewer.rotate(turn[1], turn[0]);
    else viewer.zoom(zoom);
    viewer.render();
    return true;
  };
})();
