/** Icons of 24 x 24, drawn with one line. Screen readers skip them: the text beside them says it. */
const paths = {
  live: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  events: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  zones: 'M5 7 13 4l7 6-3 9-10 1ZM5 7v.01M13 4v.01M20 10v.01M17 19v.01M7 20v.01',
  taught: 'M4 4h8l8.5 8.5-8 8L4 12ZM8.5 8.5v.01',
  settings: 'M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5',
  health: 'M3 12h4l2.5-6 4 12 2.5-6h5',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h10v11H9ZM15 9V4H5v11h4',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  plus: 'M12 5v14M5 12h14',
  trash: 'M4.5 7h15M10 7V4.5h4V7M6.5 7l1 12.5h9l1-12.5M10.5 11v5M13.5 11v5',
  expand: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  picture: 'M4 5h16v14H4ZM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01',
  grid: 'M4 4h7v7H4ZM13 4h7v7h-7ZM4 13h7v7H4ZM13 13h7v7h-7Z',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.5v.01',
  alert: 'M12 3.5 22 20H2ZM12 10v4.5M12 17.2v.01',
  line: 'M5 20 17 4M11 12l7.5 5M18.5 17l-.8-4M18.5 17l-4 .3',
  mask: 'M4 4h16v16H4ZM4 12 12 4M4 20 20 4M12 20l8-8',
  pen: 'M4 20l1-4.5L16 4.5 19.5 8 8.5 19ZM13.5 7 17 10.5',
  box: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 9h6v6H9Z',
  leave: 'M14 4H5v16h9M10 12h11M17.5 8.5 21 12l-3.5 3.5',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  camera: 'M3 7h12v10H3ZM15 11l6-4v10l-6-4',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
