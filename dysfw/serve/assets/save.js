// Saves a result as a file, or prints it.

import * as api from "./api.js";
import { announce, button, make, toast } from "./dom.js";

const ENDINGS = { json: "json", pdf: "pdf", phenopacket: "phenopacket.json", csv: "csv" };

export function saveBar(request, stem, { phenopackets, paper, setPaper }) {
  const save = (format, extra = {}) => async (event) => {
    const { target } = event;
    target.disabled = true;
    try {
      const file = await api.predictFile({ ...request(), format, ...extra });
      const anchor = make("a", { href: URL.createObjectURL(file), download: `${stem()}.${ENDINGS[format]}` });
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
      toast(`Saved ${anchor.download}.`);
    } catch (error) {
      announce(error.message, true);
    } finally {
      target.disabled = false;
    }
  };
  const size = make("select", { "aria-label": "Paper of the PDF", "data-focus": "paper", onchange: () => setPaper(size.value) }, make("option", { value: "a4" }, "A4"), make("option", { value: "letter" }, "Letter"));
  size.value = paper();
  return make("div", { class: "save", role: "group", "aria-label": "Save the result" },
    button("Save PDF", (event) => save("pdf", { paper: size.value, maps: false })(event), { "data-focus": "save-pdf", "data-format": "pdf" }), size,
    button("JSON", save("json"), { "data-focus": "save-json", "data-format": "json" }),
    phenopackets ? button("Phenopacket", save("phenopacket"), { "data-focus": "save-phenopacket", "data-format": "phenopacket" }) : "",
    button("CSV", save("csv"), { "data-focus": "save-csv", "data-format": "csv" }),
    button("Print", () => window.print(), { "data-focus": "print" }));
}
