// Calls to our REST API from a page: session cookie, CSRF header, the {code, message, data} envelope.

/**
 * @param {string} name
 * @returns {string}
 */
function cookie(name) {
  for (const part of document.cookie.split("; ")) {
    if (part.startsWith(`${name}=`)) return decodeURIComponent(part.slice(name.length + 1));
  }
  return "";
}

/** A refusal: `message` is in the reader's language, `code` is stable. */
export class ApiError extends Error {
  /**
   * @param {string | number} code
   * @param {string} message
   * @param {{fields?: Record<string, string[]>, retry_in_ms?: number, limit?: number}} [data]
   */
  constructor(code, message, data = {}) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/**
 * @param {"GET" | "POST" | "PATCH" | "DELETE"} method
 * @param {string} path below /api/v1/, e.g. "live/room_x/key"
 * @param {unknown} [body]
 * @returns {Promise<any>} `data` of the envelope
 */
export async function api(method, path, body) {
  const response = await fetch(`/api/v1/${path}`, {
    method,
    headers: {
      Accept: "application/json",
      "X-CSRFToken": cookie("csrftoken"),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const envelope = await response.json().catch(() => null);
  if (!response.ok || envelope === null) {
    throw new ApiError(envelope?.code ?? response.status, envelope?.message ?? response.statusText, envelope?.data ?? {});
  }
  return envelope.data;
}
