import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';

/** Tells what to do when there is nothing to show. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  );
}
