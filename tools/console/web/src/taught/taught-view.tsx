import { Empty } from '../parts/empty.tsx';
import { Icon } from '../parts/icons.tsx';
import { linkTo } from '../route.ts';
import { useStore } from '../store.ts';
import { Asides } from './asides.tsx';
import { HeadCard } from './head-card.tsx';
import { NearMisses } from './near-misses.tsx';
import { OtherNodes } from './other-nodes.tsx';

/** What was taught, how well it is recognised, and what to teach next. */
export function TaughtView() {
  const learning = useStore((state) => state.console?.learning) ?? null;
  return (
    <>
      <h1>Taught</h1>
      {learning === null ? (
        <Empty icon="taught" title="Nothing can be taught here">
          Set <code>learn: enabled: true</code> in <code>ocellus.yaml</code> and start Ocellus again.
        </Empty>
      ) : learning.heads.length === 0 ? (
        <Empty icon="taught" title="Nothing was taught yet">
          Click a box on the <a href={linkTo('live')}>live picture</a>, or a past event, and say what it is: my cat, the
          parcel van. Two or three looks at each, from different days, are enough.
        </Empty>
      ) : (
        <>
          {learning.asides > 0 && <Asides />}
          <NearMisses />
          <div class="taught-grid">
            {learning.heads.map((head) => (
              <HeadCard key={head.name} head={head} />
            ))}
          </div>
        </>
      )}
      {learning && <OtherNodes learning={learning} />}
      {learning && !learning.thumbnails && (
        <div class="note">
          <Icon name="info" />
          <p>
            Pictures of the examples are not kept. To keep small ones, on this board only, set{' '}
            <code>learn: thumbnails: true</code> in <code>ocellus.yaml</code> and restart Ocellus. New examples then
            have one.
          </p>
        </div>
      )}
    </>
  );
}
