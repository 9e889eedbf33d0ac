import { logOut } from '../api.ts';
import { capital } from '../format.ts';
import { linkTo, type View, views } from '../route.ts';
import { useStore } from '../store.ts';
import { useTheme } from '../theme.ts';
import { Icon } from './icons.tsx';
import { Logo } from './logo.tsx';
import { tell } from './toasts.tsx';

const connectionWords = { connecting: 'Connecting', open: 'Connected', lost: 'Connection lost' } as const;

export function Header({ view, camera }: { view: View; camera: string | undefined }) {
  const node = useStore((state) => state.console?.node);
  const connection = useStore((state) => state.connection);
  const login = useStore((state) => state.login);
  const [theme, toggleTheme] = useTheme();
  return (
    <header class="header">
      <a class="brand" href={linkTo('live')}>
        <Logo />
        <span class="brand-name">Ocellus</span>
        {node && node !== 'ocellus' && <span class="brand-node">{node}</span>}
        <span class="visually-hidden">: live view</span>
      </a>
      {login !== 'needed' && (
        <nav class="nav" aria-label="Views">
          {views.map((one) => (
            <a key={one} href={linkTo(one, camera)} aria-current={one === view ? 'page' : undefined}>
              <Icon name={one} />
              <span>{capital(one)}</span>
            </a>
          ))}
        </nav>
      )}
      <div class="header-end">
        {login !== 'needed' && (
          <span class={`link-state is-${connection}`} role="status" title={connectionWords[connection]}>
            <span class="link-dot" />
            <span class="link-word">{connectionWords[connection]}</span>
          </span>
        )}
        <button
          type="button"
          class="icon-button"
          onClick={toggleTheme}
          aria-label={theme === 'dark' ? 'Use light colours' : 'Use dark colours'}
          title={theme === 'dark' ? 'Light colours' : 'Dark colours'}
        >
          <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
        </button>
        {login === 'done' && (
          <button
            type="button"
            class="icon-button"
            onClick={() => logOut().catch(({ message }: Error) => tell('bad', message))}
            aria-label="Log out"
            title="Log out"
          >
            <Icon name="leave" />
          </button>
        )}
      </div>
    </header>
  );
}
