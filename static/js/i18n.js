// Words in the page's language, from Django's JavaScriptCatalog (/jsi18n/, a plain script loaded before the modules).

/**
 * @param {string} msgid
 * @returns {string}
 */
export function gettext(msgid) {
  const translate = /** @type {any} */ (globalThis).gettext;
  return typeof translate === "function" ? translate(msgid) : msgid;
}

/**
 * @param {string} singular
 * @param {string} plural
 * @param {number} n
 * @returns {string}
 */
export function ngettext(singular, plural, n) {
  const translate = /** @type {any} */ (globalThis).ngettext;
  if (typeof translate === "function") return translate(singular, plural, n);
  return n === 1 ? singular : plural;
}

/**
 * Put values into a text that was looked up: fill(gettext("{n} watching"), {n: 3}).
 *
 * @param {string} text
 * @param {Record<string, string | number>} vars
 * @returns {string}
 */
export function fill(text, vars) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in vars ? String(vars[name]) : whole));
}

/**
 * Look up and fill. makemessages only finds gettext("…"), so name the text there: t(gettext("Hello {name}"), {name}).
 * Given a plain msgid it is looked up here too; a translated text is no msgid and stays as it is.
 *
 * @param {string} text
 * @param {Record<string, string | number>} [vars]
 * @returns {string}
 */
export function t(text, vars = {}) {
  return fill(gettext(text), vars);
}
