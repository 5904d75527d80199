import { useEffect, useState } from 'preact/hooks';
import { formatRoute, parseRoute, type Route } from '../data/route.ts';

/** The route of the address, followed through links and the back button. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const update = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}

/** Goes to a route; the back button leads back. */
export function goTo(route: Route): void {
  location.hash = formatRoute(route);
}
