"""Opens reports in headless Chromium, and looks for what nobody should see: errors, requests, blank figures, text on text.

usage: check.py MAKE_REPORTS CHROMIUM [page.html ...]    pages: these instead of those that MAKE_REPORTS makes

Each page is shown 1280 and 390 pixels wide, light and dark. A script that is added to a copy of it reports.
"""
import html
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

WIDTHS = (1280, 390)
LARGEST = 2_000_000    # bytes

# Before everything else: nothing may be loaded, and errors are kept.
FIRST = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';
 script-src 'unsafe-inline'; img-src data:">
<script>
window.found = {errors: [], requests: []};
addEventListener('error', function (e) { found.errors.push(String(e.message || e.target)); }, true);
addEventListener('securitypolicyviolation', function (e) { found.requests.push(e.blockedURI + ' ' + e.violatedDirective); });
</script>
"""

LAST = """<script>
(async function () {
  const visible = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 && e.checkVisibility(); };
  const name = e => (e.getAttribute && e.getAttribute('aria-label')) || e.textContent.slice(0, 40);
  const apart = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) < 1.5 ||
                          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 1.5;
  // The letters themselves are lower than their line.
  const ink = e => { const r = e.getBoundingClientRect(), d = r.height * 0.14;
                     return {left: r.left, right: r.right, top: r.top + d, bottom: r.bottom - d, text: name(e)}; };
  async function look() {
    const figures = [...document.querySelectorAll('svg.fig')].filter(visible), blank = [], overlaps = [], outside = [];
    const style = document.querySelector('style').textContent;
    for (const svg of figures) {
      const box = svg.getBoundingClientRect();
      const texts = [...svg.querySelectorAll('text')].filter(visible).map(ink);
      for (let i = 0; i < texts.length; ++i) {
        for (let k = 0; k < i; ++k)
          if (!apart(texts[i], texts[k])) overlaps.push(name(svg) + ': "' + texts[i].text + '" and "' + texts[k].text + '"');
        if (texts[i].left < box.left - 1 || texts[i].right > box.right + 1 || texts[i].top < box.top - 1 ||
            texts[i].bottom > box.bottom + 1) outside.push(name(svg) + ': "' + texts[i].text + '"');
      }
      const copy = svg.cloneNode(true), sheet = document.createElementNS('http://www.w3.org/2000/svg', 'style');
      sheet.textContent = style;
      copy.prepend(sheet);
      copy.querySelectorAll('text').forEach(t => t.remove());    // what is left is the data, axes and lines
      copy.setAttribute('width', box.width);
      copy.setAttribute('height', box.height);
      const image = new Image();
      image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(new XMLSerializer().serializeToString(copy));
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = box.width;
      canvas.height = box.height;
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data, colours = new Set();
      let drawn = 0;
      for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i + 3] > 0) { ++drawn; colours.add(pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2]); }
      if (colours.size < 3 || drawn < 200) blank.push(name(svg) + ': ' + drawn + ' pixels, ' + colours.size + ' colours');
    }
    // Text of the page: neighbours that stand on each other, the switches on the figures' titles included.
    const blocks = [...document.querySelectorAll('h1,h2,h3,h4,p,li>.k,td,th,.nums b,.nums span,label,summary,svg.fig .t')]
        .filter(visible).map(ink);
    for (let i = 0; i < blocks.length; ++i)
      for (let k = Math.max(0, i - 40); k < i; ++k)
        if (!apart(blocks[i], blocks[k])) overlaps.push('"' + blocks[i].text + '" and "' + blocks[k].text + '"');
    return {figures: figures.length, blank, overlaps, outside, width: innerWidth, scroll: document.documentElement.scrollWidth};
  }
  const result = await look();
  // The switch to a logarithmic axis, and values beside the pointer.
  document.querySelectorAll('.log>input').forEach(i => i.click());
  const switched = await look();
  for (const list of ['blank', 'overlaps', 'outside']) result[list].push(...switched[list].map(t => 'log: ' + t));
  const plot = [...document.querySelectorAll('svg[data-plot]')].filter(visible)[0];
  if (plot) {
    const r = plot.getBoundingClientRect();
    plot.dispatchEvent(new PointerEvent('pointermove', {clientX: r.left + r.width / 2, clientY: r.top + r.height / 2}));
    result.tip = document.getElementById('tip').textContent;
  }
  result.loaded = performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'));
  result.dark = matchMedia('(prefers-color-scheme: dark)').matches;
  result.paper = getComputedStyle(document.body).backgroundColor;
  Object.assign(result, found);
  parent.postMessage({page: window.name, result: result}, '*');
})().catch(e => parent.postMessage({page: window.name, result: {errors: [String(e)]}}, '*'));
</script>
"""

FRAME = """<!DOCTYPE html><html style="color-scheme: light dark"><meta charset="utf-8"><body style="margin:0">
<script>
window.results = {};
addEventListener('message', e => {
  results[e.data.page] = e.data.result;
  if (Object.keys(results).length === document.querySelectorAll('iframe').length) {
    const pre = document.createElement('pre');
    pre.id = 'results';
    pre.textContent = JSON.stringify(results);
    document.body.replaceChildren(pre);
  }
});
</script>
"""


def framed(pages):
    """One page that shows all others, each in both widths."""
    text = FRAME
    for page in pages:
        source = page.read_text().replace("<head>", "<head>" + FIRST, 1).replace("</body>", LAST + "</body>", 1)
        for width in WIDTHS:
            text += (f'<iframe name="{page.stem} {width}" style="border:0;width:{width}px;height:900px" '
                     f'srcdoc="{html.escape(source)}"></iframe>\n')
    return text


def look_at(pages, chromium, dark):
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        frame.write_text(framed(pages))
        done = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--user-data-dir={folder}/profile", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
             "--window-size=1400,1000", "--virtual-time-budget=120000", "--dump-dom", frame.as_uri()],
            capture_output=True, text=True, timeout=600)
    found = re.search(r'<pre id="results">(.*?)</pre>', done.stdout, re.DOTALL)
    if not found:
        raise RuntimeError("the browser reports nothing:\n" + done.stderr[-3000:])
    return json.loads(html.unescape(found.group(1)))


class Reports(unittest.TestCase):
    chromium, pages = "", []

    def test_pages_are_not_large(self):
        for page in self.pages:
            with self.subTest(page=page.name):
                self.assertLess(page.stat().st_size, LARGEST)

    def check(self, dark):
        results = look_at(self.pages, self.chromium, dark)
        self.assertEqual(len(results), len(self.pages) * len(WIDTHS))
        for page, result in results.items():
            with self.subTest(page=page, dark=dark):
                self.assertEqual(result["errors"], [])
                self.assertEqual(result["requests"], [])
                self.assertEqual(result["loaded"], [])
                self.assertGreaterEqual(result["figures"], 3)
                self.assertEqual(result["blank"], [])
                self.assertEqual(result["overlaps"], [])
                self.assertEqual(result["outside"], [])
                self.assertLessEqual(result["scroll"], result["width"])
                self.assertEqual(result["width"], int(page.split()[-1]))
                self.assertRegex(result["tip"], r"\d")
                self.assertEqual(result["dark"], dark)
                self.assertEqual(result["paper"], "rgb(22, 24, 29)" if dark else "rgb(255, 255, 255)")

    def test_light(self):
        self.check(False)

    def test_dark(self):
        self.check(True)


if __name__ == "__main__":
    program, Reports.chromium, *given = sys.argv[1:]
    if not Reports.chromium or "NOTFOUND" in Reports.chromium:
        print("skipped: there is no Chromium here to open reports in (Debian's package is chromium)")
        sys.exit(0)
    if given:
        Reports.pages = [Path(page) for page in given]
        unittest.main(argv=sys.argv[:1])
    with tempfile.TemporaryDirectory() as where:
        subprocess.run([program, where], check=True)
        Reports.pages = sorted(Path(where).glob("*.html"))
        unittest.main(argv=sys.argv[:1])
