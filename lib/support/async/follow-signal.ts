/** A followed signal's followers, held weakly. */
const followers = new WeakMap<AbortSignal, Set<WeakRef<AbortController>>>();
/** Whoever keeps a signal keeps its controller, so that it still hears of an abort. */
const controllers = new WeakMap<AbortSignal, AbortController>();
const forgotten = new FinalizationRegistry<() => void>((forget) => forget());

/**
 * A controller whose signal also aborts with `parent`, for as long as somebody keeps the signal. Not
 * `AbortSignal.any`: Node notes each of its results at the source and never takes the note away, and here the
 * source lives as long as the application while signals are made for each call.
 */
export function followSignal(parent: AbortSignal): AbortController {
  const controller = new AbortController();
  controllers.set(controller.signal, controller);
  if (parent.aborted) {
    controller.abort(parent.reason);
    return controller;
  }
  const following = followers.get(parent) ?? followersOf(parent);
  const follower = new WeakRef(controller);
  following.add(follower);
  forgotten.register(controller, () => following.delete(follower));
  return controller;
}

function followersOf(parent: AbortSignal): Set<WeakRef<AbortController>> {
  const following = new Set<WeakRef<AbortController>>();
  followers.set(parent, following);
  const forward = (): void => {
    for (const follower of following) follower.deref()?.abort(parent.reason);
  };
  parent.addEventListener('abort', forward, { once: true });
  return following;
}
