/** An ocellus: a domed amber lens with the light in it. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <defs>
        <radialGradient id="lens" cx="0.36" cy="0.3" r="0.8">
          <stop offset="0" stop-color="#ffe3a1" />
          <stop offset="0.42" stop-color="#f2a82b" />
          <stop offset="1" stop-color="#6d3604" />
        </radialGradient>
      </defs>
      <circle cx="16" cy="16" r="15" fill="#221a10" />
      <circle cx="16" cy="16" r="11.5" fill="url(#lens)" />
      <ellipse cx="12" cy="10.5" rx="3.6" ry="2.2" fill="#fff" opacity="0.85" transform="rotate(-32 12 10.5)" />
    </svg>
  );
}
