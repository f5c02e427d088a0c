// Starts what a back-office page can do beyond plain links and forms. Every page works without it.

import { bindSelection } from "./selection.js";
import { followCounts } from "./live_count.js";
import { makeNotesCloseable } from "./notes.js";
import { cutFullNumbers } from "./visible_digits.js";
import { sendOnce } from "./send_once.js";
import { bindKeys } from "./keys.js";
import { followExports } from "./export.js";

bindSelection();
followCounts();
makeNotesCloseable();
cutFullNumbers();
sendOnce();
bindKeys();
followExports();
