{# The worker's own text: its addresses are those of this release, so a new release is a new worker. -#}
import { serve } from {{ url_for("static", filename="js/shell_worker.js")|tojson }};

serve({
  release: {{ release|tojson }},
  files: {{ files|tojson }},
  shell: {{ url_for("mobile.bad_line.shell")|tojson }},
  signOut: {{ url_for("mobile.sign_in.sign_out")|tojson }},
  urls: { line: {{ url_for("mobile.bad_line.line")|tojson }}, kept: {{ url_for("mobile.bad_line.send")|tojson }} },
});
