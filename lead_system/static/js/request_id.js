// Draws the id under which the server acts once. Old phones have random bytes, but no `crypto.randomUUID`.
export function freshRequestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
