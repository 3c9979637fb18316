/** The controllers that follow a signal, held weakly. */
const followers = new WeakMap<AbortSignal, Set<WeakRef<AbortController>>>();
/** Keeps a controller as long as its signal is referenced, so that the signal still aborts with its parent. */
const controllers = new WeakMap<AbortSignal, AbortController>();
const forgotten = new FinalizationRegistry<() => void>((forget) => forget());

/**
 * A controller whose signal also aborts with `parent`, for as long as the signal is referenced. Not
 * `AbortSignal.any`: Node records each of its results at the source and never removes the record, and here the source
 * lives as long as the application while signals are made for each call.
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
