// Numbers and times as people say them; the same words as live/pages/words.py (tests hold both to one table).

import { gettext } from "./i18n.js";

/** @returns {string} the page's language, e.g. "zh-hans" */
export function lang() {
  return document.documentElement.lang || "en";
}

/**
 * 1234 → "1.2K"; in Chinese 12345 → "1.2 万".
 *
 * @param {number} n
 * @param {string} [language]
 * @returns {string}
 */
export function count(n, language = lang()) {
  const units = language.startsWith("zh")
    ? /** @type {const} */ ([[1e8, " 亿"], [1e4, " 万"]])
    : /** @type {const} */ ([[1e9, "B"], [1e6, "M"], [1e3, "K"]]);
  const whole = Math.max(0, Math.floor(Number(n) || 0));
  for (const [size, word] of units) {
    if (whole < size) continue;
    const tenths = Math.floor((whole * 10) / size); // never says more than there are
    const text = tenths >= 1000 || tenths % 10 === 0 ? String(Math.floor(tenths / 10)) : `${Math.floor(tenths / 10)}.${tenths % 10}`;
    return text + word;
  }
  return String(whole);
}

/**
 * 754 → "12:34", 3754 → "1:02:34".
 *
 * @param {number} secs
 * @returns {string}
 */
export function clock(secs) {
  const whole = Math.max(0, Math.floor(secs));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/**
 * "5 minutes ago" in the page's language.
 *
 * @param {Date} then
 * @param {Date} [now]
 * @param {string} [language]
 * @returns {string}
 */
export function ago(then, now = new Date(), language = lang()) {
  const words = new Intl.RelativeTimeFormat(language);
  const secs = Math.max(0, (now.getTime() - then.getTime()) / 1000);
  if (secs < 60) return gettext("just now");
  if (secs < 3600) return words.format(-Math.floor(secs / 60), "minute");
  if (secs < 86400) return words.format(-Math.floor(secs / 3600), "hour");
  if (secs < 86400 * 30) return words.format(-Math.floor(secs / 86400), "day");
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(then);
}

/**
 * Keep every <time data-ago> and <time data-since> under `root` true to the second hand (and its title local).
 *
 * @param {ParentNode} root
 */
export function refreshTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[data-ago], time[data-since]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    const then = new Date(time.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    const text = "since" in time.dataset ? clock((now.getTime() - then.getTime()) / 1000) : ago(then, now);
    if (time.textContent !== text) time.textContent = text;
    time.title = new Intl.DateTimeFormat(lang(), { dateStyle: "medium", timeStyle: "short" }).format(then);
  }
}
