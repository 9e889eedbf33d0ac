import { keepPictures } from '../api.ts';
import { attempt } from '../parts/attempt.ts';
import { Empty } from '../parts/empty.tsx';
import { click } from '../parts/pointer.ts';
import { Switch } from '../parts/switch.tsx';
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
          Learning is switched off on this board. Whoever set it up can switch it on in its settings file.
        </Empty>
      ) : learning.heads.length === 0 ? (
        <Empty icon="taught" title="Nothing was taught yet">
          {click} a box on the <a href={linkTo('live')}>live picture</a>, or a past event, and say what it is: my cat,
          the parcel van. Two or three looks at each, from different days, are enough.
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
      {learning && (
        <section class="card panel" aria-label="Pictures">
          <Switch
            name="Keep pictures of what is taught"
            help="Small ones, on this board only: the newest thousand, 16 MB at most. With them a wrong lesson can be seen."
            on={learning.thumbnails}
            onChange={(keep) =>
              attempt(async () => {
                await keepPictures(keep);
                return keep ? 'Pictures are kept from now on' : 'No more pictures are kept; those that are there stay';
              })
            }
          />
        </section>
      )}
    </>
  );
}
