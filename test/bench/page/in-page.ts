/** Expressions that the browser evaluates: as text, since the benches are checked without the types of a browser. */

/** Milliseconds from the start of the navigation until the load line is there. */
export const LOAD_LINE_MS = `new Promise((resolve) => {
  const look = () => (document.querySelector('.hero-picture .ship') === null ? requestAnimationFrame(look) : resolve(performance.now()));
  look();
})`;

/** Milliseconds until the first contentful paint. */
export const FIRST_PAINT_MS = `new Promise((resolve) => {
  const tell = (list) => list.getEntriesByName('first-contentful-paint').forEach(({ startTime }) => resolve(startTime));
  new PerformanceObserver(tell).observe({ type: 'paint', buffered: true });
})`;

/** Bytes of every script's body as it was sent, without the prover's. */
export const SCRIPT_BYTES = `performance
  .getEntriesByType('resource')
  .filter(({ name }) => /\\.js(?:\\?|$)/.test(name) && !name.includes('prover-worker'))
  .map(({ encodedBodySize }) => encodedBodySize)`;

/** Clicks on Prove, and tells how many milliseconds it took until the judged proof stood there. */
export const PROOF_MS = `new Promise((resolve) => {
  const panel = document.querySelector('#proof');
  const started = performance.now();
  panel.querySelector('button[type=submit]').click();
  let isRunning = false;
  const look = () => {
    isRunning ||= panel.querySelector('.running') !== null;
    if (isRunning && panel.querySelector('.verdict-good') !== null) resolve(performance.now() - started);
    else requestAnimationFrame(look);
  };
  look();
})`;
