/** Owns loading a player library when its rung is first needed: a script of our own origin, as the CSP wants it. */

/** @type {Map<string, Promise<any>>} by global name */
const loading = new Map();

/**
 * @param {string} url
 * @param {string} name of the global it makes
 * @returns {Promise<any>} that global; rejected if it can't be had now (the next call tries again)
 */
export function library(url, name) {
  let promise = loading.get(name);
  if (promise === undefined) {
    promise = load(url, name);
    promise.catch(() => loading.delete(name));
    loading.set(name, promise);
  }
  return promise;
}

/**
 * @param {string} url
 * @param {string} name
 */
function load(url, name) {
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => done(/** @type {any} */ (globalThis)[name]);
    script.onerror = () => {
      script.remove();
      fail(new Error(`${name} could not be loaded`));
    };
    document.head.append(script);
  });
}
