// Starts what a page with an illustrated text can do beyond its form. The form works without any of it.

import { showChips } from "./chips.js";
import { startEditors } from "./editor.js";
import { followPreview } from "./preview.js";

startEditors();
showChips();
followPreview();
