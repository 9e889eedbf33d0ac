import { render } from 'preact';
import { SetupView } from './setup-view.tsx';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/layout.css';
import '../styles/controls.css';

render(<SetupView />, document.getElementById('app')!);
