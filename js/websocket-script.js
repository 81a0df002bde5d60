/* The part "websocket" for script tags: gossamer-websocket.js, beside
 * gossamer.js, before or after it. */
import { offerPart } from "./parts.js";
import { websocket } from "./websocket.js";

offerPart(websocket());
