// What is asked of a page in the browser, as expressions that run in it.

/** Every text whose contrast with what is behind it is below 4.5 (WCAG 2.1, 1.4.3), as `RATIO TEXT`. */
export const faintTexts = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || element === null || element.closest('svg, style') !== null) continue;
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(ratio.toFixed(2) + ' ' + node.data.trim());
  }
  return faint;
})()`;

/** How far the page is wider than the window, in pixels. */
export const overflow = 'Math.max(0, document.documentElement.scrollWidth - innerWidth)';

/** The names of all elements. */
export const elementNames = '[...new Set([...document.querySelectorAll("*")].map((element) => element.localName))].sort()';

/** Where the piece map is, in pixels of the page. */
export const mapBox = `(() => {
  const box = document.querySelector('svg.map').getBoundingClientRect();
  return { x: Math.round(box.x + scrollX), y: Math.round(box.y + scrollY), width: Math.floor(box.width), height: Math.floor(box.height) };
})()`;
