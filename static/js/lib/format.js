/** Numbers in words. */

/**
 * @param {number} seconds
 * @returns {string} "0:07", "12:30"
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * @param {number} seconds
 * @returns {string} "8 seconds", "10 minutes", "1:30 minutes"
 */
export function lengthInWords(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole === 1) return "1 second";
  if (whole < 60) return `${whole} seconds`;
  if (whole === 60) return "1 minute";
  return `${whole % 60 === 0 ? whole / 60 : clock(whole)} minutes`;
}

/**
 * The time that is left, rounded as people say it.
 * @param {number | null | undefined} seconds
 * @returns {string} empty when nothing is known
 */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 5) return "a few seconds left";
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes <= 1 ? "about a minute left" : `about ${minutes} minutes left`;
  const hours = Math.round(minutes / 60);
  return hours === 1 ? "about an hour left" : `about ${hours} hours left`;
}

/**
 * @param {number | null | undefined} position 1 is next
 * @returns {string}
 */
export function placeInQueue(position) {
  if (!position || position < 1) return "Waiting for its turn";
  if (position === 1) return "Next in the queue";
  return position === 2 ? "One video is ahead of yours" : `${position - 1} videos are ahead of yours`;
}

/**
 * @param {string} iso
 * @returns {string} "just now", "5 minutes ago", "yesterday", or a date
 */
export function ago(iso) {
  const then = new Date(iso);
  const seconds = (then.getTime() - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return "";
  if (seconds > -45) return "just now";
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (seconds > -3600) return words.format(Math.round(seconds / 60), "minute");
  if (seconds > -86400) return words.format(Math.round(seconds / 3600), "hour");
  if (seconds > -7 * 86400) return words.format(Math.round(seconds / 86400), "day");
  return then.toLocaleDateString("en", { dateStyle: "medium" });
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function fileSize(bytes) {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
