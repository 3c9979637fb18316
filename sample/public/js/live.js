/** Milliseconds. The server sends a ping every 15 s. */
const SILENCE = 35_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8_000;

/**
 * Keeps an event stream open. `ready` is called after every (re)connection: what was committed meanwhile has to
 * be read then. A connection that is silent for too long counts as lost.
 */
export function follow(url, { ready, facts, state }) {
  let source;
  let watchdog;
  let pause = FIRST_PAUSE;

  function connect() {
    source = new EventSource(url);
    heard();
    on('ready', () => {
      pause = FIRST_PAUSE;
      state('live');
      ready();
    });
    on('facts', (event) => facts(JSON.parse(event.data)));
    on('ping', () => {});
    source.addEventListener('error', lost);
  }

  function on(type, listener) {
    source.addEventListener(type, (event) => {
      heard();
      listener(event);
    });
  }

  function heard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE);
  }

  // Browsers reconnect by themselves only after some failures; doing it here treats all alike.
  function lost() {
    clearTimeout(watchdog);
    source.close();
    state('reconnecting');
    setTimeout(connect, pause * (0.75 + Math.random() / 2));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }

  connect();
}
