"use strict";
// What the page's scripts share. Each file adds its part.
const ScreenMM = {};

// Packed data: base64 of gzip of JSON or of a script, in <script type="text/plain" id="d-NAME">.
(() => {
  const cache = new Map();

  const bytesOf = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
    return bytes;
  };

  const textOf = async (name) => {
    const element = document.getElementById(`d-${name}`);
    if (!element) throw new Error(`the page has no data ${name}`);
    const stream = new Blob([bytesOf(element.textContent)]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
  };

  // Unpack a block once; everyone who asks gets the same promise.
  ScreenMM.unpack = (name) => {
    if (!cache.has(name)) cache.set(name, textOf(name).then(JSON.parse));
    return cache.get(name);
  };

  // Run a packed library once.
  ScreenMM.library = (name) => {
    const key = `library ${name}`;
    if (!cache.has(key))
      cache.set(key, textOf(name).then((text) => {
        const script = document.createElement("script");
        script.textContent = text;
        document.head.append(script);
        script.remove();
      }));
    return cache.get(key);
  };

  // One value of a list that was packed in blocks.
  ScreenMM.item = async (name, index, size) =>
    (await ScreenMM.unpack(`${name}-${Math.floor(index / size)}`))[index % size];
})();
