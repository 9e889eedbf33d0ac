interface FactsProps {
  facts: readonly (readonly [name: string, value: string | number])[];
  /** Several side by side where there is room. */
  wide?: boolean;
}

/** Names and their values, in two columns. */
export function Facts({ facts, wide }: FactsProps) {
  return (
    <dl class={`facts ${wide ? 'is-wide' : ''}`}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
