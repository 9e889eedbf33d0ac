import { render } from 'preact';
import { App } from './app.tsx';
import { connection } from './connection.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/live.css';
import './styles/events.css';
import './styles/zones.css';
import './styles/health.css';
import './styles/teach.css';
import './styles/taught.css';

connection.open();
render(<App />, document.getElementById('app')!);
