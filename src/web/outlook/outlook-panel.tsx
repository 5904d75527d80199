import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { driverName } from '../data/driver-name.ts';
import type { DriverMove, WalletModel } from '../data/wallet-model.ts';
import { Fold } from '../shell/fold.tsx';
import { Later } from '../shell/later.tsx';
import { Panel } from '../shell/panel.tsx';
import { HeatMap } from './heat-map.tsx';

const loadCurve = () => import('./curve.tsx').then(({ Curve }) => Curve);

/** Health over one price, and over two. Nothing is asked from anybody. */
export function OutlookPanel({ model, moved, onMove }: { readonly model: WalletModel; readonly moved: DriverMove | null; readonly onMove: (moved: DriverMove | null) => void }): VNode | null {
  const driver = moved?.driver ?? model.drivers[0];
  if (driver === undefined) return null;
  return (
    <Panel id="outlook" title="What if" lead="Computed in this browser, by each protocol’s rule at every price.">
      <Fold summary="Health over one price, and over two">
        <div class="outlook">
          <div class="outlook-part">
            <h3>Health over the price of {driverName(driver, model.drivers)}</h3>
            <WhenNear>
              <Later load={loadCurve} props={{ model, driver, move: moved?.move ?? 0, onMove }} what="the curve" />
            </WhenNear>
          </div>
          {model.drivers.length < 2 ? null : (
            <div class="outlook-part">
              <h3>Two prices at once: the weakest account</h3>
              <WhenNear>
                <HeatMap model={model} />
              </WhenNear>
            </div>
          )}
        </div>
      </Fold>
    </Panel>
  );
}

/** What is only computed once it is about to be seen; what is folded away is not. */
function WhenNear({ children }: { readonly children: VNode }): VNode {
  const [place, isNear] = useNearness();
  return (
    <div class="near" ref={place}>
      {isNear ? children : <p class="waiting">…</p>}
    </div>
  );
}

/** Tells once an element is about to be seen. */
function useNearness(): [{ current: HTMLDivElement | null }, boolean] {
  const place = useRef<HTMLDivElement>(null);
  const [isNear, setIsNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null || isNear) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setIsNear(true), { rootMargin: '300px' });
    observer.observe(element);
    return () => observer.disconnect();
  }, [isNear]);
  return [place, isNear];
}
