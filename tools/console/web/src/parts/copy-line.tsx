import { useState } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { tell } from './toasts.tsx';

/** A line for a terminal, with a button that copies it. */
export function CopyLine({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      // Absent when the page came over plain HTTP from another machine.
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      tell('bad', 'The browser does not let this page copy. Select the line and copy it yourself.');
    }
  };
  return (
    <div class="copy-line">
      <code>
        {/* A flag and its value stay on one line. */}
        {text.split(/ (?=-)/).map((part, index) => (
          <span key={part}>{index === 0 ? part : ` ${part}`}</span>
        ))}
      </code>
      <button type="button" class="icon-button" aria-label={copied ? 'Copied' : label} title={label} onClick={copy}>
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
    </div>
  );
}
