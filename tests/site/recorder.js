/**
 * Records what goes wrong in a page, for `errors()` of tab.ts. The server puts it before all other scripts of a page.
 * In sessionStorage the records outlive a navigation.
 */
{
  const recorded = JSON.parse(sessionStorage.getItem('errors') ?? '[]');
  /** @param {string} text */
  const record = (text) => {
    recorded.push(text);
    sessionStorage.setItem('errors', JSON.stringify(recorded));
  };

  const { error } = console;
  console.error = (...values) => {
    record(`console.error: ${values.join(' ')}`);
    error(...values);
  };
  addEventListener(
    'error',
    ({ target, message }) => {
      // An event of an element is a file that did not load. Such events do not bubble, so this captures them.
      const url =
        target instanceof HTMLLinkElement ? target.href : target instanceof Element && 'src' in target && target.src;
      record(target instanceof Element ? `not loaded: ${url}` : `uncaught: ${message}`);
    },
    true,
  );
  addEventListener('unhandledrejection', ({ reason }) => record(`unhandled rejection: ${reason}`));
  addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    // The library tries WebAssembly first. Where that is refused, it uses the reference.
    if (blockedURI !== 'wasm-eval') record(`refused by ${effectiveDirective}: ${blockedURI}`);
  });
}
