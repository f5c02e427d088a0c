// Starts what a back-office page can do beyond plain links and forms. Every page works without it.

import { closeAccountMenu } from "./account.js";
import { bindSelection } from "./selection.js";
import { followCounts } from "./live_count.js";
import { startNotes } from "./notes.js";
import { cutFullNumbers } from "./visible_digits.js";
import { sendOnce } from "./send_once.js";
import { startKeys } from "./keys.js";
import { followExports, renewDownloads } from "./export.js";
import { startMenu } from "./menu.js";
import { startPrinting } from "./print.js";
import { placeTips } from "./tips.js";

closeAccountMenu();
bindSelection();
followCounts();
startNotes();
cutFullNumbers();
sendOnce();
startKeys();
followExports();
renewDownloads();
startMenu();
startPrinting();
placeTips();
