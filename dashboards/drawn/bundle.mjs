// Makes dist/ out of page/: what Grafana's components need in a browser, in one bundle.
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';

mkdirSync('dist', { recursive: true });
writeFileSync('dist/nothing.js', 'export default {};\n'); // in place of modules that only Node has
const nothing = './dist/nothing.js';

await build({
  entryPoints: { page: 'page/main.tsx' },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  splitting: true,
  platform: 'browser',
  jsx: 'automatic',
  mainFields: ['browser', 'module', 'main'],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.NODE_DEBUG': '""', global: 'window' },
  alias: { util: nothing, tty: nothing, stream: nothing },
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.gif': 'dataurl', '.ttf': 'file', '.woff': 'file', '.woff2': 'file' },
  logLevel: 'warning',
  logLimit: 20,
});
writeFileSync('dist/index.html', `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>dashboards</title><link rel="icon" href="data:,"><link rel="stylesheet" href="page.css">
<style>body { margin: 0 }</style>
<div id="root"></div><script type="module" src="page.js"></script>
`);
