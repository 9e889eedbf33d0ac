import type { ComponentType } from 'preact';
import { EventsView } from './events/events-view.tsx';
import { HealthView } from './health/health-view.tsx';
import { LiveView } from './live/live-view.tsx';
import { LoginView } from './login-view.tsx';
import { Banner } from './parts/banner.tsx';
import { Header } from './parts/header.tsx';
import { Toasts } from './parts/toasts.tsx';
import { type Route, useRoute, type View } from './route.ts';
import { SettingsView } from './settings/settings-view.tsx';
import { useStore } from './store.ts';
import { TaughtView } from './taught/taught-view.tsx';
import { ZonesView } from './zones/zones-view.tsx';

const pages: Record<View, ComponentType<Pick<Route, 'camera'>>> = {
  live: LiveView,
  events: EventsView,
  zones: ZonesView,
  taught: TaughtView,
  settings: SettingsView,
  health: HealthView,
};

export function App() {
  const { view, camera } = useRoute();
  const ready = useStore((state) => state.console !== undefined);
  const loginNeeded = useStore((state) => state.login === 'needed');
  const lost = useStore((state) => state.connection === 'lost');
  const Page = pages[view];
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header view={view} camera={camera} />
      <Banner />
      <main id="main" tabindex={-1} class={`view view-${view} ${lost ? 'is-stale' : ''}`}>
        {loginNeeded ? <LoginView /> : ready && <Page key={view} camera={camera} />}
      </main>
      <Toasts />
    </>
  );
}
