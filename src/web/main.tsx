import './no-compiled-schemas.ts';
import { render } from 'preact';
import { App } from './shell/app.tsx';
import { applyTheme, readTheme } from './shell/theme.ts';

applyTheme(readTheme());
const root = document.getElementById('app');
if (root !== null) {
  root.replaceChildren();
  render(<App />, root);
}
